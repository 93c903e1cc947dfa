"""The folder of a training run.

RUN/config.json             its configuration
RUN/data.json               SHA-256 of the training data: clips, captions and statistics
RUN/log.jsonl               a line for every logged step
RUN/checkpoints/step-N.pt   everything needed to resume from step N; the newest few are kept
RUN/samples/step-N.png      motions generated with the averaged weights
RUN/lock                    the process that is training in the folder (see `ram_sdk.locks`)
"""

import dataclasses
import json
import os
import re
import zipfile
from collections.abc import Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import Any

import torch

from ram_sdk.files import PART, replacing, write_whole
from training.config import TrainingConfig, config_from_json

State = dict[str, Any]

_STEP = re.compile(r"step-(\d+)\.pt")
_STATE_KEYS = ("step", "objective", "average", "optimizers")


class RunFolder:
    """Reads and writes the files of one run; writes are atomic."""

    def __init__(self, root: str | Path) -> None:
        self.root = Path(root)
        self._log = self.root / "log.jsonl"
        self._checkpoints = self.root / "checkpoints"

    def start(self, config: TrainingConfig, step: int, machine: str, data: str) -> None:
        """Start, or resume from a step: later log lines are dropped, later checkpoints renamed.

        Args:
            config: the run's configuration.
            step: of the checkpoint that it resumes from, or 0.
            machine: description of the machine; logged with the date.
            data: SHA-256 of the training data.
        """
        self._checkpoints.mkdir(parents=True, exist_ok=True)
        for leftover in (*self.root.glob(f".*{PART}"), *self._checkpoints.glob(f"*{PART}")):
            leftover.unlink()
        for path in self.checkpoints():
            if _step_of(path) > step:  # damaged: it must not displace intact ones
                path.replace(path.with_suffix(".damaged"))
        content = json.dumps(dataclasses.asdict(config), indent=2) + "\n"
        write_whole(self.root / "config.json", content.encode())
        write_whole(self.root / "data.json", (json.dumps({"sha256": data}) + "\n").encode())
        if self._log.is_file():
            kept = [json.dumps(line) + "\n" for line in self._lines() if line["step"] <= step]
            write_whole(self._log, "".join(kept).encode())
        self._append({"step": step, "split": "start", "date": str(date.today()), "machine": machine})

    def config(self) -> TrainingConfig:
        """The run's configuration.

        Raises:
            FileNotFoundError: this is not the folder of a run.
            ValueError: its configuration cannot be read.
        """
        path = self.root / "config.json"
        if not path.is_file():
            raise FileNotFoundError(f"{self.root} has no config.json: it is not the folder of a run")
        return config_from_json(path.read_text(encoding="utf-8"), str(path))

    def changes(self, config: TrainingConfig) -> list[str]:
        """The settings that differ from the run's configuration, as "key: before -> now"."""
        before, now = (flat(dataclasses.asdict(each)) for each in (self.config(), config))
        return [
            f"{key}: {before.get(key)} -> {now.get(key)}"
            for key in sorted(before.keys() | now.keys())
            if before.get(key) != now.get(key)
        ]

    def check_data(self, data: str) -> None:
        """Refuse to resume on other data; runs that ram_sdk 0.1 started have no record of theirs.

        Raises:
            ValueError: the run was trained on other data.
        """
        path = self.root / "data.json"
        if not path.is_file():
            return
        try:
            known = json.loads(path.read_text(encoding="utf-8"))["sha256"]
        except (ValueError, KeyError, TypeError):
            raise ValueError(f"{path} is damaged: delete it if the data is that of the run") from None
        if known != data:
            raise ValueError(
                f"{self.root} was trained on other clips, captions or statistics: use the same data, or "
                "another folder with initial_checkpoint=CHECKPOINT to start from its export"
            )

    def checkpoints(self) -> list[Path]:
        """Finished checkpoints, oldest first."""
        return sorted(
            (p for p in self._checkpoints.glob("step-*.pt") if _STEP.fullmatch(p.name)), key=_step_of
        )

    def save(self, state: State, keep: int) -> None:
        """Write a checkpoint of `state["step"]` and remove all but the newest `keep`.

        Raises:
            ValueError: weights are not finite; nothing is written and no older checkpoint is removed.
            OSError: it cannot be written, for example to a full disk; no partial file is left.
        """
        if bad := _not_finite(state):
            raise self.diverged(bad, state["step"])
        path = self._checkpoints / f"step-{state['step']}.pt"
        with replacing(path) as temporary, temporary.open("wb") as file:
            try:
                torch.save(state, file)
            except RuntimeError as error:  # torch's error for a failed write
                raise OSError(str(error).splitlines()[0]) from error
            file.flush()
            os.fsync(file.fileno())  # a rename must not reach the disk before the content
        for old in self.checkpoints()[:-keep]:
            old.unlink()

    def diverged(self, what: str, step: int) -> ValueError:
        """The error of a run whose loss or weights are no longer finite."""
        newest = self.checkpoints()[-1:]
        before = f"the newest checkpoint is {newest[0].name}" if newest else "there is no earlier checkpoint"
        return ValueError(
            f"training diverged: {what} is not finite at step {step}, which was not saved; {before}. Resume "
            "with a lower optimizer.learning_rate or optimizer.clip_norm"
        )

    def newest(self) -> State | None:
        """The newest intact checkpoint, or None if there are no checkpoints.

        Raises:
            ValueError: all checkpoints are damaged.
        """
        paths = self.checkpoints()
        for path in reversed(paths):
            try:
                return _read_state(path)
            except ValueError as error:
                print(f"skipping {path}, which is damaged ({error})")
        if paths:
            raise ValueError(
                f"all checkpoints in {self._checkpoints} are damaged: remove them to start again"
            )
        return None

    def log(self, step: int, split: str, values: Mapping[str, float]) -> None:
        """Append a line to the log; nine digits represent a float32 exactly."""
        numbers = {name: float(f"{value:.9g}") for name, value in values.items()}
        self._append({"step": step, "split": split, **numbers})

    def read_log(self, split: str) -> list[dict[str, Any]]:
        """The log's lines of a kind: "start", "train" (means since the previous line) or "val"."""
        return [line for line in self._lines() if line["split"] == split] if self._log.is_file() else []

    def _lines(self) -> Iterator[dict[str, Any]]:
        """The valid lines of the log; a killed run may leave the last one incomplete."""
        for text in self._log.read_text(encoding="utf-8", errors="replace").splitlines():
            try:
                line = json.loads(text)
            except ValueError:
                continue
            if isinstance(line, dict) and isinstance(line.get("step"), int) and "split" in line:
                yield line

    def _append(self, line: dict[str, Any]) -> None:
        with self._log.open("a", encoding="utf-8") as file:
            file.write(json.dumps(line) + "\n")


def _step_of(path: Path) -> int:
    return int(path.stem.removeprefix("step-"))


def _read_state(path: Path) -> State:
    """Read a checkpoint.

    Raises:
        ValueError: it is damaged; the message says how.
    """
    try:
        with zipfile.ZipFile(path) as archive:  # torch writes checksums but does not check them
            damaged = archive.testzip()
        if damaged is None:
            state = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # torch.load raises any error that unpickling garbage does
        raise ValueError((str(error).splitlines() or [type(error).__name__])[0]) from error
    if damaged is not None:
        raise ValueError(f"the checksum of {damaged} is wrong")
    if not isinstance(state, dict) or any(key not in state for key in _STATE_KEYS):
        raise ValueError("it is not the state of a run")
    if state["step"] != _step_of(path):
        raise ValueError(f"it is of step {state['step']}")
    if bad := _not_finite(state):
        raise ValueError(f"{bad} is not finite")
    return state


def _not_finite(state: State) -> str | None:
    """The first weight in a state that is NaN or infinite."""
    for group in ("objective", "average"):
        for name, weight in state.get(group, {}).items():
            if not torch.isfinite(weight).all():
                return f"{group}.{name}"
    return None


def flat(values: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """Nested keys joined by dots, as trackers expect them."""
    result: dict[str, Any] = {}
    for key, value in values.items():
        result |= flat(value, f"{prefix}{key}.") if isinstance(value, dict) else {f"{prefix}{key}": value}
    return result
