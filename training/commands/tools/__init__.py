"""Rebuild the assets of the package and of the README."""

COMMANDS = ("bake-body", "fit-hinges", "notice", "text-backbone", "moving-picture")
