"""Speed of sampling: `python -m training.benchmark [--frames 196] [--repeats 5]`.

Three things in one run on one machine, paper-size networks with random weights, batch 1, float32:
RAM (20 steps, REG at every step, CFG), MDM's own sampler (50 ancestral steps, CFG as two forwards a step,
an `nn.TransformerEncoder` of the same size), and RAM's bare matrix products, replayed one by one.
The text encoder is left out of all three.
"""

import argparse
import statistics
import time
from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils._python_dispatch import TorchDispatchMode

from ram_sdk import RAMScheduler
from ram_sdk.models import DenoiserConfig, EncoderConfig, MotionDenoiser, MotionEncoder
from ram_sdk.models.transformer import sinusoidal_table


class MDM(nn.Module):
    """MDM's encoder-only denoiser as published: sequence first, conditions added to the first token."""

    def __init__(self, features: int, text: int, width: int = 512, feedforward: int = 1024) -> None:
        super().__init__()
        layer = nn.TransformerEncoderLayer(width, 4, feedforward, 0.1, "gelu")
        self.encoder = nn.TransformerEncoder(layer, 8, enable_nested_tensor=False)
        self.input_projection, self.output_projection = nn.Linear(features, width), nn.Linear(width, features)
        self.text_projection = nn.Linear(text, width)
        self.time = nn.Sequential(nn.Linear(width, width), nn.SiLU(), nn.Linear(width, width))
        self.register_buffer("positions", sinusoidal_table(1000, width)[:, None], persistent=False)

    def forward(self, x: Tensor, timestep: Tensor, text: Tensor) -> Tensor:
        """x_0 from x `(frames, batch, features)`, timestep `(batch,)` and pooled text `(batch, text)`."""
        positions: Tensor = self.get_buffer("positions")
        condition = self.time(positions[timestep, 0]) + self.text_projection(text)
        sequence = torch.cat((condition[None], self.input_projection(x)))
        encoded = self.encoder(sequence + positions[: len(sequence)])
        estimate: Tensor = self.output_projection(encoded[1:])
        return estimate


@torch.no_grad()
def sample_mdm(model: MDM, frames: int) -> None:
    """50 ancestral steps; guidance runs the model twice a step, as MDM's wrapper does."""
    scheduler = RAMScheduler()
    scheduler.set_timesteps(50)
    x, text = torch.randn(frames, 1, 263), torch.randn(1, 512)
    for t in scheduler.timesteps:
        step = torch.tensor([t])
        cond, uncond = model(x, step, text), model(x, step, torch.zeros_like(text))
        x = scheduler.step(uncond + 2.5 * (cond - uncond), t, x, noise=torch.randn_like(x))


@torch.no_grad()
def sample_ram(denoiser: MotionDenoiser, motion_encoder: MotionEncoder, frames: int) -> None:
    """20 steps with REG and CFG at full cost: the loop of `RAMPipeline.__call__` without its text."""
    scheduler = RAMScheduler()
    x, latent = torch.randn(1, frames, 263), torch.randn(1, denoiser.config.latent_dim)
    previous: Tensor | None = None
    for t in scheduler.timesteps:
        branches = [latent, torch.zeros_like(latent)]
        if previous is not None:
            branches.append(motion_encoder(previous))
        count = len(branches)
        estimates = denoiser(x.repeat(count, 1, 1), torch.full((count,), t), torch.cat(branches)).chunk(count)
        previous = scheduler.guide(*estimates)
        x = scheduler.step(previous, t, x, noise=torch.randn_like(x))


class MatrixProducts(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """Records the shapes of every matrix product that runs inside it."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.shapes: list[tuple[torch.Size, torch.Size]] = []

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        """Note the operands of products; attention counts as its two batched products."""
        name = func.overloadpacket.__name__
        if name in ("mm", "bmm"):
            self.shapes.append((args[0].shape, args[1].shape))
        elif name == "addmm":
            self.shapes.append((args[1].shape, args[2].shape))
        elif name.startswith("_scaled_dot_product"):
            query, key, value = (x.flatten(0, -3) for x in args[:3])
            scores = torch.Size((len(query), query.shape[1], key.shape[1]))
            self.shapes += [(query.shape, key.transpose(1, 2).shape), (scores, value.shape)]
        return func(*args, **(kwargs or {}))


def replay(shapes: Sequence[tuple[torch.Size, torch.Size]]) -> tuple[Callable[[], None], float]:
    """A function that runs the products alone, and their number of floating point operations."""
    operands = {pair: (torch.randn(pair[0]), torch.randn(pair[1])) for pair in set(shapes)}
    operations = sum(2.0 * a.numel() * b[-1] for a, b in shapes)

    def run() -> None:
        for pair in shapes:
            torch.matmul(*operands[pair])

    return run, operations


def main() -> None:
    """Run the three in turn and print medians and ratios."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--frames", type=int, default=196)
    parser.add_argument("--repeats", type=int, default=5)
    options = parser.parse_args()
    torch.manual_seed(0)
    denoiser = MotionDenoiser(DenoiserConfig()).eval()
    motion_encoder = MotionEncoder(EncoderConfig(263)).eval()
    mdm = MDM(263, 512).eval()
    with MatrixProducts() as products:
        sample_ram(denoiser, motion_encoder, options.frames)
    products_alone, operations = replay(products.shapes)
    runs: dict[str, Callable[[], None]] = {
        "RAM, 20 steps, REG + CFG": lambda: sample_ram(denoiser, motion_encoder, options.frames),
        "MDM, 50 steps, CFG": lambda: sample_mdm(mdm, options.frames),
        "RAM's matrix products alone": products_alone,
    }
    seconds: dict[str, list[float]] = {name: [] for name in runs}
    for repeat in range(options.repeats + 1):
        for name, run in runs.items():
            start = time.perf_counter()
            run()
            if repeat:  # the first round warms up
                seconds[name].append(time.perf_counter() - start)
    print(f"{torch.get_num_threads()} threads, torch {torch.__version__}, {options.frames} frames")
    for name, values in seconds.items():
        print(f"{name:28} {statistics.median(values):6.2f} s  ({min(values):.2f} to {max(values):.2f})")
    ram, other, alone = (statistics.median(values) for values in seconds.values())
    print(f"RAM is {other / ram:.2f} x as fast as MDM")
    print(f"RAM runs at {operations / ram / 1e9:.0f} GFLOP/s, {alone / ram:.0%} of its products' own speed")


if __name__ == "__main__":
    main()
