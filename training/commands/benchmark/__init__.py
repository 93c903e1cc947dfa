"""Measure speed and accuracy compared with other methods, in one run on one machine."""

COMMANDS = (
    "sampling", "regression", "batches", "studio", "training", "conversion", "control", "feet", "retarget",
)  # fmt: skip
