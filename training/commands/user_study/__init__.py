"""Run the blind user study (Figure 4): a page for ranking motions, and the figure of the ranks."""

COMMANDS = ("page", "figure")
