"""`ram-sdk formats`: the files that can be written and read, with their options."""

import argparse

from ram_sdk import formats
from ram_sdk.cli import console
from ram_sdk.formats.write_options import Option, options_of

_EXAMPLES = """
ram-sdk formats
ram-sdk formats --json
"""


def add_parser(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the verb to the command line."""
    parser = console.add_verb(commands, "formats", "list the formats and their options", _EXAMPLES)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Print every format; returns the exit code."""
    for kind in formats.FORMATS:
        options = [option for option in options_of(kind.options) if option.kind is not object]
        about = [f"{' '.join(kind.suffixes):16} {kind.content}{', read, too' if kind.readable else ''}"]
        about += [f"{'':16} needs {kind.needs}"] if kind.needs else []
        about += [f"{'':16} {option.flag:14} {_help(option)}" for option in options]
        console.say(
            "\n".join(about),
            {
                "suffixes": kind.suffixes,
                "content": kind.content,
                "readable": kind.readable,
                "needs": kind.needs or None,
                "options": {
                    option.name: {"help": option.help, "choices": option.choices, "default": option.default}
                    for option in options
                },
            },
        )
    return 0


def _help(option: Option) -> str:
    choices = f": {', '.join(option.choices)}" if option.choices else ""
    default = "" if option.default is None else f" (default: {option.default})"
    return f"{option.help}{choices}{default}"
