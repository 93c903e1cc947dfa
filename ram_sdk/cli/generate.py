"""`ram-sdk generate`: motions from text."""

import argparse
import re
from pathlib import Path
from typing import Any

from tqdm import tqdm

from ram_sdk.cli import console, prompts
from ram_sdk.cli.outputs import MAX_FILES, Outputs, add_output_options
from ram_sdk.shipped import DEFAULT, SHIPPED


def add_parser(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the verb to the command line."""
    parser = commands.add_parser("generate", help="make motions from text")
    parser.set_defaults(run=run)
    parser.add_argument("prompts", nargs="*", metavar="PROMPT", help="what the person does; - reads stdin")
    parser.add_argument(
        "--prompt-file", type=Path, metavar="FILE", help="one prompt a line, or a .csv with a column 'prompt'"
    )
    parser.add_argument("--duration", type=float, metavar="SECONDS", help="default: estimated from the text")
    parser.add_argument("--num", type=int, default=1, metavar="N", help="motions for each prompt")
    parser.add_argument(
        "--batch-size", type=int, default=16, metavar="N", help="motions made at a time (default: 16)"
    )
    parser.add_argument(
        "--candidates", type=int, default=1, metavar="N", help="each motion is the best of N (default: 1)"
    )
    parser.add_argument("--seed", type=int, help="makes the result repeatable; default: random")
    sampling = parser.add_argument_group("sampling")
    sampling.add_argument("--steps", type=int, help="denoising steps; default: the checkpoint's")
    sampling.add_argument("--sampler", help="ddpm, ddim or dpm++; default: the checkpoint's")
    sampling.add_argument("--spacing", help="of the steps: linear or noisy_first; default: the checkpoint's")
    sampling.add_argument("--reg-scale", type=float, help="Reconstructive Error Guidance, 0 = off")
    sampling.add_argument("--cfg-scale", type=float, help="classifier-free guidance, 0 = off")
    sampling.add_argument(
        "--reg-timesteps", type=_timesteps, metavar="T,T,...", help="where REG is on; default: everywhere"
    )
    model = parser.add_argument_group("model")
    model.add_argument(
        "--checkpoint",
        default=DEFAULT,
        help=f"{', '.join(SHIPPED)}, a folder or a Hub repository (default: {DEFAULT})",
    )
    model.add_argument("--variant", help="which weights, such as fp16")
    model.add_argument("--revision", help="branch, tag or commit on the Hub")
    model.add_argument("--lora", metavar="FOLDER", help="a LoRA for the checkpoint; or a Hub repository")
    model.add_argument("--lora-scale", type=float, default=1.0, help="how much of it (default: 1)")
    model.add_argument("--device", default="cpu", help="cpu, cuda, mps ... (default: cpu)")
    add_output_options(parser)


def run(arguments: argparse.Namespace) -> int:
    """Make the motions batch by batch, each written as soon as it is done; returns the exit code."""
    texts = prompts.gather(arguments.prompts, arguments.prompt_file)

    from ram_sdk import inputs
    from ram_sdk.pipeline import RAMPipeline

    inputs.prompts(texts)
    each = inputs.count("--num", arguments.num)
    batch_size = min(inputs.count("--batch-size", arguments.batch_size), inputs.MAX_MOTIONS)
    if each * len(texts) > MAX_FILES:
        raise ValueError(
            f"--num {each} of {len(texts)} prompts: one command makes at most {MAX_FILES} motions"
        )
    wanted = [text for text in texts for _ in range(each)]
    outputs = Outputs(arguments, [f"{i:03d}_{_slug(text)}" for i, text in enumerate(wanted)])
    seeds = [seed for _ in texts for seed in inputs.seeds(arguments.seed, None, 1, arguments.num)]
    pipeline = RAMPipeline.from_pretrained(
        arguments.checkpoint,
        revision=arguments.revision,
        variant=arguments.variant,
        device=inputs.device("--device", arguments.device),
    )
    if arguments.lora is not None:
        pipeline.load_lora(arguments.lora, arguments.lora_scale)
    pipeline.text_backbone.tokenize(texts)  # a prompt that is too long must not end a long run halfway
    pipeline.set_progress_bar_config(leave=False)
    starts = range(0, len(wanted), batch_size)
    bar = tqdm(total=len(wanted), unit="motion", disable=None if len(starts) > 1 else True)
    with bar:
        for start in starts:
            batch = slice(start, start + batch_size)
            made = pipeline(wanted[batch], seed=seeds[batch], **_settings(arguments)).motions
            for index, motion in enumerate(made, start):
                outputs.write(index, motion, f"seed {motion.settings['seed']}  {motion.prompt}")
            bar.update(len(made))
    return console.summary(outputs.failed, len(wanted) * len(arguments.output))


def _settings(arguments: argparse.Namespace) -> dict[str, Any]:
    """What the pipeline's call takes, where it was given."""
    settings = {
        "duration": arguments.duration,
        "num_candidates": arguments.candidates,
        "num_inference_steps": arguments.steps,
        "sampler": arguments.sampler,
        "timestep_spacing": arguments.spacing,
        "reg_scale": arguments.reg_scale,
        "cfg_scale": arguments.cfg_scale,
        "reg_timesteps": arguments.reg_timesteps,
    }
    return {name: value for name, value in settings.items() if value is not None}


def _timesteps(text: str) -> tuple[int, ...]:
    return tuple(int(number) for number in text.split(",") if number.strip())


def _slug(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")[:40] or "motion"
