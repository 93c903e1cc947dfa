"""Measure speed and errors against other methods, in one run on one machine."""

COMMANDS = ("sampling", "batches", "studio", "training", "conversion", "control", "feet", "retarget")
