"""Write `ram_sdk/assets/NOTICE.md`: the licences, terms and credits of everything in the package.

They are collected from the checkpoints' cards, the text backbone's notice, the body's description and the
licence comment of the player; run it again if any of these changes.

Example:
    python -m training tools notice
"""

import argparse


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command has no options."""


def run(arguments: argparse.Namespace) -> None:
    """Write the file."""
    from training.tools.notice import NOTICE, notice

    NOTICE.write_text(notice(), encoding="utf-8")
    print(NOTICE)
