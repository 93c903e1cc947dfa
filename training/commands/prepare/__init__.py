"""Prepare motion-text data sets: fetch captures, build the open set, check, draw sheets, pack and unpack."""

COMMANDS = ("fetch", "open", "check", "agreement", "speeds", "sheets", "pack", "unpack")
