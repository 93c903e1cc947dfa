"""Motions on characters of many rigs, measured in the files that are written."""
