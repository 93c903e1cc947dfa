"""Rebuild the assets of the package and the README, and the Blender add-on."""

COMMANDS = ("bake-body", "blender-addon", "fit-hinges", "notice", "text-backbone", "moving-picture")
