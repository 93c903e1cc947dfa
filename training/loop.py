"""The training loop: logs, checkpoints, validation and samples around the trainer's steps."""

import contextlib
import dataclasses
import functools
import math
import signal
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import torch
from accelerate import Accelerator, DistributedDataParallelKwargs
from accelerate.tracking import get_available_trackers
from torch import Tensor
from tqdm import tqdm

from ram_sdk import RAMPipeline
from ram_sdk.locks import folder_lock
from training import machine
from training.config import TrainingConfig
from training.data.folder import MotionTextFolder
from training.dataset import Batches, fingerprint, read_training
from training.evaluation.prompt_checks.sheets import sample_sheet
from training.export import fit_duration, pipeline_of
from training.networks import build_objective, load_weights, text_backbone
from training.run_folder import RunFolder, State, flat
from training.trainer import Trainer

_STOP_EVERY = 10  # steps between checks for a stop signal across processes, which synchronise them


def make_accelerator(config: TrainingConfig, out: Path, cpu: bool = False) -> Accelerator:
    """The devices, processes and trackers of a run.

    The trainer handles precision, from the configuration; settings of `accelerate launch` are ignored.

    Raises:
        ValueError: the configuration's tracker is not installed.
    """
    available = [str(tracker.value) for tracker in get_available_trackers()]
    if config.tracker not in ("none", *available):
        raise ValueError(f"tracker={config.tracker} is not installed: pip install {config.tracker}")
    return Accelerator(
        cpu=cpu,
        mixed_precision="no",
        log_with=None if config.tracker == "none" else config.tracker,
        project_dir=out,
        kwargs_handlers=[DistributedDataParallelKwargs(broadcast_buffers=False)],  # they are constants
    )


def train(config: TrainingConfig, data: Path, out: Path, cpu: bool = False) -> bool:
    """Train, or resume the run in `out`.

    Args:
        config: the run's configuration.
        data: folder in HumanML3D's layout.
        out: folder of the run; see `training.run_folder`.
        cpu: use the CPU even if there is an accelerator.

    Returns:
        Whether the run was completed; False after a SIGTERM, when the same call resumes it.
    """
    accelerator = make_accelerator(config, out, cpu)
    device = accelerator.device
    if config.precision == "bf16" and device.type == "cpu" and not _has_bf16():
        accelerator.print(
            "warning: this CPU has no bf16 arithmetic, precision=fp32 is about a hundred times faster here"
        )
    folder = MotionTextFolder(data)
    backbone = text_backbone(config.text_backbone)
    backbone.model.to(device)
    with accelerator.main_process_first():
        train_clips, val_clips, states = read_training(folder, backbone, config.min_frames, device)
    mean, std = torch.from_numpy(folder.mean), torch.from_numpy(folder.std)
    training, validation = (
        Batches(clips, states, mean, std, config, device) for clips in (train_clips, val_clips)
    )
    objective = build_objective(config, len(mean), backbone.config.dim)
    run = RunFolder(out)
    state = run.newest()
    if config.initial_checkpoint and state is None:
        load_weights(objective, config.initial_checkpoint, mean, std)
    trainer = Trainer(config, objective, accelerator)
    accelerator.print(f"{len(train_clips)} training clips, {len(val_clips)} validation clips")
    data_hash = fingerprint([*train_clips, *val_clips], folder.mean, folder.std)

    @functools.cache
    def pipeline() -> RAMPipeline:
        duration = fit_duration(train_clips, states, folder.skeleton.fps)
        return pipeline_of(trainer.average, config, folder, backbone, duration)

    fit(trainer, run, state, training, validation, pipeline, data_hash)
    return trainer.step >= config.max_steps


def fit(
    trainer: Trainer,
    run: RunFolder,
    state: State | None,
    training: Batches,
    validation: Batches,
    pipeline: Callable[[], RAMPipeline],
    data: str,
) -> None:
    """Take the remaining steps, with logs, checkpoints, validation and samples.

    Args:
        trainer: at step 0.
        run: the folder to write to.
        state: the run's newest checkpoint, to resume from, or None.
        training: training batches.
        validation: validation batches.
        pipeline: builds the pipeline of the averaged weights, for samples.
        data: SHA-256 of the training data, from `training.dataset.fingerprint`.

    Raises:
        ValueError: the folder holds a run of another model or optimizer, or on other data, another run is
            using it, or the loss is not finite.
    """
    accelerator, main = trainer.accelerator, trainer.accelerator.is_main_process
    with folder_lock(run.root) if main else contextlib.nullcontext():
        if state is not None:
            _resume(trainer, run, state, data)
        accelerator.wait_for_everyone()
        if trainer.step >= trainer.config.max_steps:
            accelerator.print(f"{run.root} is already at step {trainer.step}")
            return
        if main:
            run.start(trainer.config, trainer.step, _machine(accelerator), data)
        accelerator.init_trackers("ram", flat(dataclasses.asdict(trainer.config)))
        _take_steps(trainer, run, training, validation, pipeline)
        accelerator.end_training()


def _resume(trainer: Trainer, run: RunFolder, state: State, data: str) -> None:
    if run.config().model != trainer.config.model:
        raise ValueError(f"{run.root} holds a run of another model: choose another folder")
    if run.config().optimizer.muon != trainer.config.optimizer.muon:
        raise ValueError(f"{run.root} holds a run of another optimizer: choose another folder")
    run.check_data(data)
    for change in run.changes(trainer.config):
        trainer.accelerator.print(f"resumed with a changed setting: {change}")
    trainer.load_state(state)


def _take_steps(
    trainer: Trainer,
    run: RunFolder,
    training: Batches,
    validation: Batches,
    pipeline: Callable[[], RAMPipeline],
) -> None:
    config, main = trainer.config, trainer.accelerator.is_main_process
    meter = Meter(trainer, run)
    with (
        sigterm() as stop,
        tqdm(
            total=config.max_steps, initial=trainer.step, desc="training", disable=None if main else True
        ) as bar,
    ):
        while trainer.step < config.max_steps and not _stopped(trainer, stop):
            with meter.waiting():
                batches = trainer.batches(training)
            meter.add(trainer.train_step(batches))
            bar.update()
            done = trainer.step == config.max_steps
            if trainer.step % config.log_every == 0 or done:
                loss = meter.log()["total"]
                if not math.isfinite(loss):
                    raise run.diverged("the loss", trainer.step)
                bar.set_postfix(loss=f"{loss:.4f}")
            if trainer.step % config.save_every == 0 or done:
                with meter.paused():
                    _save(trainer, run)
                    _validate(trainer, run, validation)
            if config.sample_every and (trainer.step % config.sample_every == 0 or done):
                with meter.paused():
                    _draw_samples(trainer, run, pipeline)
        if trainer.step < config.max_steps:
            _save(trainer, run)
            trainer.accelerator.print(f"stopped at step {trainer.step}; run the same command to resume")


class Meter:
    """Collects the values of the steps since the last log line, and their time."""

    def __init__(self, trainer: Trainer, run: RunFolder) -> None:
        self._trainer, self._run = trainer, run
        self._restart()

    def _restart(self) -> None:
        self._values: list[dict[str, Tensor]] = []
        self._start, self._waited = time.perf_counter(), 0.0

    @contextlib.contextmanager
    def waiting(self) -> Iterator[None]:
        """Count the time in this context as waiting for data."""
        start = time.perf_counter()
        yield
        self._waited += time.perf_counter() - start

    @contextlib.contextmanager
    def paused(self) -> Iterator[None]:
        """Leave the time in this context out of the training time."""
        start = time.perf_counter()
        yield
        self._start += time.perf_counter() - start

    def add(self, values: dict[str, Tensor]) -> None:
        """Add the values of a step, without waiting for the device."""
        self._values.append(values)

    def log(self) -> dict[str, float]:
        """Write means over processes and the steps since the last line to the log and the trackers."""
        trainer, accelerator = self._trainer, self._trainer.accelerator
        stacked = torch.stack([torch.stack(list(values.values())) for values in self._values]).mean(0)
        means: list[float] = accelerator.reduce(stacked, "mean").tolist()
        steps = len(self._values)
        line = dict(zip(self._values[0], means, strict=True)) | {
            "learning_rate": trainer.optimizers[0].param_groups[0]["lr"],
            "steps_per_second": steps / (time.perf_counter() - self._start),
            "data_wait": self._waited / steps,
        }
        if accelerator.is_main_process:
            self._run.log(trainer.step, "train", line)
        accelerator.log({f"train/{name}": value for name, value in line.items()}, trainer.step)
        self._restart()
        return line


@contextlib.contextmanager
def sigterm() -> Iterator[threading.Event]:
    """Within the context, SIGTERM sets the event instead of ending the program."""
    event = threading.Event()
    if threading.current_thread() is not threading.main_thread():  # only it may set handlers
        yield event
        return
    before = signal.signal(signal.SIGTERM, lambda *_: event.set())
    try:
        yield event
    finally:
        signal.signal(signal.SIGTERM, before)


def _has_bf16() -> bool:
    """Whether this CPU has bf16 arithmetic, according to the system."""
    about = Path("/proc/cpuinfo")
    return not about.is_file() or bool({"avx512_bf16", "amx_bf16", "bf16"} & set(about.read_text().split()))


def _machine(accelerator: Accelerator) -> str:
    """A description of the devices that the run uses."""
    device = machine.describe(accelerator.device)["machine"]
    count = accelerator.num_processes
    return f"{count} x {device}" if count > 1 else device


def _stopped(trainer: Trainer, stop: threading.Event) -> bool:
    """Whether any process was told to stop; the same in all processes."""
    accelerator = trainer.accelerator
    if accelerator.num_processes == 1:
        return stop.is_set()
    if trainer.step % _STOP_EVERY:
        return False
    told = torch.tensor(float(stop.is_set()), device=accelerator.device)
    return bool(accelerator.reduce(told, "sum"))


def _save(trainer: Trainer, run: RunFolder) -> None:
    if trainer.accelerator.is_main_process:
        run.save(trainer.state(), trainer.config.keep_checkpoints)


def _validate(trainer: Trainer, run: RunFolder, validation: Batches) -> None:
    accelerator = trainer.accelerator
    if accelerator.is_main_process:
        values = trainer.validate(validation.in_order())
        run.log(trainer.step, "val", values)
        accelerator.log({f"val/{name}": value for name, value in values.items()}, trainer.step)
    accelerator.wait_for_everyone()


def _draw_samples(trainer: Trainer, run: RunFolder, pipeline: Callable[[], RAMPipeline]) -> None:
    if trainer.accelerator.is_main_process:
        folder = run.root / "samples"
        folder.mkdir(exist_ok=True)
        sample_sheet(pipeline()).save(folder / f"step-{trainer.step}.png", optimize=True)
    trainer.accelerator.wait_for_everyone()
