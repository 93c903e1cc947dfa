"""The folder of a training run.

RUN/config.json             its configuration
RUN/data.json               what it is trained on: SHA-256 of clips, captions and statistics
RUN/log.jsonl               a line for every logged step
RUN/checkpoints/step-N.pt   everything that the steps after N depend on; the newest few are kept
RUN/samples/step-N.png      motions that the averaged weights made
RUN/lock                    which process trains in it, while one does (see `ram_sdk.locks`)
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
_PARTS_OF_A_STATE = ("step", "objective", "average", "optimizer")


class RunFolder:
    """Reads and writes the files of one run; each appears whole or not at all."""

    def __init__(self, root: str | Path) -> None:
        self.root = Path(root)
        self._log = self.root / "log.jsonl"
        self._checkpoints = self.root / "checkpoints"

    def start(self, config: TrainingConfig, step: int, machine: str, data: str) -> None:
        """Begin, or resume from a step: what is later than it is dropped from the log and set aside.

        Args:
            config: the run's configuration.
            step: of the checkpoint that it resumes from, or 0.
            machine: what it runs on, in words; logged with the date.
            data: SHA-256 of what it is trained on.
        """
        self._checkpoints.mkdir(parents=True, exist_ok=True)
        for leftover in (*self.root.glob(f".*{PART}"), *self._checkpoints.glob(f"*{PART}")):
            leftover.unlink()
        for path in self.checkpoints():
            if _step_of(path) > step:  # damaged: it must not push sound ones out
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
            raise FileNotFoundError(f"{self.root} holds no config.json: it is not the folder of a run")
        return config_from_json(path.read_text(encoding="utf-8"), str(path))

    def changes(self, config: TrainingConfig) -> list[str]:
        """The settings in which a configuration differs from the run's, as "key: before -> now"."""
        before, now = (flat(dataclasses.asdict(each)) for each in (self.config(), config))
        return [
            f"{key}: {before.get(key)} -> {now.get(key)}"
            for key in sorted(before.keys() | now.keys())
            if before.get(key) != now.get(key)
        ]

    def check_data(self, data: str) -> None:
        """Refuse to resume on other data; runs that were begun by ram_sdk 0.1 do not know theirs.

        Raises:
            ValueError: the run was trained on other data.
        """
        path = self.root / "data.json"
        if not path.is_file():
            return
        try:
            known = json.loads(path.read_text(encoding="utf-8"))["sha256"]
        except (ValueError, KeyError, TypeError):
            raise ValueError(f"{path} is damaged: delete it if the data are those of the run") from None
        if known != data:
            raise ValueError(
                f"{self.root} was trained on other clips, captions or statistics than these: give the same "
                "data, or another folder with initial_checkpoint=CHECKPOINT to start from its export"
            )

    def checkpoints(self) -> list[Path]:
        """Finished checkpoints, oldest first."""
        return sorted(
            (p for p in self._checkpoints.glob("step-*.pt") if _STEP.fullmatch(p.name)), key=_step_of
        )

    def save(self, state: State, keep: int) -> None:
        """Write a checkpoint of `state["step"]` and remove all but the newest `keep`.

        Raises:
            ValueError: weights are not finite; nothing is written and no older checkpoint removed.
            OSError: it cannot be written, such as on a full disk; nothing is left behind.
        """
        if bad := _not_finite(state):
            raise self.diverged(bad, state["step"])
        path = self._checkpoints / f"step-{state['step']}.pt"
        with replacing(path) as temporary, temporary.open("wb") as file:
            try:
                torch.save(state, file)
            except RuntimeError as error:  # what torch makes of a write that fails
                raise OSError(str(error).splitlines()[0]) from error
            file.flush()
            os.fsync(file.fileno())  # a rename must not reach the disk before the content
        for old in self.checkpoints()[:-keep]:
            old.unlink()

    def diverged(self, what: str, step: int) -> ValueError:
        """The error of a run whose loss or weights are no longer numbers."""
        newest = self.checkpoints()[-1:]
        before = f"the newest checkpoint is {newest[0].name}" if newest else "there is no earlier checkpoint"
        return ValueError(
            f"training diverged: {what} is not finite at step {step}, which was not saved; {before}. Resume "
            "with a lower optimizer.learning_rate or optimizer.clip_norm"
        )

    def newest(self) -> State | None:
        """The newest checkpoint that is sound, or None if there are none.

        Raises:
            ValueError: there are some, and all are damaged.
        """
        paths = self.checkpoints()
        for path in reversed(paths):
            try:
                return _read_state(path)
            except ValueError as error:
                print(f"{path} is damaged and left out ({error})")
        if paths:
            raise ValueError(f"all checkpoints in {self._checkpoints} are damaged: remove them to restart")
        return None

    def log(self, step: int, split: str, values: Mapping[str, float]) -> None:
        """Append a line to the log; nine digits give back every bit of a float32."""
        numbers = {name: float(f"{value:.9g}") for name, value in values.items()}
        self._append({"step": step, "split": split, **numbers})

    def read_log(self, split: str) -> list[dict[str, Any]]:
        """The log's lines of a kind: "start", "train" (means since the line before) or "val"."""
        return [line for line in self._lines() if line["split"] == split] if self._log.is_file() else []

    def _lines(self) -> Iterator[dict[str, Any]]:
        """The lines of the log; the last may be cut where a run was killed, others may be damaged."""
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
    """A checkpoint.

    Raises:
        ValueError: it is damaged; the message says how.
    """
    try:
        with zipfile.ZipFile(path) as archive:  # torch writes checksums and does not read them
            damaged = archive.testzip()
        if damaged is None:
            state = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # torch.load raises whatever unpickling garbage raises
        raise ValueError((str(error).splitlines() or [type(error).__name__])[0]) from error
    if damaged is not None:
        raise ValueError(f"the checksum of {damaged} is wrong")
    if not isinstance(state, dict) or any(part not in state for part in _PARTS_OF_A_STATE):
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
    """Nested keys joined by dots, as trackers want them."""
    result: dict[str, Any] = {}
    for key, value in values.items():
        result |= flat(value, f"{prefix}{key}.") if isinstance(value, dict) else {f"{prefix}{key}": value}
    return result
