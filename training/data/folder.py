"""Reading and writing folders in HumanML3D's layout."""

import os
from collections.abc import Iterable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

# Widths of the groups of features over which HumanML3D averages the standard deviation: yaw velocity, ground
# velocity, height, positions, rotations, velocities, contacts (`cal_mean_variance.ipynb`).
_GROUPS = (1, 2, 1, 63, 126, 66, 4)


def write_atomically(path: Path, content: bytes) -> None:
    """Write a file so that it is either complete or not there."""
    temporary = path.with_name(f"{path.name}.part")
    temporary.write_bytes(content)
    os.replace(temporary, path)


def grouped_std(paths: Iterable[Path]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Mean and standard deviation of feature files, the latter averaged within groups as HumanML3D does.

    Args:
        paths: `.npy` files of `(frames, 263)`.

    Returns:
        Two arrays `(263,)`.

    Raises:
        ValueError: there are no files.
    """
    frames = 0
    total = np.zeros(sum(_GROUPS))
    squares = np.zeros(sum(_GROUPS))
    for path in paths:
        features = np.load(path, allow_pickle=False).astype(np.float64)
        frames += len(features)
        total += features.sum(0)
        squares += np.square(features).sum(0)
    if frames == 0:
        raise ValueError("no clips to take the mean and standard deviation of")
    mean = total / frames
    std = np.sqrt(np.maximum(squares / frames - mean**2, 0.0))
    for start, width in zip(np.cumsum((0, *_GROUPS[:-1])), _GROUPS, strict=True):
        std[start : start + width] = std[start : start + width].mean()
    return mean.astype(np.float32), std.astype(np.float32)
