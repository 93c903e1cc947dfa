"""Trained variants: one folder per configuration, trained once and shared by all tables."""

import dataclasses
import hashlib
import json
from pathlib import Path

from training.config import TrainingConfig
from training.export import export
from training.loop import train


def scale_budget(config: TrainingConfig, budget: float) -> TrainingConfig:
    """The configuration with a share of its steps.

    Raises:
        ValueError: the share is not above 0 and at most 1.
    """
    if not 0 < budget <= 1:
        raise ValueError(f"budget {budget}: expected a share of the training steps, above 0 and at most 1")
    steps = max(1, round(config.max_steps * budget))
    warmup = round(config.optimizer.warmup_steps * budget)
    return dataclasses.replace(
        config,
        max_steps=steps,
        save_every=min(config.save_every, steps),
        optimizer=dataclasses.replace(config.optimizer, warmup_steps=warmup),
    )


class Variants:
    """The variants in one folder.

    Args:
        root: the folder.
        data: what they are trained on.
        cpu: train on the CPU even if there is a GPU.
    """

    def __init__(self, root: Path, data: Path, cpu: bool) -> None:
        self._root = root
        self._data = data
        self._cpu = cpu

    def find(self, config: TrainingConfig) -> Path | None:
        """The exported checkpoint of a finished run of this configuration, if there is one."""
        checkpoint = self._folder(config) / "checkpoint"
        return checkpoint if checkpoint.is_dir() else None

    def train(self, config: TrainingConfig) -> Path:
        """Train a configuration, or resume its training, and export it.

        Returns:
            Its pipeline folder.

        Raises:
            InterruptedError: the training was stopped.
        """
        if (found := self.find(config)) is not None:
            return found
        folder = self._folder(config)
        if not train(config, self._data, folder / "run", self._cpu):
            raise InterruptedError(
                f"{folder / 'run'} was stopped before its end: run the same command to resume it"
            )
        export(folder / "run", self._data, folder / "checkpoint.part")
        return (folder / "checkpoint.part").rename(folder / "checkpoint")

    def _folder(self, config: TrainingConfig) -> Path:
        content = json.dumps(dataclasses.asdict(config), sort_keys=True)
        return self._root / hashlib.sha256(content.encode()).hexdigest()[:12]
