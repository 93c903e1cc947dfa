"""Rebuild the assets of the package and of the README, and the Blender add-on."""

COMMANDS = ("bake-body", "blender-addon", "fit-hinges", "notice", "text-backbone", "moving-picture")
