"""Measure how well several prompts become one motion, compared with the same prompts alone.

Seams, sliding feet, the shares of parts that pass their check of the prompt suite, and the memory that long
motions take. Writes `timelines.json`, `timelines.md` each composed motion with a sheet of its poses.

Example:
    python -m training timelines --out RESULTS --seeds 2
"""

import argparse
import json

from training.commands import options


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    options.add_checkpoint(parser)
    options.add_out(parser)
    parser.add_argument("--prompts", type=options.count(2), default=20, help="default: the suite's first 20")
    parser.add_argument("--together", type=options.count(2), default=10, help="in one motion (default: 10)")
    parser.add_argument("--seconds", type=float, default=6.0, help="of each prompt (default: 6)")
    parser.add_argument("--seeds", type=options.count(1), default=2, help="default: 2")
    parser.add_argument(
        "--minutes", type=float, nargs="*", default=[1, 10], help="of motions whose memory is measured"
    )
    options.add_device(parser)


def run(given: argparse.Namespace) -> None:
    """Make, measure, and print the tables."""
    from ram_sdk import RAMPipeline
    from training.evaluation import timelines

    given.out.mkdir(parents=True, exist_ok=True)
    pipeline = RAMPipeline.from_pretrained(given.checkpoint, device=given.device)
    made = timelines.make(pipeline, given.prompts, given.together, given.seconds, given.seeds)
    for index, one in enumerate(made):
        timelines.draw(one).save(given.out / f"{index:02d}.png", optimize=True)
        one.together.save(given.out / f"{index:02d}.npz")
    result = timelines.measure(made, given.seconds)
    memory = {minutes: timelines.peak_memory(given.checkpoint, minutes) for minutes in given.minutes}
    text = timelines.markdown(result, memory)
    (given.out / "timelines.json").write_text(json.dumps(timelines.as_json(result, memory), indent=1))
    (given.out / "timelines.md").write_text(text, encoding="utf-8")
    print(text)
