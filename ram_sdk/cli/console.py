"""What a command says, and how it ends: nothing that a console cannot show or take may end a run."""

import os
import sys
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from tqdm import tqdm


def say(line: str) -> None:
    """Print a line; characters that the console lacks become "?", and a reader who has gone is no error."""
    if sys.stdout is None:
        return
    encoding = sys.stdout.encoding or "utf-8"
    try:
        tqdm.write(line.encode(encoding, "replace").decode(encoding), file=sys.stdout)
        sys.stdout.flush()
    except BrokenPipeError:
        _mute()
    except OSError as error:
        _mute()
        complain(f"standard output cannot be written, the files still are: {error}")


def complain(message: object) -> None:
    """One line on standard error."""
    if sys.stderr is not None:
        tqdm.write(f"ram-sdk: {' '.join(str(message).split())}", file=sys.stderr)


def summary(failed: Sequence[str], total: int) -> int:
    """Say which of several things failed; returns the exit code."""
    if failed and total > 1:
        complain(f"{len(failed)} of {total} failed: {', '.join(failed)}")
    return 2 if failed else 0


@contextmanager
def one_line_warnings() -> Iterator[None]:
    """Show warnings as one line without the place in the code."""

    def show(message: Warning | str, category: type[Warning], *place: Any, **more: Any) -> None:
        complain(f"warning: {message}")

    with warnings.catch_warnings():
        warnings.showwarning = show
        yield


def _mute() -> None:
    """Send what is still to be printed nowhere, so that Python does not fail on it as it ends."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    os.close(nowhere)
