"""`ram-sdk generate`: motions from text."""

import argparse
from pathlib import Path

from tqdm import tqdm

from ram_sdk.cli import console, constraint_options, prompts, sampling, values
from ram_sdk.cli.outputs import MAX_FILES, Outputs, add_output_options, numbers
from ram_sdk.text_files import slug

_EXAMPLES = """
ram-sdk generate "a person walks forward"                # opens the player
ram-sdk generate "a person bows" --duration 3 --seed 7 -o bow.glb -o bow.bvh
ram-sdk generate "a person waves" --num 4 -o waves/ --format npz
ram-sdk generate "a person jumps" --candidates 8 -o jump.fbx
ram-sdk generate --prompt-file prompts.txt -o motions/   # thousands of prompts: ram-sdk batch
"""


def add_parser(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the verb to the command line."""
    parser = console.add_verb(
        commands, "generate", "make motions from text", _EXAMPLES, constraint_options.HELP
    )
    parser.set_defaults(run=run)
    parser.add_argument("prompts", nargs="*", metavar="PROMPT", help="what the person does; - reads stdin")
    parser.add_argument(
        "--prompt-file", type=Path, metavar="FILE", help="one prompt a line, or a .csv with a column 'prompt'"
    )
    parser.add_argument(
        "--duration",
        type=values.positive,
        metavar="SECONDS",
        help="default: estimated from the text, less the stillness at the ends",
    )
    parser.add_argument("--num", type=values.count, default=1, metavar="N", help="motions for each prompt")
    parser.add_argument(
        "--batch-size",
        type=values.count,
        default=16,
        metavar="N",
        help="motions made at a time (default: 16)",
    )
    sampling.add_candidates(parser)
    constraint_options.add_constraint_options(parser)
    sampling.add_options(parser)
    add_output_options(parser)


def run(arguments: argparse.Namespace) -> int:
    """Make the motions batch by batch, each written as soon as it is done; returns the exit code."""
    texts = prompts.gather(arguments.prompts, arguments.prompt_file)

    from ram_sdk import inputs

    inputs.prompts(texts)
    batch_size = min(arguments.batch_size, inputs.MAX_MOTIONS)
    if arguments.num * len(texts) > MAX_FILES:
        raise ValueError(
            f"--num {arguments.num} of {len(texts)} prompts: one command makes at most {MAX_FILES} motions"
        )
    wanted = [text for text in texts for _ in range(arguments.num)]
    outputs = Outputs(
        arguments,
        [f"{number}_{slug(text)}" for number, text in zip(numbers(len(wanted)), wanted, strict=True)],
    )
    seeds = [seed for _ in texts for seed in inputs.seeds(arguments.seed, None, 1, arguments.num)]
    constraints = constraint_options.chosen(arguments)
    pipeline = sampling.load(arguments)
    pipeline.text_backbone.tokenize(texts)  # a prompt that is too long must not end a long run halfway
    pipeline.set_progress_bar_config(leave=False)
    settings = sampling.settings(arguments) | {
        "num_candidates": arguments.candidates,
        "constraints": constraints,
    }
    if arguments.duration is not None:
        settings["duration"] = arguments.duration
    starts = range(0, len(wanted), batch_size)
    bar = tqdm(total=len(wanted), unit="motion", disable=None if len(starts) > 1 else True)
    with bar:
        for start in starts:
            batch = slice(start, start + batch_size)
            made = pipeline(wanted[batch], seed=seeds[batch], **settings).motions
            for index, motion in enumerate(made, start):
                outputs.write(index, motion, f"seed {motion.settings['seed']}  {motion.prompt}")
            bar.update(len(made))
    return outputs.finish()
