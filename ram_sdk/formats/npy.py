"""`.npy`: joint positions `(frames, joints, 3)` float32, metres; feature vectors are read too."""

from pathlib import Path

import numpy as np

from ram_sdk.formats.write_options import Options
from ram_sdk.motion import Motion


def write(motion: Motion, path: Path, options: Options) -> None:
    """Write the joint positions."""
    np.save(path, motion.joints, allow_pickle=False)


def read(path: Path) -> Motion:
    """Read joint positions `(frames, 22 or 21, 3)` or feature vectors `(frames, 263 or 251)`."""
    try:
        array = np.load(path, allow_pickle=False)
    except (ValueError, EOFError) as error:
        raise ValueError(f"{path.name!r} is not an array file: {error}") from error
    return Motion.from_features(array) if array.ndim == 2 else Motion(array)
