"""Captures to the open motion-text set."""
