"""Pack the Blender add-on in `integrations/blender` into a file that Blender 4.2 and later installs.

Example:
    python -m training tools blender-addon --out ram_sdk_blender.zip
"""

import argparse

from training.commands import options


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    options.add_out(parser, "the file, a .zip")


def run(arguments: argparse.Namespace) -> None:
    """Write the file."""
    from ram_sdk.files import write_whole
    from training.tools.blender_addon import blender_addon

    arguments.out.parent.mkdir(parents=True, exist_ok=True)
    write_whole(arguments.out, blender_addon())
    print(arguments.out)
