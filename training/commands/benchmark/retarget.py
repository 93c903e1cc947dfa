"""Measure retargeting to characters of nine rigs.

Four generated motions, or your own, are retargeted to synthetic characters of many kinds: with and without
toes, fingers and twist bones, in A- and T-poses, in metres and centimetres, with Y and Z up. Writes the
animated characters, for inspection, and `retarget.md`; Khronos' glTF validator runs if node and the packages
of `viewer/` are installed.

Example:
    python -m training benchmark retarget --out RESULTS [CLIP ...]
"""

import argparse
from pathlib import Path

from training.commands import options

PROMPTS = {
    "walk": "a person walks forward",
    "wave": "a person waves with the right hand",
    "bow": "a person bows",
    "kick": "a person kicks with the right leg",
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    parser.add_argument("clips", nargs="*", type=Path, help="motion files; default: four generated motions")
    options.add_out(parser)
    options.add_checkpoint(parser)
    options.add_seed(parser)


def run(arguments: argparse.Namespace) -> None:
    """Generate, retarget, measure and print the table."""
    from ram_sdk import Motion, RAMPipeline
    from training.benchmarks.retargeting.study import markdown, study

    motions = {clip.stem: Motion.load(clip) for clip in arguments.clips}
    about = ", ".join(motions)
    if not motions:
        pipeline = RAMPipeline.from_pretrained(arguments.checkpoint)
        made = pipeline(list(PROMPTS.values()), duration=4.0, seed=arguments.seed).motions
        motions = dict(zip(PROMPTS, made, strict=True))
        about = f"{', '.join(PROMPTS.values())}: 4 s each, {arguments.checkpoint}, seed {arguments.seed}"
    text = markdown(study(motions, arguments.out), about)
    (arguments.out / "retarget.md").write_text(text, encoding="utf-8")
    print(text)
