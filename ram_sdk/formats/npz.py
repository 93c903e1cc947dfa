"""`.npz`: joints, features and how they were made in one archive, or SMPL parameters as AMASS has them."""

import json
import zipfile
from pathlib import Path
from typing import Literal

import numpy as np

from ram_sdk.formats import amass
from ram_sdk.motion import Motion


def write(
    motion: Motion,
    path: Path,
    *,
    layout: Literal["motion", "smplh", "smplx"] = "motion",
    fps: float | None = None,
    model_path: str | Path | None = None,
) -> None:
    """Write the motion as an archive of arrays.

    Args:
        motion: what to write.
        path: file to write.
        layout: "motion" holds `joints`, `features`, `fps`, and `prompt` and `settings` (JSON) as strings;
            "smplh" and "smplx" are those of AMASS, Z up, with 156 and 165 pose numbers a frame.
        fps: resample to this frame rate; by default the motion's own, and 30 for AMASS layouts, because
            their readers refuse less.
        model_path: for AMASS layouts, the user's own SMPL model file, to fit the body shape to the clip.

    Raises:
        ValueError: an unknown layout, or a file that is not an SMPL model.
    """
    if layout not in ("motion", "smplh", "smplx"):
        raise ValueError(f"layout {layout!r}: choose 'motion', 'smplh' or 'smplx'")
    if layout != "motion":
        np.savez_compressed(path, **amass.arrays_of(motion, layout, fps, model_path))
        return
    if fps is not None:
        motion = motion.resample(fps)
    np.savez_compressed(
        path,
        joints=motion.joints,
        features=motion.features,
        fps=np.float64(motion.fps),
        prompt=np.str_(motion.prompt or ""),
        settings=np.str_(json.dumps(dict(motion.settings))),
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
