"""The command line, `ram-sdk`: one module for each verb, which imports what is heavy when it runs."""

import argparse
from collections.abc import Sequence

import ram_sdk
from ram_sdk import formats
from ram_sdk.cli import compose, console, convert, generate, info, search
from ram_sdk.files import sigterm_as_exit


def main(command: Sequence[str] | None = None) -> int:
    """Run the command line; returns the exit code, 2 for anything the user can put right."""
    options = _parser().parse_args(command)
    with console.one_line_warnings(), sigterm_as_exit():
        try:
            result: int = options.run(options)
        except (ValueError, OSError, formats.MissingPackageError) as error:
            console.complain(error)
            return 2
        except KeyboardInterrupt:
            return 130
    return result


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="ram-sdk", description="Text to human motion.")
    parser.add_argument("--version", action="version", version=f"ram-sdk {ram_sdk.__version__}")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    for verb in (generate, compose, convert, search, info):
        verb.add_parser(commands)
    return parser
