"""The state of a training run, and its steps.

All randomness in step n depends on the seed, n and the clip's position in the batch: a resumed run takes the
same steps as an uninterrupted one, and several processes the same steps as one (except for dropout).
"""

import contextlib
import copy
import math
from collections.abc import Iterable, Sequence
from typing import Any

import torch
import torch.nn.functional as F
from accelerate import Accelerator
from torch import Tensor, nn

from training.config import OptimizerConfig, TrainingConfig
from training.dataset import Batches
from training.evaluation.metrics import GROUP, r_precision
from training.objective import Batch, RAMObjective
from training.run_folder import State


def make_optimizers(objective: nn.Module, options: OptimizerConfig) -> list[torch.optim.Optimizer]:
    """AdamW over the parameters that require a gradient; with `muon`, Muon over those that it is for."""
    trained = {name: one for name, one in objective.named_parameters() if one.requires_grad}
    matrices = {
        name: one for name, one in trained.items() if options.muon and one.ndim == 2 and ".layers." in name
    }
    others = [one for name, one in trained.items() if name not in matrices]
    rate, decay = options.learning_rate, options.weight_decay
    optimizers: list[torch.optim.Optimizer] = [
        torch.optim.AdamW(others, lr=rate, weight_decay=decay, fused=True)
    ]
    if matrices:
        optimizers.append(
            torch.optim.Muon(
                list(matrices.values()), lr=rate, weight_decay=decay, adjust_lr_fn="match_rms_adamw"
            )
        )
    return optimizers


class Trainer:
    """Trains an objective's networks.

    Attributes:
        config: the run's configuration.
        accelerator: devices and processes.
        networks: the objective in training, not wrapped for data-parallel training.
        average: exponential moving average of the networks' weights, in evaluation mode.
        optimizers: of the parameters that require a gradient; see `make_optimizers`.
        step: optimizer steps taken.
    """

    def __init__(
        self, config: TrainingConfig, objective: RAMObjective, accelerator: Accelerator | None = None
    ) -> None:
        """Prepare an objective for training.

        Args:
            config: the run's configuration.
            objective: its networks may come from a pipeline; parameters that do not require a gradient
                are not trained.
            accelerator: default: one process on the best available device.
        """
        self.config = config
        self.accelerator = accelerator or Accelerator()
        self.parts = config.accumulation * self.accelerator.num_processes
        self.networks = objective.to(self.accelerator.device)
        self.average = copy.deepcopy(objective).eval().requires_grad_(False)
        if config.compile:
            for network in objective.children():
                network.compile()
        self._objective: nn.Module
        self._objective, *self.optimizers = self.accelerator.prepare(
            objective, *make_optimizers(objective, config.optimizer)
        )
        self._averaged, self._current = (
            list(network.state_dict().values()) for network in (self.average, self.networks)
        )
        self.step = 0

    def batches(self, training: Batches) -> list[Batch]:
        """This process's batches of the next step, one per accumulation."""
        rank, processes = self.accelerator.process_index, self.accelerator.num_processes
        return [
            training.at(self.step, part * processes + rank, self.parts)
            for part in range(self.config.accumulation)
        ]

    def train_step(self, batches: Sequence[Batch]) -> dict[str, Tensor]:
        """One optimizer step.

        Args:
            batches: from `Trainer.batches`.

        Returns:
            The objective's terms and statistics over this process's clips, and "gradient_norm"; scalars on
            the device, which may still be computing them.
        """
        options, (size, frames, _) = self.config.optimizer, batches[0].motion.shape
        self.networks.train()
        generator = self._seed_step()
        draws = self.networks.draw(size * self.parts, frames, generator).split(self.parts)
        for optimizer in self.optimizers:
            for group in optimizer.param_groups:
                group["lr"] = self.learning_rate
        values: list[dict[str, Tensor]] = []
        for part, batch in enumerate(batches):
            own = draws[part * self.accelerator.num_processes + self.accelerator.process_index]
            last = part + 1 == len(batches)
            unsynced = contextlib.nullcontext() if last else self.accelerator.no_sync(self._objective)
            with unsynced:
                with self.precision():
                    terms = self._objective(batch, own)
                self.accelerator.backward(terms["total"] / len(batches))
            values.append({name: term.detach() for name, term in terms.items()})
        norm = self.accelerator.clip_grad_norm_(self.networks.parameters(), options.clip_norm)
        for optimizer in self.optimizers:
            optimizer.step()
            optimizer.zero_grad(set_to_none=True)
        self.step += 1
        self._update_average()
        means = {name: torch.stack([part[name] for part in values]).mean() for name in values[0]}
        return {**means, "gradient_norm": norm}

    @torch.no_grad()
    def validate(self, batches: Iterable[Batch]) -> dict[str, float]:
        """Mean terms of the averaged weights, with fixed noise; call it in one process.

        With a motion encoder also "retrieval", R@1 in groups of 32: how often the latent of a clip's
        caption is closer to its z_m than to those of 31 other clips.
        """
        generator = torch.Generator(self.accelerator.device).manual_seed(0)
        sums: dict[str, float] = {}
        latents: list[tuple[Tensor, Tensor]] = []
        count = 0
        for batch in batches:
            size, frames, _ = batch.motion.shape
            with self.precision():
                terms = self.average(batch, self.average.draw(size, frames, generator))
                if self.average.motion_encoder:
                    z_t = self.average.text_encoder(batch.text, batch.text_mask)
                    latents.append((z_t, self.average.motion_encoder(batch.motion, batch.motion_mask)))
            for name, term in terms.items():
                sums[name] = sums.get(name, 0.0) + float(term) * size
            count += size
        values = {name: total / count for name, total in sums.items()}
        if latents:
            texts, motions = (
                F.normalize(torch.cat(z).float(), dim=-1).cpu() for z in zip(*latents, strict=True)
            )
            values["retrieval"] = float(r_precision(texts, motions, top_k=1, group=min(GROUP, count)))
        return values

    def state(self) -> State:
        """Everything that the next step depends on."""
        return {
            "step": self.step,
            "objective": self.networks.state_dict(),
            "average": self.average.state_dict(),
            "optimizers": [optimizer.state_dict() for optimizer in self.optimizers],
        }

    def load_state(self, state: State) -> None:
        """Restore the result of `state`, in any number of processes."""
        self.networks.load_state_dict(state["objective"])
        self.average.load_state_dict(state["average"])
        for optimizer, stored in zip(self.optimizers, state["optimizers"], strict=True):
            optimizer.load_state_dict(stored)
        self.step = state["step"]

    @property
    def learning_rate(self) -> float:
        """Learning rate of the next step."""
        options = self.config.optimizer
        warm = min(1.0, (self.step + 1) / options.warmup_steps) if options.warmup_steps else 1.0
        progress = min(1.0, self.step / self.config.max_steps)
        decay = 0.5 * (1.0 + math.cos(math.pi * progress)) if options.cosine_decay else 1.0
        return options.learning_rate * warm * decay

    def precision(self) -> contextlib.AbstractContextManager[Any, bool | None]:
        """The autocast context of the networks: bf16 if the configuration says so."""
        enabled = self.config.precision == "bf16"
        return torch.autocast(self.accelerator.device.type, torch.bfloat16, enabled=enabled)

    def _seed_step(self) -> torch.Generator:
        seed = self.config.seed * 1_000_003 + self.step
        torch.manual_seed(seed + (self.accelerator.process_index << 40))  # dropout's
        return torch.Generator(self.accelerator.device).manual_seed(seed)

    @torch.no_grad()
    def _update_average(self) -> None:
        decay = min(self.config.optimizer.ema_decay, (1.0 + self.step) / (10.0 + self.step))
        torch._foreach_lerp_(self._averaged, self._current, 1.0 - decay)
