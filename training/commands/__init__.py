"""Train, evaluate and study RAM from a clone of the repository.

Each command is a module here; its docstring is its help, whose first line is listed.
"""

COMMANDS = (
    "prepare",
    "train",
    "export",
    "fit-text",
    "calibrate",
    "reader",
    "exemplars",
    "finetune",
    "evaluate",
    "aits",
    "train-evaluator",
    "sanity",
    "prompt-checks",
    "timelines",
    "best-of",
    "latent-space",
    "tables",
    "guidance-study",
    "side-by-side",
    "user-study",
    "benchmark",
    "tools",
)
