"""`.npy`: joint positions `(frames, joints, 3)` float32, metres; feature vectors are read too."""

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ram_sdk.array_files import read_npy
from ram_sdk.clip import Clip
from ram_sdk.formats.positions import motion_of
from ram_sdk.formats.read_options import ReadOptions, refuse_names
from ram_sdk.formats.write_options import Options
from ram_sdk.skeleton.plausibility import check_real_units

_MDM = (b"motion", b"lengths")  # keys of the dictionary in the results of MDM and its descendants


def write(motion: Clip, path: Path, options: Options) -> None:
    """Write the joint positions."""
    np.save(path, motion.joints, allow_pickle=False)


def read(path: Path, options: ReadOptions) -> Clip:
    """Read joint positions `(frames, 22 or 21, 3)` or feature vectors `(frames, 263 or 251)`.

    Raises:
        ValueError: neither, in another unit, or normalised.
    """
    refuse_names(path, options)
    try:
        array = read_npy(path, options.longest.frames)
    except ValueError as error:
        raise ValueError(f"{path.name!r}: {error}{_hint(path)}") from error
    try:
        return (
            _of_features(array, path, options) if array.ndim == 2 else motion_of(array, None, path, options)
        )
    except ValueError as error:
        raise ValueError(f"{path.name!r}: {error}") from error


def _of_features(array: NDArray[Any], path: Path, options: ReadOptions) -> Clip:
    motion = Clip.from_features(array)
    check_real_units(motion.joints, motion.skeleton)
    if options.up is None and options.fps is None:
        options.longest.check(len(motion), motion.fps)
        return motion
    return motion_of(motion.joints, motion.fps, path, options)


def _hint(path: Path) -> str:
    """What to do about results of MDM, which are a pickled dictionary."""
    with open(path, "rb") as file:
        start = file.read(1 << 20)
        file.seek(-min(path.stat().st_size, 1 << 20), 2)
        content = start + file.read()
    if not all(key in content for key in _MDM):
        return ""
    return (
        "; it looks like the results of MDM: if you trust the file, numpy.save('motion.npy', "
        f"numpy.load({path.name!r}, allow_pickle=True).item()['motion'][0].transpose(2, 0, 1)) in Python "
        "writes its first motion as a file that can be read here"
    )
