"""Generate everyday actions with a checkpoint, and check the motions."""

COMMANDS = ("run", "validate")
