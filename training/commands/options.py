"""Options that several commands share, each with one name, one meaning and one check."""

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from training.evaluation.evaluator import Evaluator
    from training.evaluation.protocol import Protocol, Row


def add_data(parser: argparse.ArgumentParser) -> None:
    """`--data`: the motion-text folder."""
    parser.add_argument("--data", type=Path, required=True, help="folder in HumanML3D's layout")


def add_out(parser: argparse.ArgumentParser, what: str = "folder of the results") -> None:
    """`--out`: the output."""
    parser.add_argument("--out", type=Path, required=True, help=what)


def add_checkpoint(parser: argparse.ArgumentParser) -> None:
    """`--checkpoint`: a pipeline; default: the package's default checkpoint."""
    from ram_sdk.shipped import DEFAULT, SHIPPED

    parser.add_argument(
        "--checkpoint",
        default=DEFAULT,
        help=f"{', '.join(SHIPPED)}, a pipeline folder or a Hub repository (default: {DEFAULT})",
    )


def own_folder(checkpoint: str, what: str) -> Path:
    """The folder of a checkpoint that something is written into: a shipped one's, or the user's.

    Raises:
        ValueError: it is no folder.
    """
    from ram_sdk.shipped import SHIPPED

    folder = Path(SHIPPED.get(checkpoint, checkpoint))
    if not folder.is_dir():
        raise ValueError(f"--checkpoint {checkpoint}: expected a folder, into which {what} written")
    return folder


def add_device(parser: argparse.ArgumentParser) -> None:
    """`--device`: where the networks run; checked before any work."""
    parser.add_argument(
        "--device", type=_device, default="auto", help="cpu, cuda or mps (default: cuda if available)"
    )


def add_seed(parser: argparse.ArgumentParser) -> None:
    """`--seed`: of all randomness."""
    parser.add_argument("--seed", type=count(0), default=0, help="of all randomness (default: 0)")


def add_config(parser: argparse.ArgumentParser, default: Path | None) -> None:
    """`--config`, required without a default, and the overrides `key=value` of its keys."""
    about = "YAML file, see training/configs" + (f" (default: {default.name})" if default else "")
    parser.add_argument("--config", type=Path, required=default is None, default=default, help=about)
    add_overrides(parser)


def add_overrides(parser: argparse.ArgumentParser) -> None:
    """The overrides `key=value` of a configuration."""
    parser.add_argument(
        "overrides", nargs="*", metavar="key=value", help="configuration overrides such as objective.beta=0.1"
    )


def add_rows(parser: argparse.ArgumentParser, required: bool = False) -> None:
    """`--row`, repeatable: what is compared; read them with `rows_of`."""
    parser.add_argument(
        "--row",
        dest="rows",
        type=_row,
        action="append",
        required=required,
        metavar="NAME=CHECKPOINT[,setting=value]",
        help="a shipped checkpoint's name, a pipeline folder or a Hub repository, and its sampling settings: "
        "reg_scale, cfg_scale, steps, timestep_spacing, sampler, strength, reg_timesteps=46+44; repeatable"
        + ("" if required else "; default: RAM with the default checkpoint"),
    )


def rows_of(options: argparse.Namespace) -> "list[Row]":
    """The rows of `add_rows`."""
    from training.evaluation.protocol import Row

    return options.rows or [Row("RAM")]


def add_evaluator(parser: argparse.ArgumentParser) -> None:
    """`--evaluator`; read it with `evaluator_of`."""
    parser.add_argument(
        "--evaluator",
        default="open",
        help="'open', or a folder; see docs/evaluation/protocol.md (default: open)",
    )


def evaluator_of(options: argparse.Namespace) -> "Evaluator":
    """The evaluator of `add_evaluator`, for the data of `add_data`."""
    from training.evaluation.evaluate import load_evaluator

    return load_evaluator(options.evaluator, options.data, options.device)


def add_protocol(parser: argparse.ArgumentParser) -> None:
    """The evaluator, the samples of an evaluation, and the device; read them with `protocol_of`."""
    from training.evaluation.protocol import Protocol

    defaults = Protocol()
    add_evaluator(parser)
    parser.add_argument("--split", default=defaults.split, help=f"default: {defaults.split}")
    parser.add_argument(
        "--people",
        action="store_true",
        help="only the captions that people wrote of these captures, which the open data set records",
    )
    add_replications(parser, defaults.replications)
    parser.add_argument("--clips", type=count(1), help="motions per replication; default: all clips")
    parser.add_argument(
        "--multimodality-texts",
        type=count(0),
        default=defaults.multimodality_texts,
        help=f"captions for MultiModality; 0 skips it (default: {defaults.multimodality_texts})",
    )
    add_seed(parser)
    add_batch_size(parser)
    add_device(parser)


def add_replications(parser: argparse.ArgumentParser, default: int) -> None:
    """`--replications`: how often the evaluation is repeated with new samples."""
    parser.add_argument(
        "--replications", type=count(1), default=default, help=f"repetitions (default: {default})"
    )


def protocol_of(options: argparse.Namespace) -> "Protocol":
    """The protocol of the options of `add_protocol`."""
    from training.evaluation.protocol import Protocol

    return Protocol(
        options.split,
        options.replications,
        options.clips,
        options.multimodality_texts,
        options.seed,
        options.people,
    )


def add_batch_size(parser: argparse.ArgumentParser) -> None:
    """`--batch-size`: motions that are generated together."""
    parser.add_argument("--batch-size", type=count(1), help="default: 8 on a CPU, 256 elsewhere")


def count(least: int) -> Callable[[str], int]:
    """The type of an option whose value is a whole number of at least `least`."""

    def read(text: str) -> int:
        try:
            value = int(text)
        except ValueError:
            value = least - 1
        if value < least:
            raise argparse.ArgumentTypeError(f"{text!r} is not a whole number of at least {least}")
        return value

    return read


def share(text: str) -> float:
    """The type of an option whose value is from 0 to 1."""
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0.0 <= value <= 1.0:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number from 0 to 1")
    return value


def _device(name: str) -> str:
    import torch

    available = {"cpu": True, "cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available()}
    if name == "auto":
        return "cuda" if available["cuda"] else "cpu"
    if name not in available:
        raise argparse.ArgumentTypeError(f"{name!r} is not a device: use cpu, cuda or mps")
    if not available[name]:
        raise argparse.ArgumentTypeError(f"torch finds no {name} device: use --device cpu")
    return name


def _row(text: str) -> "Row":
    from training.evaluation.protocol import Row

    try:
        return Row.parse(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from error
