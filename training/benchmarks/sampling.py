"""Speed of sampling, compared with MDM's and with the machine's matrix products.

Paper-size networks with random weights, batch 1, float32. RAM (20 steps, REG at every step, CFG), MDM's own
sampler (50 ancestral steps, CFG as two forward passes per step, an `nn.TransformerEncoder` of the same size),
and only RAM's matrix products, replayed one by one. All three exclude the text encoder.
"""

import statistics
import time
from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch.utils._python_dispatch import TorchDispatchMode

from ram_sdk import RAMPipeline, RAMScheduler
from ram_sdk.checkpoint import shipped_text_backbone
from ram_sdk.models import (
    DenoiserConfig,
    DurationConfig,
    DurationEstimator,
    EncoderConfig,
    FeatureNormalizer,
    MotionDenoiser,
    MotionEncoder,
    NormalizerConfig,
    TextEncoder,
)
from training import machine
from training.benchmarks.mdm import MDM
from training.benchmarks.mdm import sample as sample_mdm


def paper_pipeline() -> RAMPipeline:
    """RAM at the paper's size, with random weights and the package's text backbone."""
    backbone = shipped_text_backbone()
    pipeline = RAMPipeline(
        text_backbone=backbone,
        text_encoder=TextEncoder(EncoderConfig(backbone.config.dim)).eval(),
        motion_encoder=MotionEncoder(EncoderConfig(263)).eval(),
        denoiser=MotionDenoiser(DenoiserConfig()).eval(),
        normalizer=FeatureNormalizer(NormalizerConfig()),
        duration_estimator=DurationEstimator(DurationConfig(backbone.config.dim)),
        scheduler=RAMScheduler(),
    )
    pipeline.set_progress_bar_config(disable=True)
    return pipeline


def sample_ram(pipeline: RAMPipeline, frames: int) -> None:
    """20 steps with REG and CFG for one motion, without encoding text."""
    latents = torch.zeros(1, pipeline.denoiser.config.latent_dim)
    pipeline.sample(latents, [frames], [torch.Generator().manual_seed(0)])


class MatrixProducts(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """Records the shapes of all matrix products that run in its context."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.shapes: list[tuple[torch.Size, torch.Size]] = []

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        """Record the operands of products; attention counts as its two batched products."""
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
    """A function that runs only the products, and their number of floating point operations."""
    operands = {pair: (torch.randn(pair[0]), torch.randn(pair[1])) for pair in set(shapes)}
    operations = sum(2.0 * a.numel() * b[-1] for a, b in shapes)

    def run() -> None:
        for pair in shapes:
            torch.matmul(*operands[pair])

    return run, operations


def measure(frames: int, repeats: int) -> None:
    """Run the three alternately and print medians and ratios."""
    torch.manual_seed(0)
    pipeline = paper_pipeline()
    mdm = MDM(263).eval()
    with MatrixProducts() as products:
        sample_ram(pipeline, frames)
    products_alone, operations = replay(products.shapes)
    runs: dict[str, Callable[[], None]] = {
        "RAM, 20 steps, REG + CFG": lambda: sample_ram(pipeline, frames),
        "MDM, 50 steps, CFG": lambda: sample_mdm(mdm, frames),
        "RAM's matrix products alone": products_alone,
    }
    seconds: dict[str, list[float]] = {name: [] for name in runs}
    for repeat in range(repeats + 1):
        for name, run in runs.items():
            start = time.perf_counter()
            run()
            if repeat:  # the first round warms up
                seconds[name].append(time.perf_counter() - start)
    here = machine.describe("cpu")
    print(f"{here['machine']}, torch {here['torch']}, {frames} frames")
    for name, values in seconds.items():
        print(f"{name:28} {statistics.median(values):6.2f} s  ({min(values):.2f} to {max(values):.2f})")
    ram, other, alone = (statistics.median(values) for values in seconds.values())
    print(f"RAM is {other / ram:.2f} x as fast as MDM")
    print(f"RAM runs at {operations / ram / 1e9:.0f} GFLOP/s, {alone / ram:.0%} of the speed of its products")
