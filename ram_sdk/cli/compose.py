"""`ram-sdk compose`: one motion from a timeline of several prompts."""

import argparse
import os
from pathlib import Path
from typing import TYPE_CHECKING

from ram_sdk import text_files
from ram_sdk.cli import console, sampling, values
from ram_sdk.cli.outputs import Outputs, add_output_options

if TYPE_CHECKING:
    from ram_sdk.control.timeline import Timeline
    from ram_sdk.motion import Motion

_TIMELINE_SUFFIXES = (".json", ".yaml", ".yml")
_EXAMPLES = """
ram-sdk compose timeline.yaml                 # opens the player
ram-sdk compose timeline.yaml -o motion.glb --seed 1
ram-sdk compose "a person walks forward" "sits down" --duration 3 2.5 -o sits.bvh
ram-sdk compose walk.npz "sits down" -o walks_and_sits.npz
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
        "timeline", nargs="+", metavar="TIMELINE|PROMPT|CLIP",
        help="a timeline file, see below; or prompts and motion files, one after the other",
    )  # fmt: skip
    parser.add_argument(
        "--duration", nargs="+", action="extend", type=values.positive, metavar="SECONDS",
        help="of all prompts, or of each one; default: what they say, or an estimate",
    )  # fmt: skip
    sampling.add_options(parser)
    add_output_options(parser)


def run(arguments: argparse.Namespace) -> int:
    """Make the motion; returns the exit code."""
    first, *others = arguments.timeline
    path = Path(first)
    if others or path.suffix.lower() not in _TIMELINE_SUFFIXES:
        clips = [Path(item) for item in arguments.timeline if _is_file(item)]
        for clip in clips:
            console.check_there(clip)
        return _compose(arguments, _items(arguments.timeline), text_files.slug(first), clips)
    console.check_there(path)
    if arguments.duration is not None:
        raise ValueError("--duration is for prompts: a timeline has its own times")

    from ram_sdk.control.timeline import Kept, Timeline

    timeline = Timeline.load(path)
    kept = [path.parent / one.file for one in timeline.body if isinstance(one, Kept) and one.file]
    return _compose(arguments, timeline, path.stem, [path, *kept])


def _is_file(item: str) -> bool:
    """Whether an argument names a file; otherwise it is a prompt."""
    from ram_sdk.formats import READABLE

    return Path(item).suffix.lower() in (*READABLE, *_TIMELINE_SUFFIXES) or os.path.isfile(item)


def _items(arguments: list[str]) -> "list[str | Motion]":
    """The prompts, and the motions of the files among them.

    Raises:
        ValueError: a timeline that is not alone, or a file that holds no motion.
    """
    from ram_sdk.motion import Motion

    for item in arguments:
        if _is_file(item) and Path(item).suffix.lower() in (".yaml", ".yml"):
            raise ValueError(f"{item}: give a timeline alone; prompts and clips can stand in it")
    return [Motion.load(item) if _is_file(item) else item for item in arguments]


def _of_prompts(seconds: list[float], items: "list[str | Motion]") -> "list[float | None]":
    """The durations of prompts beside None for clips, which stay whole; a duration for each item stays."""
    if len(seconds) != sum(isinstance(item, str) for item in items):
        return list(seconds)
    given = iter(seconds)
    return [next(given) if isinstance(item, str) else None for item in items]


def _compose(
    arguments: argparse.Namespace, timeline: "Timeline | list[str | Motion]", name: str, sources: list[Path]
) -> int:
    outputs = Outputs(arguments, [name], sources)
    pipeline = sampling.load(arguments)
    pipeline.set_progress_bar_config(leave=False)
    seconds = arguments.duration
    if seconds is not None and len(seconds) == 1:
        (seconds,) = seconds
    elif seconds is not None and isinstance(timeline, list):
        seconds = _of_prompts(seconds, timeline)
    motion = pipeline.compose(timeline, duration=seconds, seed=arguments.seed, **sampling.settings(arguments))
    parts = len(motion.settings["timeline"])
    outputs.write(0, motion, f"seed {motion.settings['seed']}  {parts} segments")
    return outputs.finish()
