"""`ram-sdk prompts`: what a checkpoint knows."""

import argparse

from ram_sdk.cli import console
from ram_sdk.cli.info import add_checkpoint, find

_EXAMPLES = """
ram-sdk prompts
ram-sdk prompts open-free-small --json
"""


def add_parser(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the verb to the command line."""
    parser = console.add_verb(commands, "prompts", "list what a checkpoint knows, with sentences", _EXAMPLES)
    parser.set_defaults(run=run)
    add_checkpoint(parser)


def run(arguments: argparse.Namespace) -> int:
    """Print every action with its example sentences; returns the exit code."""
    from ram_sdk import checkpoint

    actions = checkpoint.read_known_actions(find(arguments))
    if not actions:
        console.say(
            f"{arguments.checkpoint} does not list what it knows: read its card",
            {"checkpoint": arguments.checkpoint, "actions": []},
        )
        return 0
    for action in actions:
        sentences = "".join(f"\n  {sentence}" for sentence in action.examples)
        console.say(f"{action.name}{sentences}", {"action": action.name, "examples": action.examples})
    return 0
