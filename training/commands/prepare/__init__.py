"""Prepare motion-text data sets: build the open set, check, draw sheets, pack and unpack."""

COMMANDS = ("open", "check", "agreement", "speeds", "sheets", "pack", "unpack")
