"""Evaluate motions composed from several prompts, compared with the same prompts alone.

Measures seams, foot skating, the share of parts that pass their check of the prompt suite, and the memory of
long motions. Writes `timelines.json`, `timelines.md`, and each composed motion with a sheet of its poses.

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
    parser.add_argument("--together", type=options.count(2), default=10, help="per motion (default: 10)")
    parser.add_argument("--seconds", type=float, default=6.0, help="per prompt (default: 6)")
    parser.add_argument("--seeds", type=options.count(1), default=2, help="default: 2")
    parser.add_argument(
        "--minutes", type=float, nargs="*", default=[1, 10], help="lengths of motions to measure memory for"
    )
    options.add_device(parser)


def run(arguments: argparse.Namespace) -> None:
    """Generate, measure, and print the tables."""
    from ram_sdk import RAMPipeline
    from training.evaluation import timelines

    arguments.out.mkdir(parents=True, exist_ok=True)
    pipeline = RAMPipeline.from_pretrained(arguments.checkpoint, device=arguments.device)
    made = timelines.make(pipeline, arguments.prompts, arguments.together, arguments.seconds, arguments.seeds)
    for index, one in enumerate(made):
        timelines.draw(one).save(arguments.out / f"{index:02d}.png", optimize=True)
        one.together.save(arguments.out / f"{index:02d}.npz")
    result = timelines.measure(made, arguments.seconds)
    memory = {minutes: timelines.peak_memory(arguments.checkpoint, minutes) for minutes in arguments.minutes}
    text = timelines.markdown(result, memory)
    (arguments.out / "timelines.json").write_text(json.dumps(timelines.as_json(result, memory), indent=1))
    (arguments.out / "timelines.md").write_text(text, encoding="utf-8")
    print(text)
