"""What a command prints, and how it ends: no fault of the console may end a run."""

import argparse
import json
import os
import sys
import traceback
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tqdm import tqdm


@dataclass
class Manner:
    """How the current command prints.

    Attributes:
        as_json: results are JSON objects, one a line.
        verbose: progress is printed, too, and errors come with the place in the code.
    """

    as_json: bool = False
    verbose: bool = False


manner = Manner()


def add_options(parser: argparse.ArgumentParser) -> None:
    """The options of every command."""
    parser.add_argument("--json", action="store_true", help="results as JSON objects, one a line")
    parser.add_argument(
        "-v", "--verbose", action="store_true", help="say what is being done, and where errors come from"
    )


def add_verb(
    commands: "argparse._SubParsersAction[argparse.ArgumentParser]",
    name: str,
    about: str,
    examples: str,
    notes: str = "",
) -> argparse.ArgumentParser:
    """A command with examples, and notes such as what a file looks like, below its help."""
    examples = "\n".join(f"  {line}" for line in examples.strip().splitlines())
    return commands.add_parser(
        name,
        help=about,
        description=f"{about[0].upper()}{about[1:]}.",
        epilog=f"examples:\n{examples}\n{notes}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )


def say(line: str, facts: Mapping[str, Any] | None = None) -> None:
    """Print a result: a line, or with --json the facts in it.

    Characters that the console lacks become "?", and a closed pipe is not an error.
    """
    if sys.stdout is None:
        return
    if manner.as_json:
        line = json.dumps({"message": line} if facts is None else facts, default=str)
    encoding = sys.stdout.encoding or "utf-8"
    try:
        tqdm.write(line.encode(encoding, "replace").decode(encoding), file=sys.stdout)
        sys.stdout.flush()
    except BrokenPipeError:
        _mute()
    except OSError as error:
        _mute()
        complain(f"standard output cannot be written, the files still are: {error}")


def detail(line: str) -> None:
    """Print progress, if -v was given."""
    if manner.verbose:
        complain(line)


def complain(message: object) -> None:
    """One line on standard error; with -v also the error's place in the code."""
    if manner.verbose and isinstance(message, BaseException) and sys.stderr is not None:
        tqdm.write("".join(traceback.format_exception(message)), file=sys.stderr, end="")
    if sys.stderr is not None:
        if isinstance(message, OSError) and message.filename is not None and message.strerror:
            message = f"{str(message.filename)!r}: {message.strerror}"  # without its number
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


def check_there(*paths: Path) -> None:
    """Refuse, before anything heavy is imported, a command none of whose files exists."""
    if not any(path.exists() for path in paths):
        raise FileNotFoundError(f"cannot read {str(paths[0])!r}: there is no such file")


def _mute() -> None:
    """Send what is still to be printed nowhere, so that Python does not fail on it as it ends."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    os.close(nowhere)
