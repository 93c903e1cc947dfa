"""Make the assets of the package and of the README anew."""

COMMANDS = ("bake-body", "fit-hinges", "text-backbone", "moving-picture")
