"""Runs commands: finds the module, parses its options, reports errors and returns exit codes.

A command is a module with `add_arguments(parser)` and `run(arguments)`; a group of commands is a package that
names them in `COMMANDS`. Modules are imported on demand, and import heavy packages only in `run`.
"""

import argparse
import difflib
import sys
from collections.abc import Sequence
from importlib import import_module
from types import ModuleType
from typing import NoReturn

from ram_sdk.files import sigterm_as_exit
from training import commands

DONE, PROBLEMS_FOUND, USER_ERROR, INTERRUPTED = 0, 1, 2, 130
_PROGRAM = "python -m training"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command line.

    Args:
        arguments: the words after `python -m training`; default: those of this process.

    Returns:
        The exit code: 0 on success, 1 if a check found problems, 2 for a user error, which is reported in one
        line, 130 if interrupted. SIGTERM removes temporary files and ends the process with 143.
    """
    words = list(sys.argv[1:] if arguments is None else arguments)
    module: ModuleType = commands
    path: list[str] = []
    while names := getattr(module, "COMMANDS", ()):
        if not words or words[0] in ("-h", "--help"):
            print(_listing(module, path))
            return DONE
        if words[0] not in names:
            return _report(" ".join((_PROGRAM, *path)), _unknown(words[0], names))
        path.append(words.pop(0))
        module = _module(module, path[-1])
    parser = _Parser(
        prog=" ".join((_PROGRAM, *path)),
        description=module.__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    try:
        module.add_arguments(parser)
        with sigterm_as_exit():
            code: int | None = module.run(parser.parse_intermixed_args(words))
    except KeyboardInterrupt:
        return INTERRUPTED
    except InterruptedError as error:
        _report(" ".join(path), error)
        return INTERRUPTED
    except (ValueError, OSError, ImportError) as error:
        return _report(" ".join(path), error)
    return DONE if code is None else code


class _Parser(argparse.ArgumentParser):
    """Reports errors in one line."""

    def error(self, message: str) -> NoReturn:
        self.exit(USER_ERROR, f"{self.prog}: {message} (see {self.prog} --help)\n")


def _module(group: ModuleType, name: str) -> ModuleType:
    return import_module(f"{group.__name__}.{name.replace('-', '_')}")


def _listing(group: ModuleType, path: Sequence[str]) -> str:
    """The help of a group: one line per command."""
    program = " ".join((_PROGRAM, *path))
    lines = [f"usage: {program} COMMAND ...", "", _summary(group), ""]
    lines += [f"  {name:16} {_summary(_module(group, name))}" for name in group.COMMANDS]
    return "\n".join([*lines, "", f"For the options of a command: {program} COMMAND --help"])


def _summary(module: ModuleType) -> str:
    return (module.__doc__ or "").partition("\n")[0]


def _unknown(name: str, names: Sequence[str]) -> str:
    near = difflib.get_close_matches(name, names, n=1)
    return f"unknown command {name!r}: " + (f"did you mean {near[0]}?" if near else f"use {', '.join(names)}")


def _report(what: str, error: object) -> int:
    print(f"{what}: {error}", file=sys.stderr)
    return USER_ERROR
