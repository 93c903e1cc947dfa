"""Warnings that a caller can collect: `warn` acts like Python's own, except inside `collected`.

Python's warnings are process-wide: a server, whose threads work for different clients, could not tell them
apart.
"""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_collector: ContextVar[list[str] | None] = ContextVar("collector", default=None)


def warn(message: str, stacklevel: int = 1, category: type[Warning] = UserWarning) -> None:
    """Warn of something that is not as it should be, but does not stop the work.

    Args:
        message: one line: what is wrong, what was assumed, what to do.
        stacklevel: which frame it is about: 1 is the caller, as for `warnings.warn`.
        category: of the warning.
    """
    notes = _collector.get()
    if notes is None:
        warnings.warn(message, category, stacklevel=stacklevel + 1)
    elif message not in notes:
        notes.append(message)


@contextmanager
def collected() -> Iterator[list[str]]:
    """Collect the messages of this context, each once; they are not shown."""
    notes: list[str] = []
    token = _collector.set(notes)
    try:
        yield notes
    finally:
        _collector.reset(token)
