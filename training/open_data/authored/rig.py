"""Inverse kinematics: from channels (pelvis, trunk, head, hands, feet) to joints of the uniform skeleton."""

from dataclasses import dataclass

import numpy as np
from scipy.spatial.transform import Rotation

from ram_sdk.skeleton.joints import HUMANML3D
from ram_sdk.skeleton.kinematics import canonical_offsets
from training.open_data.authored.motion import Array

OFFSETS: Array = canonical_offsets().numpy()
SIDES = (0, 1)  # left, right
OUT = (1.0, -1.0)  # sign of x away from the middle of the body
_SPINE, _NECK, _HEAD = (3, 6, 9), 12, 15
_HIPS, _KNEES, _ANKLES, _TOES = (1, 2), (4, 5), (7, 8), (10, 11)
_COLLARS, _SHOULDERS, _ELBOWS, _WRISTS = (13, 14), (16, 17), (18, 19), (20, 21)
_SPINE_SHARE, _SPINE_FIRST, _SPINE_THEN = 0.65, 30.0, 0.3  # of a bend up to 30 degrees, and beyond
_STRAIGHT = 0.998  # of a limb's length: maximum extension
ARM, LEG = (
    tuple(float(np.linalg.norm(OFFSETS[a]) + np.linalg.norm(OFFSETS[b])) for a, b in zip(*limb, strict=True))
    for limb in ((_ELBOWS, _WRISTS), (_KNEES, _ANKLES))
)


@dataclass
class Trunk:
    """Root and trunk in each frame: metres, and degrees (pitch forward, roll and twist to the left)."""

    position: Array  # pelvis (frames, 3)
    pelvis: Array  # pitch, roll, yaw
    spine: Array  # pitch, roll, twist
    head: Array  # pitch, roll
    shoulders: tuple[Array, Array]  # left and right: raised, brought forward


@dataclass
class Foot:
    """One foot: toe position, degrees of pitch (heel up) and yaw (outward), and direction of the knee."""

    toe: Array
    angles: Array
    knee: Array


class Skeleton:
    """The joints, computed from the pelvis outwards.

    Attributes:
        joints: `(frames, 22, 3)` metres.
        frames: orientations `(frames, 3, 3)` of "pelvis", "chest", "head" and "yaw", the chest's heading.
    """

    def __init__(self, trunk: Trunk, feet: tuple[Foot, Foot]) -> None:
        self.joints = np.zeros((len(trunk.position), HUMANML3D.num_joints, 3))
        hinge = trunk.spine * np.array((1.0 - _SPINE_SHARE, 0.3, 0.2))
        hinge[:, 0] += (_SPINE_SHARE - _SPINE_THEN) * np.maximum(trunk.spine[:, 0] - _SPINE_FIRST, 0.0)
        pelvis = _rotations(trunk.pelvis + hinge)
        self.joints[:, 0] = trunk.position
        self._keep_in_reach(pelvis, feet)
        self.frames = {"pelvis": pelvis}
        turn = pelvis
        parent = 0
        for joint in _SPINE:
            self._attach(joint, parent, turn)
            turn = turn @ _rotations((trunk.spine - hinge) / len(_SPINE))
            parent = joint
        self.frames["chest"] = turn
        heading = np.degrees(np.arctan2(turn[:, 0, 2], turn[:, 2, 2]))
        self.frames["yaw"] = Rotation.from_euler("Y", heading[:, None], degrees=True).as_matrix()
        self._attach(_NECK, 9, turn)
        self.frames["head"] = turn @ _rotations(np.c_[trunk.head, np.zeros(len(turn))])
        self._attach(_HEAD, _NECK, self.frames["head"])
        for side in SIDES:
            self._attach(_COLLARS[side], 9, turn)
            raised, forward = trunk.shoulders[side].T * OUT[side]
            lift = Rotation.from_euler("YZ", np.c_[-forward, raised], degrees=True).as_matrix()
            self._attach(_SHOULDERS[side], _COLLARS[side], turn @ lift)
            self._place_leg(side, feet[side])

    def shoulder(self, side: int) -> Array:
        """Position of a shoulder `(frames, 3)`."""
        return self.joints[:, _SHOULDERS[side]]

    def place_arm(self, side: int, wrist: Array, elbow: Array) -> None:
        """Move a wrist to a position, or as near as the arm reaches; `elbow` is the elbow's direction."""
        self._limb(_SHOULDERS[side], _ELBOWS[side], _WRISTS[side], wrist, elbow)

    def _attach(self, joint: int, parent: int, turn: Array) -> None:
        self.joints[:, joint] = self.joints[:, parent] + turn @ OFFSETS[joint]

    def _keep_in_reach(self, pelvis: Array, feet: tuple[Foot, Foot]) -> None:
        """Lower the pelvis where a leg does not reach its foot."""
        for _ in range(3):
            for side in SIDES:
                hip = self.joints[:, 0] + pelvis @ OFFSETS[_HIPS[side]]
                away = hip - _ankle(feet[side], side)
                across = np.hypot(away[:, 0], away[:, 2])
                reach = LEG[side] * _STRAIGHT
                highest = np.sqrt(np.maximum(reach**2 - across**2, 0.0))
                self.joints[:, 0, 1] -= np.maximum(away[:, 1] - highest, 0.0)

    def _place_leg(self, side: int, foot: Foot) -> None:
        self._attach(_HIPS[side], 0, self.frames["pelvis"])
        ankle = _ankle(foot, side)
        self._limb(_HIPS[side], _KNEES[side], _ANKLES[side], ankle, foot.knee)
        self.joints[:, _TOES[side]] = self.joints[:, _ANKLES[side]] + (foot.toe - ankle)

    def _limb(self, root: int, middle: int, end: int, goal: Array, pole: Array) -> None:
        """Two-bone inverse kinematics from `root` to `goal`, bent towards `pole`."""
        upper, lower = (float(np.linalg.norm(OFFSETS[joint])) for joint in (middle, end))
        start = self.joints[:, root]
        away = goal - start
        length = np.linalg.norm(away, axis=-1, keepdims=True)
        along = away / np.maximum(length, 1e-6)
        length = np.clip(length, 1.02 * abs(upper - lower) + 0.05, _STRAIGHT * (upper + lower))
        aside = pole - (pole * along).sum(-1, keepdims=True) * along
        aside /= np.maximum(np.linalg.norm(aside, axis=-1, keepdims=True), 1e-6)
        foot = (upper**2 - lower**2 + length**2) / (2.0 * length)
        height = np.sqrt(np.maximum(upper**2 - foot**2, 0.0))
        self.joints[:, middle] = start + foot * along + height * aside
        self.joints[:, end] = start + length * along


def _rotations(angles: Array) -> Array:
    """Rotations `(frames, 3, 3)` from (pitch forward, roll to the left, yaw to the left) in degrees."""
    return np.asarray(
        Rotation.from_euler("YXZ", angles[:, [2, 0, 1]] * (1.0, 1.0, -1.0), degrees=True).as_matrix()
    )


def _ankle(foot: Foot, side: int) -> Array:
    """Ankle `(frames, 3)` of a foot, from its toe."""
    pitch, yaw = foot.angles.T
    turn = Rotation.from_euler("YX", np.c_[yaw * OUT[side], pitch], degrees=True).as_matrix()
    return np.asarray(foot.toe - turn @ OFFSETS[_TOES[side]])
