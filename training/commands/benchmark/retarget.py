"""Measure how well motions go onto characters of nine rigs.

Four generated motions, or your own, go onto synthetic characters of many kinds: with and without toes,
fingers and twist bones, in A- and T-poses, in metres and centimetres, with Y and Z up. Writes the characters
with their motions, to look at, and `retarget.md`; Khronos' glTF validator runs where node and `viewer/`'s
packages are installed.

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


def run(given: argparse.Namespace) -> None:
    """Generate, retarget, measure and print the table."""
    from ram_sdk import Motion, RAMPipeline
    from training.benchmarks.retargeting.study import markdown, study

    motions = {clip.stem: Motion.load(clip) for clip in given.clips}
    about = ", ".join(motions)
    if not motions:
        pipeline = RAMPipeline.from_pretrained(given.checkpoint)
        made = pipeline(list(PROMPTS.values()), duration=4.0, seed=given.seed).motions
        motions = dict(zip(PROMPTS, made, strict=True))
        about = f"{', '.join(PROMPTS.values())}: 4 s each, {given.checkpoint}, seed {given.seed}"
    text = markdown(study(motions, given.out), about)
    (given.out / "retarget.md").write_text(text, encoding="utf-8")
    print(text)
