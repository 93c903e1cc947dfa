"""`ram-sdk info`: what a checkpoint is."""

import argparse
from pathlib import Path

from ram_sdk.cli import console
from ram_sdk.shipped import DEFAULT, SHIPPED

_EXAMPLES = """
ram-sdk info
ram-sdk info open-free-small --json
"""


def add_parser(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the verb to the command line."""
    parser = console.add_verb(commands, "info", "say what a checkpoint is, and its licence", _EXAMPLES)
    parser.set_defaults(run=run)
    add_checkpoint(parser)


def add_checkpoint(parser: argparse.ArgumentParser) -> None:
    """The arguments of commands that read about a checkpoint."""
    parser.add_argument(
        "checkpoint",
        nargs="?",
        default=DEFAULT,
        help=f"{', '.join(SHIPPED)}, a folder or a Hub repository (default: {DEFAULT})",
    )
    parser.add_argument("--revision", help="branch, tag or commit on the Hub")


def find(arguments: argparse.Namespace) -> Path:
    """The folder of the checkpoint that the arguments name."""
    from ram_sdk import checkpoint

    return checkpoint.find(
        arguments.checkpoint, revision=arguments.revision, variant=None, hub=checkpoint.HubOptions()
    )


def run(arguments: argparse.Namespace) -> int:
    """Print what is known of the checkpoint; returns the exit code."""
    from ram_sdk import checkpoint

    facts = checkpoint.describe(find(arguments))
    console.say("\n".join(f"{name:18} {value}" for name, value in facts.items()), facts)
    return 0
