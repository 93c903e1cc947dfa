"""Makers of the package's assets."""
