"""What goes wrong with checkpoints, in one line."""


class CheckpointError(ValueError):
    """A checkpoint that cannot be found, read or trusted; the message says what to do."""


def first_line(error: BaseException) -> str:
    """The first line of an error's message, or its name where it has none."""
    return (str(error).strip().splitlines() or [type(error).__name__])[0]
