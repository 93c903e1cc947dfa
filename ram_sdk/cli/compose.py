"""`ram-sdk compose`: one motion from a timeline of several prompts."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from ram_sdk import text_files
from ram_sdk.cli import console, sampling, values
from ram_sdk.cli.outputs import Outputs, add_output_options

if TYPE_CHECKING:
    from ram_sdk.control.timeline import Timeline

_EXAMPLES = """
ram-sdk compose timeline.yaml                 # opens the player
ram-sdk compose timeline.yaml -o motion.glb --seed 1
ram-sdk compose "a person walks forward" "sits down" --duration 3 2.5 -o sits.bvh
"""
_TIMELINES = """
A timeline is a .json, .yaml or .yml file, times in seconds:

  segments:
    - {prompt: a person walks forward, start: 0, end: 4}
    - {prompt: waves with the right hand, start: 1, end: 3, part: right arm}
    - {prompt: sits down, start: 4, end: 7}

Parts are upper body, arms, left arm, right arm and head; the whole body has no gaps. An entry
{motion: walk.npz, start: 0, end: 3} keeps a motion: to continue it, or to redo the part between two.
"""


def add_parser(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the verb to the command line."""
    parser = console.add_verb(
        commands, "compose", "make one motion from several prompts", _EXAMPLES, _TIMELINES
    )
    parser.set_defaults(run=run)
    parser.add_argument(
        "timeline", nargs="+", metavar="TIMELINE|PROMPT",
        help="a timeline file, see below; or prompts, one after the other",
    )  # fmt: skip
    parser.add_argument(
        "--duration", nargs="+", action="extend", type=values.positive, metavar="SECONDS",
        help="of all prompts, or of each; default: what they say, or an estimate",
    )  # fmt: skip
    sampling.add_options(parser)
    add_output_options(parser)


def run(arguments: argparse.Namespace) -> int:
    """Make the motion; returns the exit code."""
    first, *others = arguments.timeline
    if others or Path(first).suffix.lower() not in (".json", ".yaml", ".yml"):
        return _compose(arguments, arguments.timeline, text_files.slug(first), [])
    path = Path(first)
    console.check_there(path)
    if arguments.duration is not None:
        raise ValueError("--duration is for prompts: a timeline has its own times")

    from ram_sdk.control.timeline import Kept, Timeline

    timeline = Timeline.load(path)
    kept = [path.parent / one.file for one in timeline.body if isinstance(one, Kept) and one.file]
    return _compose(arguments, timeline, path.stem, [path, *kept])


def _compose(
    arguments: argparse.Namespace, timeline: "Timeline | list[str]", name: str, sources: list[Path]
) -> int:
    outputs = Outputs(arguments, [name], sources)
    pipeline = sampling.load(arguments)
    pipeline.set_progress_bar_config(leave=False)
    seconds = arguments.duration
    if seconds is not None and len(seconds) == 1:
        (seconds,) = seconds
    motion = pipeline.compose(timeline, duration=seconds, seed=arguments.seed, **sampling.settings(arguments))
    parts = len(motion.settings["timeline"])
    outputs.write(0, motion, f"seed {motion.settings['seed']}  {parts} segments")
    return outputs.finish()
