"""Train RAM: `python -m training.train --config training/configs/open-small.yaml --data DIR --out DIR`.

The same command goes on where an earlier run in the same folder stopped. Everything random in step n depends
on the seed and n alone, so a resumed run takes the same steps as one that never stopped.
"""

import argparse
import contextlib
import copy
import dataclasses
import json
import math
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.attention import SDPBackend, sdpa_kernel
from tqdm import tqdm

from training.config import TrainingConfig, load_config
from training.data.folder import MotionTextFolder
from training.dataset import Batches, CaptionStates, read_split
from training.networks import build_objective, text_backbone
from training.objective import Batch, RAMObjective


class Trainer:
    """The state of one run and the steps that change it."""

    def __init__(self, config: TrainingConfig, objective: RAMObjective, device: torch.device) -> None:
        self.config = config
        self.device = device
        self.objective = objective.to(device)
        self.average = copy.deepcopy(self.objective).eval().requires_grad_(False)
        self.optimizer = torch.optim.AdamW(
            self.objective.parameters(),
            lr=config.optimizer.learning_rate,
            weight_decay=config.optimizer.weight_decay,
            fused=True,
        )
        self.step = 0

    def train_step(self, batch: Batch) -> dict[str, float]:
        """One optimizer step on a batch; returns the losses and the gradient norm."""
        generator = torch.Generator().manual_seed(self.config.seed * 1_000_003 + self.step)
        torch.manual_seed(self.config.seed * 1_000_003 + self.step)
        for group in self.optimizer.param_groups:
            group["lr"] = self.config.optimizer.learning_rate * self._rate_factor()
        self.objective.train()
        with self._precision():
            losses = self.objective(_to(batch, self.device), generator)
        losses["total"].backward()
        norm = nn.utils.clip_grad_norm_(self.objective.parameters(), self.config.optimizer.clip_norm)
        self.optimizer.step()
        self.optimizer.zero_grad(set_to_none=True)
        self.step += 1
        self._update_average()
        return {**{name: float(loss.detach()) for name, loss in losses.items()}, "gradient_norm": float(norm)}

    @torch.no_grad()
    def validate(self, batches: Callable[[], Iterator[Batch]]) -> dict[str, float]:
        """Mean losses of the averaged weights over whole validation clips, at fixed noise."""
        generator = torch.Generator().manual_seed(0)
        sums: dict[str, float] = {}
        count = 0
        for batch in batches():
            with self._precision():
                losses = self.average(_to(batch, self.device), generator)
            for name, loss in losses.items():
                sums[name] = sums.get(name, 0.0) + float(loss) * len(batch.motion)
            count += len(batch.motion)
        return {name: total / count for name, total in sums.items()}

    def save(self, path: Path) -> None:
        """Write everything that the next step depends on; the file appears whole or not at all."""
        state = {
            "step": self.step,
            "objective": self.objective.state_dict(),
            "average": self.average.state_dict(),
            "optimizer": self.optimizer.state_dict(),
        }
        temporary = path.with_suffix(".part")
        torch.save(state, temporary)
        temporary.replace(path)

    def load(self, path: Path) -> None:
        """Go on from a file that `save` wrote."""
        state: dict[str, Any] = torch.load(path, map_location=self.device, weights_only=True)
        self.objective.load_state_dict(state["objective"])
        self.average.load_state_dict(state["average"])
        self.optimizer.load_state_dict(state["optimizer"])
        self.step = state["step"]

    def _rate_factor(self) -> float:
        options = self.config.optimizer
        warm = min(1.0, (self.step + 1) / options.warmup_steps) if options.warmup_steps else 1.0
        progress = min(1.0, self.step / self.config.max_steps)
        return warm * (0.5 * (1.0 + math.cos(math.pi * progress)) if options.cosine_decay else 1.0)

    @torch.no_grad()
    def _update_average(self) -> None:
        decay = min(self.config.optimizer.ema_decay, (1.0 + self.step) / (10.0 + self.step))
        for averaged, current in zip(self.average.parameters(), self.objective.parameters(), strict=True):
            averaged.lerp_(current, 1.0 - decay)

    def _precision(self) -> contextlib.AbstractContextManager[Any, bool | None]:
        stack = contextlib.ExitStack()
        if self.config.precision == "bf16":
            stack.enter_context(torch.autocast(self.device.type, torch.bfloat16))
            if self.device.type == "cpu":  # its fused attention is twice as slow as plain products in bf16
                stack.enter_context(sdpa_kernel(SDPBackend.MATH))
        return stack


def _to(batch: Batch, device: torch.device) -> Batch:
    tensors: dict[str, Tensor] = {
        field.name: getattr(batch, field.name).to(device, non_blocking=True)
        for field in dataclasses.fields(batch)
    }
    return Batch(**tensors)


def train(config: TrainingConfig, data: Path, out: Path, device: str) -> None:
    """Run the training of `config` to its end, saving and validating every `save_every` steps."""
    out.mkdir(parents=True, exist_ok=True)
    (out / "config.json").write_text(json.dumps(dataclasses.asdict(config), indent=2) + "\n")
    backbone = text_backbone(config.text_backbone)
    folder = MotionTextFolder(data)
    mean, std = torch.from_numpy(folder.mean), torch.from_numpy(folder.std)
    splits = {split: read_split(folder, split, config.min_frames) for split in ("train", "val")}
    captions = [c for clips in splits.values() for clip in clips for c in clip.captions]
    states = CaptionStates(captions, backbone, data / ".captions")
    training, validation = (
        Batches(
            clips,
            states,
            mean,
            std,
            config.batch_size,
            config.max_frames,
            config.balance,
            config.emphasis,
            config.seed,
        )
        for clips in splits.values()
    )
    trainer = Trainer(
        config,
        build_objective(config, len(mean), backbone.config.dim),
        torch.device(device),
    )
    state = out / "state.pt"
    if state.is_file():
        trainer.load(state)
    print(
        f"{len(splits['train'])} training clips, {len(splits['val'])} validation clips, step {trainer.step}"
    )
    with (
        (out / "log.jsonl").open("a", encoding="utf-8") as log,
        tqdm(total=config.max_steps, initial=trainer.step, desc="training", disable=None) as bar,
    ):
        running: list[dict[str, float]] = []
        start = time.perf_counter()
        while trainer.step < config.max_steps:
            running.append(trainer.train_step(training.at(trainer.step)))
            bar.update()
            if trainer.step % 50 == 0:
                line = {name: float(np.mean([r[name] for r in running])) for name in running[0]}
                line["steps_per_second"] = len(running) / (time.perf_counter() - start)
                _log(log, trainer.step, "train", line)
                bar.set_postfix(loss=f"{line['total']:.4f}")
                running, start = [], time.perf_counter()
            if trainer.step % config.save_every == 0 or trainer.step == config.max_steps:
                trainer.save(state)
                _log(log, trainer.step, "val", trainer.validate(validation.in_order))
                start = time.perf_counter()


def _log(log: Any, step: int, split: str, values: dict[str, float]) -> None:
    log.write(
        json.dumps({"step": step, "split": split, **{k: round(v, 6) for k, v in values.items()}}) + "\n"
    )
    log.flush()


def main() -> None:
    """Command line of `python -m training.train`."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--config", type=Path, required=True, help="YAML file, see training/configs")
    parser.add_argument("--data", type=Path, required=True, help="folder in HumanML3D's format")
    parser.add_argument("--out", type=Path, required=True, help="folder of the run; an earlier run goes on")
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    parser.add_argument("overrides", nargs="*", help="configuration overrides such as objective.beta=0.1")
    arguments = parser.parse_args()
    config = load_config(arguments.config, arguments.overrides)
    train(config, arguments.data, arguments.out, arguments.device)


if __name__ == "__main__":
    main()
