"""`.json`: joints and how they were made, as text that any program reads."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ram_sdk.clip import Clip
from ram_sdk.formats.positions import RATES, body_of, motion_of, warn
from ram_sdk.formats.read_options import ReadOptions, refuse_names
from ram_sdk.formats.write_options import Options
from ram_sdk.skeleton.joints import SKELETONS
from ram_sdk.skeleton.mapping import place_joints
from ram_sdk.skeleton.roles import find_roles
from ram_sdk.skeleton.tree import JointTree
from ram_sdk.text_files import MAX_MOTION_BYTES, read_text

_MAX_BYTES = 256 << 20  # some hours of motion
_MAX_PROMPT = 20_000  # characters; of a composition all prompts together
_MAX_SETTINGS = 1 << 20  # characters as JSON


def write(motion: Clip, path: Path, options: Options) -> None:
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
    """A number or array of numpy or torch among the settings, as JSON."""
    if hasattr(value, "tolist"):
        return value.tolist()
    raise ValueError(f"settings hold {value!r} of type {type(value).__name__}, which JSON cannot hold")


def parse(text: str) -> Any:
    """JSON as Python values.

    Raises:
        ValueError: not JSON, or nested deeper than Python can read.
    """
    try:
        return json.loads(text)
    except RecursionError as error:
        raise ValueError("it is nested too deep") from error


def origin(prompt: Any, settings: Any, path: Path) -> dict[str, Any]:
    """Prompt and settings of a motion, as arguments for `Clip`; what is too long to be them is left out.

    Warns:
        UserWarning: something was left out.

    Raises:
        ValueError: the prompt is not a text, or the settings are not an object.
    """
    if not isinstance(prompt, str | None):
        raise ValueError(f"prompt {prompt!r}: expected a text")
    if not isinstance(settings, dict):
        raise ValueError(f"settings are {type(settings).__name__}: expected an object")
    if prompt is not None and len(prompt) > _MAX_PROMPT:
        warn(path, f"its prompt has {len(prompt)} characters, above {_MAX_PROMPT}: left out")
        prompt = None
    if (length := len(json.dumps(settings))) > _MAX_SETTINGS:
        warn(path, f"its settings have {length} characters, above {_MAX_SETTINGS}: left out")
        settings = {}
    return {"prompt": prompt, "settings": settings}


def read(path: Path, options: ReadOptions) -> Clip:
    """Read a file that `write` made, or one with other, named joints.

    Joints are taken in the order of `joint_names`, if the file has them. Those of another skeleton are found
    by role, as those of a BVH file are, and retargeted.

    Raises:
        ValueError: not such a file, or no person is found among its joints.
    """
    refuse_names(path, replace(options, skeleton=None))
    try:
        if path.stat().st_size > _MAX_BYTES:
            raise ValueError(f"more than {_MAX_BYTES >> 20} MiB: split it")
        content = parse(read_text(path, MAX_MOTION_BYTES))
        if not isinstance(content, dict) or "joints" not in content:
            raise ValueError("expected an object with joints and fps")
        if isinstance(content["joints"], list):
            options.longest.check(len(content["joints"]), None)
        joints, names = _array(content["joints"]), content.get("joint_names")
        made = origin(content.get("prompt"), content.get("settings", {}), path)
        rate = _rate(next((content[name] for name in RATES if name in content), None))
        order = None if names is None else _order(joints, names, options)
        if order is None and names is not None:
            return body_of(_captured(joints, names, options), rate, path, options, **made)
        return motion_of(joints if order is None else joints[:, order], rate, path, options, **made)
    except ValueError as error:
        raise ValueError(f"{path.name!r} is not a motion in JSON: {error}") from error


def _order(joints: NDArray[np.float64], names: Any, options: ReadOptions) -> list[int] | None:
    """Indices of a known skeleton's joints in the file; None if the names are of another one."""
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise ValueError("joint_names are not a list of names")
    if joints.ndim != 3 or joints.shape[1] != len(names) or len(set(names)) != len(names):
        raise ValueError(f"joints of shape {joints.shape} for {len(names)} joint_names, each of which is one")
    if options.skeleton is None:
        for skeleton in SKELETONS.values():
            if set(names) == set(skeleton.joint_names):
                return [names.index(name) for name in skeleton.joint_names]
    return None


def _captured(joints: NDArray[np.float64], names: list[str], options: ReadOptions) -> NDArray[np.float64]:
    """The 22 joints by role, from the frame in which the body reaches farthest."""
    if not len(joints) or not np.isfinite(joints).all():
        raise ValueError("no frames, or positions that are not finite")
    spread = np.linalg.norm(joints - joints.mean(axis=1, keepdims=True), axis=-1).sum(axis=1)
    tree = JointTree(tuple(names), None, joints[int(spread.argmax())])
    return place_joints(find_roles(tree, options.skeleton), joints).positions


def _array(joints: Any) -> NDArray[np.float64]:
    try:
        return np.asarray(joints, dtype=np.float64)
    except (ValueError, TypeError, OverflowError) as error:
        raise ValueError("joints are not an array of numbers (frames, joints, 3)") from error


def _rate(fps: Any) -> float | None:
    if fps is not None and (isinstance(fps, bool) or not isinstance(fps, int | float)):
        raise ValueError(f"fps {fps!r}: expected a number")
    try:
        return None if fps is None else float(fps)
    except OverflowError as error:
        raise ValueError("fps is too large") from error
