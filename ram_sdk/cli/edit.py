"""`ram-sdk edit`: regenerate a part of a motion and keep the rest."""

import argparse
import re
from pathlib import Path
from typing import TYPE_CHECKING, cast

from ram_sdk.cli import console, constraint_options, sampling, values
from ram_sdk.cli.outputs import Outputs, add_output_options

if TYPE_CHECKING:
    from ram_sdk.control.keeping import Half

_EXAMPLES = """
ram-sdk edit walk.npz --keep lower --prompt "a person waves with both hands" -o wave.glb
ram-sdk edit take.bvh --keep :2 3.5: --prompt "a person jumps" -o jump.bvh  # redone from 2 to 3.5 s
ram-sdk edit take.bvh --keep :2 --prompt "a person turns around" --constraints end.yaml -o turn.npz
"""
_SPAN = re.compile(r"([\d.]*):([\d.]*)")


def add_parser(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the verb to the command line."""
    parser = console.add_verb(
        commands, "edit", "regenerate a part of a motion from a prompt", _EXAMPLES, constraint_options.HELP
    )
    parser.set_defaults(run=run)
    parser.add_argument("clip", type=Path, metavar="CLIP", help="a motion of up to ten seconds")
    parser.add_argument(
        "--keep", nargs="+", action="extend", required=True, metavar="WHAT",
        help="what stays: lower, upper, or spans START:END in seconds; either side may be left out",
    )  # fmt: skip
    parser.add_argument("--prompt", required=True, help="what the person does")
    parser.add_argument(
        "--candidates", type=values.count, default=1, metavar="N", help="the best of N motions (default: 1)"
    )
    constraint_options.add_constraint_options(parser)
    sampling.add_options(parser)
    add_output_options(parser)


def run(arguments: argparse.Namespace) -> int:
    """Make the motion; returns the exit code."""
    console.check_there(arguments.clip)

    from ram_sdk.motion import Motion

    outputs = Outputs(arguments, [arguments.clip.stem], [arguments.clip])
    constraints = constraint_options.chosen(arguments)
    motion = Motion.load(arguments.clip)
    keep = _kept(arguments.keep, motion.duration)
    pipeline = sampling.load(arguments)
    pipeline.set_progress_bar_config(leave=False)
    (edited,) = pipeline.edit(
        motion,
        arguments.prompt,
        keep,
        constraints=constraints,
        seed=arguments.seed,
        num_candidates=arguments.candidates,
        **sampling.settings(arguments),
    ).motions
    outputs.write(0, edited, f"seed {edited.settings['seed']}  {edited.prompt}")
    return outputs.finish()


def _kept(words: list[str], duration: float) -> "Half | list[tuple[float, float]]":
    """Half a body or spans, as `RAMPipeline.edit` takes them.

    Raises:
        ValueError: neither.
    """
    if words in (["lower"], ["upper"]):
        return cast("Half", words[0])
    spans = []
    for word in words:
        found = _SPAN.fullmatch(word)
        try:
            if found is None:
                raise ValueError
            spans.append((float(found[1] or 0.0), float(found[2] or duration)))
        except ValueError:
            raise ValueError(
                f"--keep {word}: use lower, upper, or spans such as :2 and 3.5: in seconds, not both"
            ) from None
    return spans
