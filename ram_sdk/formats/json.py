"""`.json`: joints and how they were made, as text that any program reads."""

import json
from pathlib import Path
from typing import Any

import numpy as np

from ram_sdk.formats.text import read_text
from ram_sdk.formats.write_options import Options
from ram_sdk.motion import Motion


def write(motion: Motion, path: Path, options: Options) -> None:
    """Write joint names, parents, positions (0.01 mm), frame rate, prompt and settings."""
    content = {
        "fps": motion.fps,
        "prompt": motion.prompt,
        "settings": dict(motion.settings),
        "joint_names": motion.skeleton.joint_names,
        "parents": motion.skeleton.parents,
        "joints": np.round(motion.joints.astype(np.float64), 5).tolist(),
    }
    path.write_text(json.dumps(content, default=plain), encoding="utf-8")


def plain(value: Any) -> Any:
    """A number or array of numpy or torch among the settings, as JSON knows them."""
    if hasattr(value, "tolist"):
        return value.tolist()
    raise ValueError(f"settings hold {value!r} of type {type(value).__name__}, which JSON cannot say")


def read(path: Path) -> Motion:
    """Read a file that `write` made."""
    try:
        content = json.loads(read_text(path))
        return Motion(
            joints=np.asarray(content["joints"], dtype=np.float32),
            fps=float(content["fps"]),
            prompt=content.get("prompt"),
            settings=content.get("settings", {}),
        )
    except (ValueError, KeyError, TypeError) as error:
        raise ValueError(f"{path.name!r} is not a motion in JSON: {error}") from error
