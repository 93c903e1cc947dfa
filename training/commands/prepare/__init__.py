"""Prepare motion-text data sets: build the open one, check any, draw sheets, pack it to move it."""

COMMANDS = ("open", "check", "agreement", "speeds", "sheets", "pack", "unpack")
