"""Ask a checkpoint for everyday actions, and check what it makes."""

COMMANDS = ("run", "validate")
