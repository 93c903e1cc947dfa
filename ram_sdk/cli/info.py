"""`ram-sdk info`: what a checkpoint is."""

import argparse

from ram_sdk.cli import console
from ram_sdk.shipped import DEFAULT, SHIPPED


def add_parser(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the verb to the command line."""
    parser = commands.add_parser("info", help="say what a checkpoint is")
    parser.set_defaults(run=run)
    parser.add_argument(
        "checkpoint",
        nargs="?",
        default=DEFAULT,
        help=f"{', '.join(SHIPPED)}, a folder or a Hub repository (default: {DEFAULT})",
    )
    parser.add_argument("--revision", help="branch, tag or commit on the Hub")


def run(arguments: argparse.Namespace) -> int:
    """Print what is known of the checkpoint; returns the exit code."""
    from ram_sdk import checkpoint

    folder = checkpoint.find(
        arguments.checkpoint, revision=arguments.revision, variant=None, hub=checkpoint.HubOptions()
    )
    for line in checkpoint.describe(folder):
        console.say(line)
    return 0
