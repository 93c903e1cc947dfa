"""The command line, `ram-sdk`."""

import argparse
import json
import re
import sys
import warnings
from collections.abc import Sequence
from pathlib import Path

import ram_sdk
from ram_sdk import checkpoint, formats, inputs
from ram_sdk.checkpoint import DEFAULT, SHIPPED, HubOptions
from ram_sdk.formats.text import read_text
from ram_sdk.motion import Motion
from ram_sdk.skeleton.smoothing import CUTOFF


def main(command: Sequence[str] | None = None) -> int:
    """Run the command line; returns the exit code, 2 for anything the user can put right."""
    options = _parser().parse_args(command)
    try:
        result: int = options.run(options)
    except (ValueError, OSError) as error:
        print(f"ram-sdk: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130
    return result


def _generate(options: argparse.Namespace) -> int:
    inputs.count("--num", options.num)
    inputs.count("--batch-size", options.batch_size)
    texts = inputs.prompts(_prompts(options))
    seeds = inputs.seeds(options.seed, None, len(texts), options.num)
    prompts = [text for text in texts for _ in range(options.num)]
    names = [f"{i:03d}_{_slug(prompt)}" for i, prompt in enumerate(prompts)]
    targets = [_targets(output, names, options.format) for output in options.output]
    for paths in targets:
        for path in paths:
            formats.check_writable(path)

    from ram_sdk.pipeline import RAMPipeline

    pipeline = RAMPipeline.from_pretrained(
        options.checkpoint, revision=options.revision, variant=options.variant, device=options.device
    )
    if options.lora is not None:
        pipeline.load_lora(options.lora, options.lora_scale)
    pipeline.text_backbone.tokenize(texts)  # a prompt that is too long must not end a long run halfway
    for start in range(0, len(prompts), options.batch_size):
        batch = slice(start, start + options.batch_size)
        motions = pipeline(
            prompts[batch],
            duration=options.duration,
            num_inference_steps=options.steps,
            reg_scale=options.reg_scale,
            cfg_scale=options.cfg_scale,
            seed=seeds[batch],
        ).motions
        for paths in targets:
            for motion, path in zip(motions, paths[batch], strict=True):
                motion.save(path)
                seconds, seed = motion.duration, motion.settings["seed"]
                print(f"{path}  {seconds:.2f} s  seed {seed}  {motion.prompt}")
    return 0


def _convert(options: argparse.Namespace) -> int:
    stems = [Path(source).stem for source in options.sources]
    targets = _targets(options.output, stems, options.format)
    for path in targets:
        formats.check_writable(path)
    for source, path in zip(options.sources, targets, strict=True):
        motion = _load(source, options)
        if options.fps is not None:
            motion = motion.resample(options.fps)
        if options.smooth is not None:
            motion = motion.smooth(options.smooth)
        if options.lock_feet:
            motion = motion.lock_feet()
        if options.in_place:
            motion = motion.in_place()
        motion.save(path)
        print(f"{path}  {motion.duration:.2f} s  {motion.fps:g} fps  from {source}")
    return 0


def _load(source: str, options: argparse.Namespace) -> Motion:
    """Read a motion with what the command line says about the file; warnings are one line each."""
    person = options.person
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", UserWarning)
        motion = Motion.load(
            source,
            up=options.up,
            fps=options.source_fps,
            person=int(person) if person is not None and person.isdecimal() else person,
            skeleton=None if options.skeleton is None else _skeleton(options.skeleton),
        )
    for warning in caught:
        print(f"ram-sdk: warning: {warning.message}", file=sys.stderr)
    return motion


def _skeleton(path: Path) -> dict[str, str]:
    """Joint names by role from a JSON file."""
    try:
        skeleton = json.loads(read_text(path))
    except ValueError as error:
        raise ValueError(f"{path.name!r} is not JSON: {error}") from error
    if not isinstance(skeleton, dict) or not all(isinstance(name, str) for name in skeleton.values()):
        raise ValueError(f'{path.name!r}: expected {{"left_hip": "joint name", ...}}')
    return skeleton


def _info(options: argparse.Namespace) -> int:
    hub = HubOptions()
    folder = checkpoint.find(options.checkpoint, revision=options.revision, variant=None, hub=hub)
    for line in checkpoint.describe(folder):
        print(line)
    return 0


def _prompts(options: argparse.Namespace) -> list[str]:
    """Prompts from the command line, a file (one a line) or, given "-", standard input."""
    texts = list(options.prompts)
    if options.prompt_file is not None:
        lines = options.prompt_file.read_text(encoding="utf-8").splitlines()
        texts += [line for line in lines if line.strip()]
    if "-" in texts:
        texts.remove("-")
        texts += [line for line in sys.stdin.read().splitlines() if line.strip()]
    if not texts:
        raise ValueError("no prompt: give one in quotes, --prompt-file FILE, or - to read standard input")
    return texts


def _targets(output: str, names: Sequence[str], suffix: str) -> list[Path]:
    """One file for each motion: the file itself, numbered files beside it, or named files in a folder."""
    path = Path(output)
    if output.endswith("/") or path.is_dir():
        if not path.is_dir():
            raise FileNotFoundError(f"cannot write to {output!r}: there is no such folder, make it first")
        return [path / f"{name}.{suffix.lstrip('.')}" for name in names]
    if len(names) == 1:
        return [path]
    return [path.with_name(f"{path.stem}_{i:03d}{path.suffix}") for i in range(len(names))]


def _slug(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")[:40] or "motion"


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="ram-sdk", description="Text to human motion.")
    parser.add_argument("--version", action="version", version=f"ram-sdk {ram_sdk.__version__}")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    generate = commands.add_parser("generate", help="make motions from text")
    generate.set_defaults(run=_generate)
    generate.add_argument("prompts", nargs="*", metavar="PROMPT", help="what the person does; - reads stdin")
    generate.add_argument("--prompt-file", type=Path, metavar="FILE", help="one prompt a line")
    generate.add_argument(
        "-o", "--output", action="append", required=True, metavar="FILE|DIR",
        help=f"where to write, may be repeated: {' '.join(formats.WRITABLE)}, or a folder",
    )  # fmt: skip
    generate.add_argument(
        "--duration", type=float, metavar="SECONDS", help="default: estimated from the text"
    )
    generate.add_argument("--num", type=int, default=1, metavar="N", help="motions for each prompt")
    generate.add_argument(
        "--batch-size", type=int, default=16, metavar="N", help="motions made at a time (default: 16)"
    )
    generate.add_argument("--seed", type=int, help="makes the result repeatable; default: random")
    generate.add_argument("--steps", type=int, help="denoising steps; default: the checkpoint's")
    generate.add_argument("--reg-scale", type=float, help="Reconstructive Error Guidance, 0 = off")
    generate.add_argument("--cfg-scale", type=float, help="classifier-free guidance, 0 = off")
    generate.add_argument("--lora", metavar="FOLDER", help="a LoRA for the checkpoint; or a Hub repository")
    generate.add_argument("--lora-scale", type=float, default=1.0, help="how much of it (default: 1)")
    generate.add_argument("--device", default="cpu", help="cpu, cuda, mps ... (default: cpu)")

    convert = commands.add_parser("convert", help="turn motion files into another format")
    convert.set_defaults(run=_convert)
    convert.add_argument(
        "sources", nargs="+", metavar="FILE", help=f"motions to read: {' '.join(formats.READABLE)}"
    )
    convert.add_argument("-o", "--output", required=True, metavar="FILE|DIR", help="where to write")
    convert.add_argument("--fps", type=float, help="resample to this frame rate")
    convert.add_argument(
        "--smooth",
        type=float,
        nargs="?",
        const=CUTOFF,
        metavar="HZ",
        help=f"stop trembling (default: above {CUTOFF:g} Hz)",
    )
    convert.add_argument("--lock-feet", action="store_true", help="stop standing feet from sliding")
    convert.add_argument("--up", metavar="AXIS", help="up axis of the files: x, y, z, -x, -y or -z")
    convert.add_argument("--source-fps", type=float, metavar="FPS", help="frame rate of the files")
    convert.add_argument("--person", help="which person of a BVH file: a number from 1 or a name's beginning")
    convert.add_argument(
        "--skeleton", type=Path, metavar="FILE", help="JSON with a BVH file's joint names by role"
    )
    convert.add_argument("--in-place", action="store_true", help="stay above the starting point")

    info = commands.add_parser("info", help="say what a checkpoint is")
    info.set_defaults(run=_info)
    which = f"{', '.join(SHIPPED)}, a folder or a Hub repository (default: {DEFAULT})"
    info.add_argument("checkpoint", nargs="?", default=DEFAULT, help=which)

    generate.add_argument("--checkpoint", default=DEFAULT, help=which)
    generate.add_argument("--variant", help="which weights, such as fp16")
    for command in (generate, convert):
        command.add_argument("--format", default="npz", help="of files in an output folder (default: npz)")
    for command in (generate, info):
        command.add_argument("--revision", help="branch, tag or commit on the Hub")
    return parser


if __name__ == "__main__":
    sys.exit(main())
