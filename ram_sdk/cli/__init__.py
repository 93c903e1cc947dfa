"""The command line, `ram-sdk`: one module for each command; heavy imports wait until it runs."""

import argparse
import difflib
import os
import sys
from collections.abc import Sequence
from typing import NoReturn

import ram_sdk
from ram_sdk import formats
from ram_sdk.cli import (
    batch,
    completion,
    compose,
    console,
    convert,
    doctor,
    edit,
    generate,
    info,
    known_formats,
    known_prompts,
    mcp,
    retarget,
    search,
    studio,
)
from ram_sdk.files import sigterm_as_exit

_VERBS = (
    generate, compose, edit, batch, convert, retarget, search, studio, mcp,
    info, known_prompts, known_formats, doctor, completion,
)  # fmt: skip


class _Parser(argparse.ArgumentParser):
    """Says what is wrong in one line, as every other error is said."""

    def error(self, message: str) -> NoReturn:
        raise ValueError(f"{message}; see {self.prog} --help")


def main(command: Sequence[str] | None = None) -> int:
    """Run the command line; returns the exit code, 2 for anything the user can fix."""
    with console.one_line_warnings(), sigterm_as_exit():
        try:
            options = _options(sys.argv[1:] if command is None else list(command))
            console.manner.as_json, console.manner.verbose = options.json, options.verbose
            if not options.verbose:
                os.environ.setdefault("HF_HUB_VERBOSITY", "error")  # our own line says what is wrong
            result: int = options.run(options)
        except (ValueError, OSError, formats.MissingPackageError) as error:
            console.complain(error)
            return 2
        except KeyboardInterrupt:
            return 130
    return result


def _options(words: Sequence[str]) -> argparse.Namespace:
    """The parser; for a misspelt option its error suggests the right one."""
    whole = parser()
    options, unknown = whole.parse_known_args(words)
    if unknown:
        known = [text for verb in options.parser._actions for text in verb.option_strings]
        wrong = unknown[0].partition("=")[0]
        near = difflib.get_close_matches(wrong, known, 1)
        hint = f", did you mean {near[0]}?" if near else ""
        options.parser.error(f"unrecognized arguments: {' '.join(unknown)}{hint}")
    return options


def parser() -> argparse.ArgumentParser:
    """The command line; shell completion is generated from it, too."""
    whole = _Parser(
        prog="ram-sdk",
        description="Text to human motion.",
        epilog='start with: ram-sdk generate "a person walks forward"; ram-sdk COMMAND --help shows examples',
    )
    whole.add_argument("--version", action="version", version=f"ram-sdk {ram_sdk.__version__}")
    commands = whole.add_subparsers(required=True, metavar="COMMAND")
    for verb in _VERBS:
        verb.add_parser(commands)
    for command in commands.choices.values():
        console.add_options(command)
        command.set_defaults(parser=command)
    return whole
