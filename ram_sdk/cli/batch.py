"""`ram-sdk batch`: a table of prompts into a folder of motions."""

import argparse
import math
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tqdm import tqdm

from ram_sdk import formats
from ram_sdk.cli import console, format_options, sampling, values
from ram_sdk.cli.outputs import SUFFIX, add_file_options, changes_of

if TYPE_CHECKING:
    from ram_sdk.batch import BadRow, Recipe

_QUIET = 60.0  # seconds between lines where output is redirected
_EXAMPLES = """
ram-sdk batch prompts.csv -o motions/
ram-sdk batch prompts.csv -o motions/                    # again: resumes where it was stopped or killed
ram-sdk batch prompts.jsonl -o clips/ --format bvh --fps 30 --lock-feet --workers 4

prompts.csv has a column prompt and, if need be, duration (seconds), seed, num (motions), name (of the files):
  prompt,duration,num,name
  a person walks forward,4,,walk
  "a person waves, with the right hand",,3,
prompts.jsonl has one object per line: {"prompt": "a person bows", "seed": 7}
"""


def add_parser(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the verb to the command line."""
    parser = console.add_verb(commands, "batch", "make the motions of a table of prompts", _EXAMPLES)
    parser.set_defaults(run=run)
    parser.add_argument("table", type=Path, metavar="TABLE", help="prompts: .csv, .tsv or .jsonl, see below")
    parser.add_argument(
        "-o", "--output", type=Path, required=True, metavar="DIR",
        help="folder of the motions and of manifest.jsonl, which says how each was made",
    )  # fmt: skip
    parser.add_argument(
        "--batch-size",
        type=values.count,
        default=16,
        metavar="N",
        help="motions made at a time (default: 16)",
    )
    parser.add_argument("--workers", type=values.count, default=1, metavar="N", help="processes (default: 1)")
    sampling.add_candidates(parser)
    sampling.add_options(parser, seed=0)
    add_file_options(parser)


def run(arguments: argparse.Namespace) -> int:
    """Make what is not there yet; returns the exit code."""
    console.check_there(arguments.table)
    from ram_sdk import batch, inputs
    from ram_sdk.control.candidates import MAX_CANDIDATES

    most = inputs.MAX_MOTIONS // inputs.count("--candidates", arguments.candidates, MAX_CANDIDATES)
    size = inputs.count("--batch-size", arguments.batch_size, most)
    workers = inputs.count("--workers", arguments.workers, 1024)
    with _Bar() as bar:
        report = batch.run(
            arguments.table,
            arguments.output,
            _recipe(arguments),
            seed=arguments.seed,
            batch_size=size,
            workers=workers,
            device=arguments.device,
            on_bad_row=_complain,
            on_progress=bar.show,
        )
    skipped = len(report.skipped)
    facts = {"folder": str(arguments.output), "made": report.made, "kept": report.kept, "skipped": skipped}
    there = f", {report.kept} were there" if report.kept else ""
    console.say(f"{arguments.output}  {report.made} motions made{there}", facts)
    if skipped:
        console.complain(f"rows that were skipped: {skipped}, see above")
    return 2 if skipped else 0


def _recipe(arguments: argparse.Namespace) -> "Recipe":
    """How the motions are made and written."""
    from ram_sdk.batch import Recipe

    suffix = arguments.format or SUFFIX
    formats.check_writable(arguments.output / f"motion{suffix}")
    return Recipe(
        checkpoint=arguments.checkpoint,
        revision=arguments.revision,
        variant=arguments.variant,
        lora=arguments.lora,
        lora_scale=arguments.lora_scale,
        sampling={**sampling.settings(arguments), "num_candidates": arguments.candidates},
        suffix=suffix,
        options=format_options.chosen(arguments, [suffix])[suffix],
        changes=changes_of(arguments),
    )


def _complain(row: "BadRow") -> None:
    console.complain(f"row {row.number} is skipped: {row.reason}")


class _Bar:
    """A bar over seconds of motion: long motions take longer, so this keeps its time estimate right."""

    def __enter__(self) -> "_Bar":
        self._bar: tqdm[Any] | None = None
        self._told = -math.inf
        return self

    def show(self, done: int, total: int, seconds: float, total_seconds: float) -> None:
        if self._bar is None:
            self._bar = tqdm(
                total=round(total_seconds, 1), initial=round(seconds, 1), unit="s of motion", disable=None,
                bar_format="{desc}: {percentage:3.0f}%|{bar}| [{elapsed}<{remaining}, {rate_fmt}]",
            )  # fmt: skip
        self._tell(done, total)
        self._bar.set_description(f"{done} of {total} motions", refresh=False)
        self._bar.update(round(seconds, 1) - self._bar.n)

    def _tell(self, done: int, total: int) -> None:
        """Occasional lines where there is no bar: at the beginning, each minute, and at the end."""
        assert self._bar is not None
        now = time.monotonic()
        if self._bar.disable and (done == total or now - self._told >= _QUIET):
            self._told = now
            console.complain(f"{done} of {total} motions")

    def __exit__(self, *_: object) -> None:
        if self._bar is not None:
            self._bar.close()
