"""Make the motions of the suite's sentences, and keep them, so that a run can be resumed."""

import hashlib
import io
import json
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from ram_sdk import RAMPipeline
from training.data.folder import write_atomically

Joints = NDArray[np.float32]
_BATCH = 8  # sentences


def generate(pipeline: RAMPipeline, sentences: Iterable[str], seeds: int, folder: Path) -> None:
    """Make `seeds` motions (seeds 0, 1, ...) of every sentence that the folder does not hold yet.

    Durations are the pipeline's own estimates. The folder gets a file of joints for each sentence.

    Raises:
        ValueError: the folder holds motions of another checkpoint or another number of seeds.
    """
    folder.mkdir(parents=True, exist_ok=True)
    _check_settings(folder, {"checkpoint": pipeline.name, "seeds": seeds})
    missing = [sentence for sentence in dict.fromkeys(sentences) if not _file(folder, sentence).exists()]
    for start in tqdm(range(0, len(missing), _BATCH), desc="generating", disable=None):
        batch = missing[start : start + _BATCH]
        motions = pipeline(batch, seed=0, num_motions_per_prompt=seeds).motions
        for i, sentence in enumerate(batch):
            _write(_file(folder, sentence), [m.joints for m in motions[i * seeds : (i + 1) * seeds]])


def read_motions(folder: Path, sentence: str) -> list[Joints]:
    """The motions of a sentence, in order of their seeds, each `(frames, 22, 3)`."""
    with np.load(_file(folder, sentence), allow_pickle=False) as file:
        return [file[f"seed_{seed}"] for seed in range(len(file.files))]


def _file(folder: Path, sentence: str) -> Path:
    words = "-".join("".join(c if c.isalnum() else " " for c in sentence).split())[:60]
    return folder / f"{words}-{hashlib.sha256(sentence.encode()).hexdigest()[:8]}.npz"


def _write(path: Path, motions: Sequence[Joints]) -> None:
    content = io.BytesIO()
    np.savez(content, **{f"seed_{seed}": joints for seed, joints in enumerate(motions)})
    write_atomically(path, content.getvalue())


def _check_settings(folder: Path, settings: dict[str, object]) -> None:
    path = folder / "settings.json"
    if not path.exists():
        path.write_text(json.dumps(settings), encoding="utf-8")
    elif (held := json.loads(path.read_text(encoding="utf-8"))) != settings:
        raise ValueError(f"{folder} holds motions of {held}, not of {settings}: use another --out")
