"""Reading motions of the MuJoCo humanoid: DeepMimic's text files and the archives of AMP and ASE.

Both give joint rotations of the same skeleton. It has neither toes nor a crown of the head; they are added
here, to give the feet a direction and the head an orientation.
"""

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from ram_sdk.array_files import Archive, number

FloatArray = NDArray[np.float64]

# Joint: parent and offset from it in metres, x forward, y left, z up (humanoid.xml of DeepMimic and AMP).
_JOINTS: dict[str, tuple[str, tuple[float, float, float]]] = {
    "pelvis": ("", (0.0, 0.0, 0.0)),
    "torso": ("pelvis", (0.0, 0.0, 0.236151)),
    "head": ("torso", (0.0, 0.0, 0.223894)),
    "crown": ("head", (0.0, 0.0, 0.175)),
}
for _side, _left in (("right", -1.0), ("left", 1.0)):
    _JOINTS |= {
        f"{_side}_upper_arm": ("torso", (-0.02405, _left * 0.18311, 0.2435)),
        f"{_side}_lower_arm": (f"{_side}_upper_arm", (0.0, 0.0, -0.274788)),
        f"{_side}_hand": (f"{_side}_lower_arm", (0.0, 0.0, -0.258947)),
        f"{_side}_thigh": ("pelvis", (0.0, _left * 0.084887, 0.0)),
        f"{_side}_shin": (f"{_side}_thigh", (0.0, 0.0, -0.421546)),
        f"{_side}_foot": (f"{_side}_shin", (0.0, 0.0, -0.40987)),
        f"{_side}_toe": (f"{_side}_foot", (0.13, 0.0, -0.04)),
    }

# The order of joints in DeepMimic's frames, after time step and root position, and the values of each joint.
_FRAME = (
    ("pelvis", 4), ("torso", 4), ("head", 4),
    ("right_thigh", 4), ("right_shin", 1), ("right_foot", 4), ("right_upper_arm", 4), ("right_lower_arm", 1),
    ("left_thigh", 4), ("left_shin", 1), ("left_foot", 4), ("left_upper_arm", 4), ("left_lower_arm", 1),
)  # fmt: skip
_FRAME_LENGTH = 4 + sum(count for _, count in _FRAME)
# From DeepMimic's axes (x forward, y up, z right) to those of the table above.
_FROM_DEEPMIMIC = np.array(((1.0, 0.0, 0.0), (0.0, 0.0, -1.0), (0.0, 1.0, 0.0)))
_SHORTEST_STEP = 1e-4  # seconds
_TO_Y_UP = (1, 2, 0)  # left, up, forward


@dataclass(frozen=True)
class HumanoidMotion:
    """Joint positions `(frames, names, 3)` in metres, Y up, facing +Z at rest."""

    names: tuple[str, ...]
    positions: FloatArray
    fps: float


def read_deepmimic(path: Path) -> HumanoidMotion:
    """Read a motion file of DeepMimic.

    Raises:
        ValueError: the file is not a DeepMimic motion.
    """
    try:
        frames = np.array(json.loads(path.read_text(encoding="utf-8"))["Frames"], dtype=np.float64)
        return _of_frames(frames)
    except (KeyError, TypeError, ValueError, OverflowError, RecursionError) as error:
        raise ValueError(f"{path}: expected a DeepMimic motion, an object with Frames ({error})") from None


def _of_frames(frames: FloatArray) -> HumanoidMotion:
    if frames.ndim != 2 or frames.shape[1] != _FRAME_LENGTH or len(frames) < 2:
        raise ValueError(f"at least two frames of {_FRAME_LENGTH} numbers")
    step = float(np.median(frames[:-1, 0]))
    if not np.isfinite(frames).all() or step < _SHORTEST_STEP:
        raise ValueError("finite numbers, and a time step in seconds")
    rotations, column = {}, 4
    for joint, count in _FRAME:
        values = frames[:, column : column + count]
        if count == 1:  # a hinge about z, which points right
            local = Rotation.from_rotvec(values * (0.0, 0.0, 1.0))
        else:
            local = Rotation.from_quat(values[:, (1, 2, 3, 0)])
        rotations[joint] = _FROM_DEEPMIMIC @ local.as_matrix() @ _FROM_DEEPMIMIC.T
        column += count
    root = frames[:, 1:4] @ _FROM_DEEPMIMIC.T
    return HumanoidMotion(tuple(_JOINTS), _pose(root, rotations), 1.0 / step)


def read_amp(path: Path) -> HumanoidMotion:
    """Read an archive of AMP or ASE: `rot` (frames, bodies, 4) local as x, y, z, w, `root`, `fps`, `names`.

    Raises:
        ValueError: the file is not an AMP or ASE archive.
    """
    try:
        with Archive(path) as archive:
            quaternions, root = (archive[name].astype(np.float64) for name in ("rot", "root"))
            names, fps = [str(name) for name in archive["names"].ravel()], number(archive["fps"], "fps")
        if root.ndim != 2 or root.shape[1] != 3 or quaternions.shape != (len(root), len(names), 4):
            raise ValueError(f"rot {quaternions.shape} and root {root.shape} of {len(names)} names")
        if not (np.isfinite(root).all() and np.isfinite(quaternions).all() and len(root) and fps > 0):
            raise ValueError("no frames, or numbers that are not finite")
        rotations = {
            name: Rotation.from_quat(quaternions[:, index]).as_matrix()
            for index, name in enumerate(names)
            if name in _JOINTS
        }
    except ValueError as error:
        raise ValueError(f"{path}: expected an archive with rot, root, names and fps ({error})") from None
    return HumanoidMotion(tuple(_JOINTS), _pose(root, rotations), fps)


def _pose(root: FloatArray, local: dict[str, FloatArray]) -> FloatArray:
    """Forward kinematics; the result is Y up and faces +Z."""
    positions: dict[str, FloatArray] = {}
    rotations: dict[str, FloatArray] = {}
    for joint, (parent, offset) in _JOINTS.items():
        rotation = local.get(joint, np.eye(3))
        if not parent:
            positions[joint], rotations[joint] = root, rotation
            continue
        positions[joint] = positions[parent] + rotations[parent] @ np.array(offset)
        rotations[joint] = rotations[parent] @ rotation
    return np.stack(list(positions.values()), axis=1)[..., _TO_Y_UP]
