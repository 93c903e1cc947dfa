"""Prepare motion-text data sets: fetch captures, build the open one, check any, draw sheets, pack to move."""

COMMANDS = ("fetch", "open", "check", "agreement", "speeds", "sheets", "pack", "unpack")
