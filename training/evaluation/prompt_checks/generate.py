"""Generating the motions for the suite's sentences, and storing them so that a run can be resumed."""

import hashlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from ram_sdk import RAMPipeline
from training.data.folder import save_array

Joints = NDArray[np.float32]
_BATCH = 16


def generate(pipeline: RAMPipeline, sentences: Sequence[str], seeds: int, folder: Path) -> None:
    """Generate a motion for every sentence with the seeds 0, 1, ..., unless it is in the folder already.

    Durations are the pipeline's estimates. The folder gets an `.npy` file of joints for each motion; seeds
    can be added later.

    Raises:
        ValueError: the folder has motions of another checkpoint.
    """
    folder.mkdir(parents=True, exist_ok=True)
    _check_checkpoint(folder, pipeline.name)
    todo = [(seed, text) for seed in range(seeds) for text in dict.fromkeys(sentences)]
    todo = [(seed, text) for seed, text in todo if not _file(folder, text, seed).exists()]
    for start in tqdm(range(0, len(todo), _BATCH), desc="generating", disable=None):
        chosen, texts = zip(*todo[start : start + _BATCH], strict=True)
        motions = pipeline(texts, seed=chosen).motions
        for seed, text, motion in zip(chosen, texts, motions, strict=True):
            save_array(_file(folder, text, seed), motion.joints)


def read_motion(folder: Path, sentence: str, seed: int) -> Joints:
    """The motion of a sentence and a seed, `(frames, 22, 3)`."""
    return np.asarray(np.load(_file(folder, sentence, seed), allow_pickle=False))


def _file(folder: Path, sentence: str, seed: int) -> Path:
    words = "-".join("".join(c if c.isalnum() else " " for c in sentence).split())[:60]
    return folder / f"{words}-{hashlib.sha256(sentence.encode()).hexdigest()[:8]}-seed{seed}.npy"


def _check_checkpoint(folder: Path, name: str) -> None:
    path = folder / "checkpoint.txt"
    if not path.exists():
        path.write_text(name, encoding="utf-8")
    elif (other := path.read_text(encoding="utf-8")) != name:
        raise ValueError(f"{folder} holds motions of {other}, not of {name}: use another --out")
