"""Warnings that somebody may collect: `warn` like Python's own, unless `collected` is around the call.

Python's warnings are of the whole process: a server, whose threads each work for somebody else, could not
tell whose they are.
"""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_collector: ContextVar[list[str] | None] = ContextVar("collector", default=None)


def warn(message: str, stacklevel: int = 1, category: type[Warning] = UserWarning) -> None:
    """Tell of something that is not as it should be, but does not end the work.

    Args:
        message: one line: what is wrong, what was assumed, what to do.
        stacklevel: whom it is about: 1 is the caller, as for `warnings.warn`.
        category: of the warning.
    """
    notes = _collector.get()
    if notes is None:
        warnings.warn(message, category, stacklevel=stacklevel + 1)
    elif message not in notes:
        notes.append(message)


@contextmanager
def collected() -> Iterator[list[str]]:
    """Gather the messages of this context, each once; they are not shown."""
    notes: list[str] = []
    token = _collector.set(notes)
    try:
        yield notes
    finally:
        _collector.reset(token)
