"""Options of commands that generate: the seed, how to sample, and with which model."""

import argparse
from typing import TYPE_CHECKING, Any

from ram_sdk.cli import console, values
from ram_sdk.shipped import DEFAULT, SHIPPED

if TYPE_CHECKING:
    from ram_sdk.pipeline import RAMPipeline


_SCALE = "0 = off, below 0 away from the text; -1000 to 1000"


def add_options(parser: argparse.ArgumentParser, seed: int | None = None) -> None:
    """Add them in groups; `seed` is the one where none is given, None a random one."""
    default = "random" if seed is None else seed
    parser.add_argument(
        "--seed", type=values.seed, default=seed, help=f"makes the result repeatable; default: {default}"
    )
    sampling = parser.add_argument_group("sampling")
    sampling.add_argument("--steps", type=values.count, help="denoising steps; default: the checkpoint's")
    sampling.add_argument("--sampler", choices=("ddpm", "ddim", "dpm++"), help="default: the checkpoint's")
    sampling.add_argument(
        "--spacing", choices=("linear", "noisy_first"), help="of the steps; default: the checkpoint's"
    )
    sampling.add_argument("--reg-scale", type=values.finite, help=f"Reconstructive Error Guidance, {_SCALE}")
    sampling.add_argument("--cfg-scale", type=values.finite, help=f"classifier-free guidance, {_SCALE}")
    sampling.add_argument(
        "--reg-timesteps",
        type=values.timesteps,
        metavar="T,T,...",
        help="where REG is on; default: everywhere",
    )
    sampling.add_argument(
        "--strength",
        type=values.finite,
        help="of the noise: 1 starts from noise alone, less from a capture that fits the prompt "
        "(default: the checkpoint's)",
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
    model.add_argument("--lora-scale", type=values.finite, default=1.0, help="its strength (default: 1)")
    model.add_argument(
        "--device", default="auto", help="cpu, cuda, cuda:1, mps ...; default: auto, the GPU if there is one"
    )


def add_candidates(parser: argparse.ArgumentParser) -> None:
    """Add the option of commands that make each motion by itself."""
    parser.add_argument(
        "--candidates",
        type=values.count,
        default=1,
        metavar="N",
        help="each motion is the best of N (default: 1)",
    )


def load(arguments: argparse.Namespace) -> "RAMPipeline":
    """The pipeline that the options name."""
    from ram_sdk.devices import available_device
    from ram_sdk.pipeline import RAMPipeline

    pipeline = RAMPipeline.from_pretrained(
        arguments.checkpoint,
        revision=arguments.revision,
        variant=arguments.variant,
        device=available_device(arguments.device, "--device"),
    )
    console.detail(f"{arguments.checkpoint} from {pipeline.folder} on {pipeline.device}")
    if arguments.lora is not None:
        pipeline.load_lora(arguments.lora, arguments.lora_scale)
    return pipeline


def settings(arguments: argparse.Namespace) -> dict[str, Any]:
    """How to sample, as the pipeline's methods take it, where it was given."""
    given = {
        "num_inference_steps": arguments.steps,
        "sampler": arguments.sampler,
        "timestep_spacing": arguments.spacing,
        "reg_scale": arguments.reg_scale,
        "cfg_scale": arguments.cfg_scale,
        "reg_timesteps": arguments.reg_timesteps,
        "strength": arguments.strength,
    }
    return {name: value for name, value in given.items() if value is not None}
