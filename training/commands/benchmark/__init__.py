"""Measure speed and errors beside other methods, in one run on one machine."""

COMMANDS = ("sampling", "training", "conversion", "control")
