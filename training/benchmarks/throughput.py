"""Speed of training: RAM's step, which trains two branches, and MDM's own loop on the same clips."""

import dataclasses
import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from accelerate import Accelerator
from torch import Tensor
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils.flop_counter import FlopCounterMode

from training import machine
from training.benchmarks.mdm import FRAMES, MDM, MDMTraining
from training.config import Precision, TrainingConfig
from training.data.clip import Clip
from training.data.folder import MotionTextFolder
from training.dataset import Batches, CaptionStates, read_training
from training.networks import build_objective, text_backbone
from training.trainer import Trainer

_CLIPS, _CAPTIONS = 2048, 64  # of the synthetic data
_CAPTION = "a person walks forward slowly then turns around and waves with the left hand"
_DTYPES: dict[Precision, torch.dtype] = {"fp32": torch.float32, "bf16": torch.bfloat16}


@dataclass(frozen=True)
class Throughput:
    """Measurements of one training method.

    Attributes:
        name: of the method.
        precision: "fp32" or "bf16".
        steps_per_second: median over the blocks of steps.
        operations: floating point operations of matrix products in a step.
        peak: operations per second of one large product at the same precision, in the same run.
    """

    name: str
    precision: Precision
    steps_per_second: float
    operations: float
    peak: float

    @property
    def share(self) -> float:
        """Share of the peak that the step reaches, counting only its products as operations."""
        return self.operations * self.steps_per_second / self.peak


def measure(
    config: TrainingConfig, data: Path | None, steps: int, repeats: int, cpu: bool = False
) -> list[Throughput]:
    """Measure MDM's loop and RAM's step alternately, both in float32 and in bf16.

    Args:
        config: sizes, batch and text backbone; MDM's denoiser gets the same sizes.
        data: a data set whose training clips are used; default: synthetic ones of 40 to 196 frames.
        steps: steps in a block.
        repeats: measured blocks of each method, after a warm-up block.
        cpu: use the CPU even if there is a GPU.
    """
    accelerator = Accelerator(cpu=cpu)
    device = accelerator.device
    batches = _batches(config, data, device)
    model = config.model
    sizes = (batches.num_features, model.denoiser_width, model.denoiser_feedforward, model.denoiser_layers)
    padded = [_padded(batches, step) for step in range(steps)]
    ways: dict[tuple[str, Precision], tuple[float, Callable[[], None]]] = {}
    for precision in _DTYPES:
        mdm = _mdm(MDMTraining(MDM(*sizes), device, precision == "bf16"), padded)
        ways["MDM", precision] = (_count(mdm), mdm)
    for precision in _DTYPES:
        settings = dataclasses.replace(config, precision=precision)
        plain = _ram(dataclasses.replace(settings, compile=False), batches, steps, accelerator)
        operations = _count(plain)
        timed = _ram(settings, batches, steps, accelerator) if config.compile else plain
        ways["RAM", precision] = (operations, timed)
    seconds: dict[tuple[str, Precision], list[float]] = {way: [] for way in ways}
    for repeat in range(repeats + 1):
        for way, (_, block) in ways.items():
            elapsed = _time(block, device)
            if repeat:
                seconds[way].append(elapsed)
    peaks = {precision: peak(device, dtype) for precision, dtype in _DTYPES.items()}
    return [
        Throughput(*way, steps / statistics.median(seconds[way]), operations / steps, peaks[way[1]])
        for way, (operations, _) in ways.items()
    ]


def report(
    config: TrainingConfig, name: str, data: Path | None, steps: int | None, repeats: int, cpu: bool = False
) -> None:
    """Measure both methods and print their steps per second, ratios and shares of the peak.

    Args:
        config: as for `measure`; compiled only on GPUs.
        name: of the configuration in the report.
        data: as for `measure`.
        steps: in a block; default: 20 on a GPU, 8 on a CPU.
        repeats: as for `measure`.
        cpu: likewise.
    """
    cuda = torch.cuda.is_available() and not cpu
    config = dataclasses.replace(config, compile=config.compile and cuda)
    results = measure(config, data, steps or (20 if cuda else 8), repeats, cpu)
    here = machine.describe("cuda" if cuda else "cpu")
    print(f"{here['machine']}, torch {here['torch']}, batches of {config.batch_size} clips, {name}")
    mdm = {result.precision: result.steps_per_second for result in results if result.name == "MDM"}
    for result in results:
        rate = result.steps_per_second
        print(
            f"{result.name}, {result.precision}: {rate:8.3f} steps/s, "
            f"{result.operations / 1e12:6.3f} TFLOP/step, {result.share:4.0%} of {result.peak / 1e12:.2f} "
            f"TFLOP/s, {rate / mdm[result.precision]:5.2f} x MDM at the same precision, "
            f"{rate / mdm['fp32']:5.2f} x MDM in fp32"
        )


def peak(device: torch.device, dtype: torch.dtype) -> float:
    """Operations per second of a large matrix product: the best of ten runs."""
    size = 8192 if device.type == "cuda" else 1024
    left, right = (torch.randn(size, size, device=device, dtype=dtype) for _ in range(2))
    fastest = min(_time(lambda: torch.matmul(left, right), device) for _ in range(10))
    return 2.0 * size**3 / fastest


def _batches(config: TrainingConfig, data: Path | None, device: torch.device) -> Batches:
    backbone = text_backbone(config.text_backbone)
    backbone.model.to(device)
    if data is not None:
        folder = MotionTextFolder(data)
        clips, _, states = read_training(folder, backbone, config.min_frames, device)
        mean, std = torch.from_numpy(folder.mean), torch.from_numpy(folder.std)
        return Batches(clips, states, mean, std, config, device)
    rng = np.random.default_rng(0)
    captions = [" ".join(rng.permutation(_CAPTION.split())) for _ in range(_CAPTIONS)]
    lengths = rng.integers(config.min_frames, config.max_frames + 1, max(_CLIPS, config.batch_size))
    clips = [
        Clip(rng.standard_normal((length, 263), np.float32), (captions[i % _CAPTIONS],))
        for i, length in enumerate(lengths)
    ]
    with tempfile.TemporaryDirectory() as cache:
        states = CaptionStates(captions, backbone, Path(cache), device)
    return Batches(clips, states, torch.zeros(263), torch.ones(263), config, device)


def _padded(batches: Batches, step: int) -> tuple[Tensor, Tensor]:
    """A batch padded to MDM's length."""
    batch = batches.at(step)
    missing = FRAMES - batch.motion.shape[1]
    return F.pad(batch.motion, (0, 0, 0, missing)), F.pad(batch.motion_mask, (0, missing))


def _mdm(training: MDMTraining, padded: Sequence[tuple[Tensor, Tensor]]) -> Callable[[], None]:
    def train() -> None:
        for motion, mask in padded:
            training.step(motion, mask)

    return train


def _ram(
    config: TrainingConfig, batches: Batches, steps: int, accelerator: Accelerator
) -> Callable[[], None]:
    text_dim = batches.at(0).text.shape[-1]
    trainer = Trainer(config, build_objective(config, batches.num_features, text_dim), accelerator)

    def train() -> None:
        trainer.step = 0  # the same clips in every block
        for _ in range(steps):
            trainer.train_step(trainer.batches(batches))

    return train


def _count(block: Callable[[], None]) -> float:
    with (
        FlopCounterMode(display=False) as counter,
        sdpa_kernel(SDPBackend.MATH),
    ):  # fused kernels are not counted
        block()
    return float(counter.get_total_flops())


def _time(block: Callable[[], object], device: torch.device) -> float:
    start = time.perf_counter()
    block()
    if device.type == "cuda":
        torch.cuda.synchronize()
    return time.perf_counter() - start
