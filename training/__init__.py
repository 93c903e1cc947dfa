"""Training, data and evaluation for RAM: run from a clone, never part of the wheel."""
