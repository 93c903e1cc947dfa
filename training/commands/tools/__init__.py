"""Make the package's assets anew."""

COMMANDS = ("bake-body", "fit-hinges", "text-backbone")
