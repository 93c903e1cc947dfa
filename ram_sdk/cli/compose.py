"""`ram-sdk compose`: one motion from a timeline of several prompts."""

import argparse
from pathlib import Path

from ram_sdk.cli import console, sampling
from ram_sdk.cli.outputs import Outputs, add_output_options

_EXAMPLES = """
ram-sdk compose timeline.yaml                 # opens the player
ram-sdk compose timeline.yaml -o motion.glb --seed 1
"""
_TIMELINES = """
A timeline is a .json, .yaml or .yml file, times in seconds:

  segments:
    - {prompt: a person walks forward, start: 0, end: 4}
    - {prompt: waves with the right hand, start: 1, end: 3, part: right arm}
    - {prompt: sits down, start: 4, end: 7}

Parts are upper body, arms, left arm, right arm and head; the whole body has no gaps. An entry
{motion: walk.npz, start: 0, end: 3} keeps a motion: to continue it, or to redo what comes between two.
"""


def add_parser(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the verb to the command line."""
    parser = console.add_verb(
        commands, "compose", "make one motion from several prompts", _EXAMPLES, _TIMELINES
    )
    parser.set_defaults(run=run)
    parser.add_argument("timeline", type=Path, metavar="TIMELINE", help="what happens when, see below")
    sampling.add_options(parser)
    add_output_options(parser)


def run(arguments: argparse.Namespace) -> int:
    """Make the motion; returns the exit code."""
    from ram_sdk.control.timeline import Kept, Timeline

    timeline = Timeline.load(arguments.timeline)
    folder = arguments.timeline.parent
    kept = [folder / one.file for one in timeline.body if isinstance(one, Kept) and one.file]
    outputs = Outputs(arguments, [arguments.timeline.stem], [arguments.timeline, *kept])
    pipeline = sampling.load(arguments)
    pipeline.set_progress_bar_config(leave=False)
    motion = pipeline.compose(timeline, seed=arguments.seed, **sampling.settings(arguments))
    outputs.write(0, motion, f"seed {motion.settings['seed']}  {len(timeline.segments)} segments")
    return outputs.finish()
