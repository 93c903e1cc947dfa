"""Fine-tune a checkpoint on your own motions, all weights or a LoRA.

DATA holds motions (.bvh, .npz, .npy or .json, any frame rate) and `captions.csv` with the columns file and
caption; see `training/data/captioned.py`. OUT becomes a pipeline folder for `RAMPipeline.from_pretrained` or,
with --lora, a LoRA for `RAMPipeline.load_lora`; `OUT/run` holds the log. The same command resumes a stopped
run.

Example:
    python -m training finetune --data MOVES --out FOLDER --lora
"""

import argparse
from pathlib import Path

from training import CONFIGS
from training.commands import options, runner

_RANK = 16


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    options.add_checkpoint(parser)
    parser.add_argument("--data", type=Path, required=True, help="folder with captions.csv and the motions")
    options.add_out(parser, "folder to write")
    parser.add_argument(
        "--lora", type=options.count(1), nargs="?", const=_RANK, metavar="RANK",
        help=f"train a LoRA of this rank (default: {_RANK}) instead of all weights",
    )  # fmt: skip
    parser.add_argument(
        "--rehearse", type=Path, default=CONFIGS / "rehearsal.txt", metavar="FILE",
        help="prompts, one per line, that it must not forget (default: configs/rehearsal.txt)",
    )  # fmt: skip
    parser.add_argument("--config", type=Path, help="default: configs/finetune.yaml or finetune-lora.yaml")
    options.add_overrides(parser)
    options.add_device(parser)


def run(arguments: argparse.Namespace) -> int:
    """Fine-tune; returns the exit code."""
    from ram_sdk import RAMPipeline
    from training.config import load_config
    from training.finetune import finetune, read_prompts

    default = CONFIGS / ("finetune.yaml" if arguments.lora is None else "finetune-lora.yaml")
    config = load_config(arguments.config or default, arguments.overrides)
    pipeline = RAMPipeline.from_pretrained(arguments.checkpoint)
    prompts = read_prompts(arguments.rehearse)
    table = arguments.data / "captions.csv"
    finished = finetune(
        pipeline, table, arguments.out, config, arguments.lora, prompts, cpu=arguments.device == "cpu"
    )
    return runner.DONE if finished else runner.INTERRUPTED
