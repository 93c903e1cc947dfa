"""`.npz`: joints, features, frame rate, prompt and settings in one archive."""

import json
import zipfile
from pathlib import Path

import numpy as np

from ram_sdk.motion import Motion


def write(motion: Motion, path: Path) -> None:
    """Write arrays `joints`, `features`, `fps`, and `prompt` and `settings` (JSON) as strings."""
    np.savez_compressed(
        path,
        joints=motion.joints,
        features=motion.features,
        fps=np.float64(motion.fps),
        prompt=np.str_(motion.prompt or ""),
        settings=np.str_(json.dumps(dict(motion.settings))),
    )


def read(path: Path) -> Motion:
    """Read an archive that `write` made."""
    try:
        with np.load(path, allow_pickle=False) as archive:
            arrays = {name: archive[name] for name in archive.files}
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
