"""`.npz`: joints, features and how they were made in one archive, or SMPL parameters as AMASS has them."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from ram_sdk.array_files import Archive, text
from ram_sdk.clip import Clip
from ram_sdk.formats import amass
from ram_sdk.formats.json import origin, parse, plain
from ram_sdk.formats.positions import motion_of, warn
from ram_sdk.formats.read_options import ReadOptions, refuse_names
from ram_sdk.formats.write_options import NpzOptions
from ram_sdk.skeleton.features import decode_features
from ram_sdk.skeleton.placing import apart

_OFF = 0.05  # metres; in an hour of motion rounding adds up to less


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
    """Read an archive that `write` made, or SMPL parameters under any of the names in use.

    Warns:
        UserWarning: the archive's features are not those of its joints and were left out.
    """
    refuse_names(path, options)
    try:
        with Archive(path, options.longest.frames) as archive:
            if "joints" in archive:
                return _own(archive, path, options)
            return amass.motion_from(archive, path, options)
    except ValueError as error:
        raise ValueError(f"{path.name!r} is not a motion archive: {error}") from error


def _own(archive: Archive, path: Path, options: ReadOptions) -> Clip:
    joints, features = archive["joints"], archive.first("features")
    prompt, settings = (archive.first(name) for name in ("prompt", "settings"))
    motion = motion_of(
        joints,
        amass.rate_of(archive),
        path,
        options,
        **origin(
            None if prompt is None else text(prompt, "prompt") or None,
            {} if settings is None else parse(text(settings, "settings")),
            path,
        ),
    )
    changed = not np.array_equal(motion.joints, joints.astype(np.float32))  # scaled or turned, as was said
    if features is None or changed:
        return motion
    if misfit := _misfit(features, motion):
        warn(path, f"its features {misfit}: left out, the joints are taken")
        return motion
    return replace(motion, generated_features=features.astype(np.float32))


def _misfit(features: NDArray[Any], motion: Clip) -> str:
    """Why features cannot be those that a motion's joints were decoded from; "" if they can."""
    shape = (len(motion), motion.skeleton.num_features)
    if features.shape != shape:
        return f"have the shape {features.shape}, not {shape}"
    if features.dtype.kind not in "iuf" or not np.isfinite(features).all():
        return "are not finite numbers"
    decoded = decode_features(torch.from_numpy(features.astype(np.float64)), motion.skeleton)
    off = apart(torch.tensor(motion.joints, dtype=torch.float64), decoded) / motion.skeleton.metre
    return "" if off < _OFF else f"decode to other joints, up to {off:.2g} m away"
