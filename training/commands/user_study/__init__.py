"""Run the blind user study (Figure 4): a page to rank motions on, and the figure of the ranks."""

COMMANDS = ("page", "figure")
