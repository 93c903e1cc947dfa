"""`.npz`: joints, features and how they were made in one archive, or SMPL parameters as AMASS has them."""

import json
from pathlib import Path

import numpy as np

from ram_sdk.array_files import Archive, number, text
from ram_sdk.clip import Clip
from ram_sdk.formats import amass
from ram_sdk.formats.json import parse, plain, settings_of
from ram_sdk.formats.positions import motion_of
from ram_sdk.formats.read_options import ReadOptions, refuse_names
from ram_sdk.formats.write_options import NpzOptions


def write(motion: Clip, path: Path, options: NpzOptions) -> None:
    """Write the motion as an archive of arrays.

    The layout "motion" holds `joints`, `features`, `fps`, and `prompt` and `settings` (JSON) as strings;
    "smplh" and "smplx" are those of AMASS, Z up, at 30 frames a second because AMASS readers refuse less.

    Raises:
        ValueError: a file that is not a model of the layout.
    """
    if options.layout != "motion":
        np.savez_compressed(path, **amass.arrays_of(motion, options))
        return
    if options.fps is not None:
        motion = motion.resample(options.fps)
    np.savez_compressed(
        path,
        joints=motion.joints,
        features=motion.features,
        fps=np.float64(motion.fps),
        prompt=np.str_(motion.prompt or ""),
        settings=np.str_(json.dumps(dict(motion.settings), default=plain)),
    )


def read(path: Path, options: ReadOptions) -> Clip:
    """Read an archive that `write` made, or SMPL parameters under any of the names in use."""
    refuse_names(path, options)
    try:
        with Archive(path) as archive:
            if "joints" in archive:
                return _own(archive, path, options)
            return amass.motion_from(archive, path, options)
    except ValueError as error:
        raise ValueError(f"{path.name!r} is not a motion archive: {error}") from error


def _own(archive: Archive, path: Path, options: ReadOptions) -> Clip:
    joints, features = archive["joints"], archive.first("features")
    if features is not None and not (features.shape[:1] == joints.shape[:1] and np.isfinite(features).all()):
        raise ValueError(f"features of shape {features.shape} for joints of shape {joints.shape}")
    rate, prompt, settings = (archive.first(name) for name in ("fps", "prompt", "settings"))
    return motion_of(
        joints,
        None if rate is None else number(rate, "fps"),
        path,
        options,
        prompt=None if prompt is None else text(prompt, "prompt") or None,
        settings={} if settings is None else settings_of(parse(text(settings, "settings"))),
        generated_features=features,
    )
