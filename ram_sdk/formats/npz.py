"""`.npz`: joints, features and how they were made in one archive, or SMPL parameters as AMASS has them."""

import json
import zipfile
from pathlib import Path

import numpy as np

from ram_sdk.formats import amass
from ram_sdk.formats.json import plain
from ram_sdk.formats.write_options import NpzOptions
from ram_sdk.motion import Motion


def write(motion: Motion, path: Path, options: NpzOptions) -> None:
    """Write the motion as an archive of arrays.

    The layout "motion" holds `joints`, `features`, `fps`, and `prompt` and `settings` (JSON) as strings;
    "smplh" and "smplx" are those of AMASS, Z up, at 30 frames a second because their readers refuse less.

    Raises:
        ValueError: a file that is not an SMPL model, or for AMASS layouts a motion that is not of 22 joints.
    """
    if options.layout != "motion":
        np.savez_compressed(path, **amass.arrays_of(motion, options.layout, options.fps, options.model_path))
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


def read(path: Path) -> Motion:
    """Read an archive that `write` made, or one of the AMASS collection."""
    try:
        with np.load(path, allow_pickle=False) as archive:
            arrays = {name: archive[name] for name in archive.files}
        if "poses" in arrays:
            return amass.motion_from(arrays)
        return Motion(
            joints=arrays["joints"],
            fps=float(arrays["fps"]),
            prompt=str(arrays["prompt"]) or None,
            settings=json.loads(str(arrays["settings"])),
            generated_features=arrays["features"],
        )
    except KeyError as error:
        raise ValueError(f"{path.name!r} is not a motion archive: it has no array {error}") from error
    except (ValueError, zipfile.BadZipFile, EOFError) as error:
        raise ValueError(f"{path.name!r} is not a motion archive: {error}") from error
