"""The folder of a training run.

RUN/config.json             its configuration
RUN/log.jsonl               a line for every logged step
RUN/checkpoints/step-N.pt   everything that the steps after N depend on; the newest few are kept
RUN/samples/step-N.png      motions that the averaged weights made
"""

import dataclasses
import json
import os
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

import torch

from training.config import TrainingConfig, build
from training.data.folder import write_atomically

State = dict[str, Any]


class RunFolder:
    """Reads and writes the files of one run; each appears whole or not at all."""

    def __init__(self, root: str | Path) -> None:
        self.root = Path(root)
        self._log = self.root / "log.jsonl"

    def start(self, config: TrainingConfig, step: int, machine: str) -> None:
        """Begin, or resume from a step: later log lines are dropped.

        Args:
            config: the run's configuration.
            step: of the checkpoint that it resumes from, or 0.
            machine: what it runs on, in words; logged with the date.
        """
        (self.root / "checkpoints").mkdir(parents=True, exist_ok=True)
        content = json.dumps(dataclasses.asdict(config), indent=2) + "\n"
        write_atomically(self.root / "config.json", content.encode())
        if self._log.is_file():
            lines = self._log.read_text(encoding="utf-8").splitlines(keepends=True)
            kept = [line for line in lines if line.endswith("\n") and json.loads(line)["step"] <= step]
            write_atomically(self._log, "".join(kept).encode())
        self._append({"step": step, "split": "start", "date": str(date.today()), "machine": machine})

    def config(self) -> TrainingConfig:
        """The run's configuration.

        Raises:
            FileNotFoundError: this is not the folder of a run.
        """
        path = self.root / "config.json"
        if not path.is_file():
            raise FileNotFoundError(f"{self.root} holds no config.json: it is not the folder of a run")
        return build(TrainingConfig, json.loads(path.read_text(encoding="utf-8")))

    def checkpoints(self) -> list[Path]:
        """Finished checkpoints, oldest first."""
        found = (self.root / "checkpoints").glob("step-*.pt")
        return sorted(found, key=lambda path: int(path.stem.removeprefix("step-")))

    def save(self, state: State, keep: int) -> None:
        """Write a checkpoint of `state["step"]` and remove all but the newest `keep`."""
        path = self.root / "checkpoints" / f"step-{state['step']}.pt"
        temporary = path.with_suffix(".part")
        with temporary.open("wb") as file:
            torch.save(state, file)
            file.flush()
            os.fsync(file.fileno())  # a rename must not reach the disk before the content
        temporary.replace(path)
        for old in self.checkpoints()[:-keep]:
            old.unlink()

    def newest(self) -> State | None:
        """The newest checkpoint that can be read, or None."""
        for path in reversed(self.checkpoints()):
            try:
                state: State = torch.load(path, map_location="cpu", weights_only=True)
            except (RuntimeError, EOFError, OSError) as error:
                print(f"{path} is damaged and left out ({str(error).splitlines()[0]})")
                continue
            return state
        return None

    def log(self, step: int, split: str, values: Mapping[str, float]) -> None:
        """Append a line to the log; nine digits give back every bit of a float32."""
        numbers = {name: float(f"{value:.9g}") for name, value in values.items()}
        self._append({"step": step, "split": split, **numbers})

    def read_log(self, split: str) -> list[dict[str, Any]]:
        """The log's lines of a kind: "start", "train" (means since the line before) or "val"."""
        if not self._log.is_file():
            return []
        lines = map(json.loads, self._log.read_text(encoding="utf-8").splitlines())
        return [line for line in lines if line["split"] == split]

    def _append(self, line: dict[str, Any]) -> None:
        with self._log.open("a", encoding="utf-8") as file:
            file.write(json.dumps(line) + "\n")
