"""Straight motion bent along a curve.

The floor itself is bent: each planted foot keeps its place on it, so feet slide no more than before. The body
follows the curve at the pelvis, each foot as a rigid piece at its own place, and the knees make up for the
difference.
"""

import numpy as np

from ram_sdk.skeleton.curves import Path
from ram_sdk.skeleton.feet import place_feet
from ram_sdk.skeleton.joints import HUMANML3D
from ram_sdk.skeleton.sequences import Array
from ram_sdk.skeleton.smoothing import gaussian

_FEET = ((7, 10), (8, 11))
GRAVITY = 9.81  # metres a second squared
LEAN = 18.0  # degrees to the inside of a curve, at most
_SMOOTH = 0.2  # seconds


def bend(joints: Array, curve: Path, fps: float = HUMANML3D.fps) -> Array:
    """Lay a motion along a curve that takes the place of the straight line from its start to its end.

    Args:
        joints: `(frames, 22, 3)` positions, metres.
        curve: where the line goes.
        fps: frames a second, which the lean in curves depends on.

    Returns:
        Positions with the same bone lengths; planted feet stay planted.
    """
    ahead = _axis(joints)
    origin = joints[0, 0, [0, 2]]

    def laid(points: Array, carried: Array) -> Array:
        """Points `(frames, n, 3)` moved rigidly with the places `(frames, 3)` that carry them."""
        offset = carried[:, [0, 2]] - origin
        along, aside = offset @ ahead, offset @ np.array((ahead[1], -ahead[0]))
        ground, turned = curve.bend(along, aside)
        yaw = turned - np.arctan2(ahead[0], ahead[1])
        c, s = np.cos(yaw)[:, None], np.sin(yaw)[:, None]
        x, y, z = np.moveaxis(points - carried[:, None] * (1.0, 0.0, 1.0), -1, 0)
        return np.stack((c * x + s * z + ground[:, :1], y, c * z - s * x + ground[:, 1:]), axis=-1)

    body = _leaning(laid(joints, joints[:, 0]), fps)
    feet = [laid(joints[:, foot], joints[:, foot].mean(axis=1)) for foot in map(list, _FEET)]
    ankles, toes = (np.stack([foot[:, k] for foot in feet], axis=1) for k in (0, 1))
    return place_feet(body, ankles, toes)


def _axis(joints: Array) -> Array:
    """Unit direction `(2,)` on the floor from where a motion starts to where it ends."""
    way = joints[-1, 0, [0, 2]] - joints[0, 0, [0, 2]]
    return np.asarray(way / np.linalg.norm(way))


def _leaning(joints: Array, fps: float) -> Array:
    """Lean to the inside of the curve as much as the speed requires, about the ground below the pelvis."""
    velocity = gaussian(np.gradient(joints[:, 0, [0, 2]], axis=0) * fps, _SMOOTH, fps)
    speed = np.linalg.norm(velocity, axis=-1)
    course = np.unwrap(np.arctan2(velocity[:, 0], velocity[:, 1]))
    sideways = gaussian(speed * np.gradient(course) * fps, _SMOOTH, fps)  # acceleration to the left
    lean = np.clip(np.arctan2(sideways, GRAVITY), -np.radians(LEAN), np.radians(LEAN))[:, None]
    left = np.stack((velocity[:, 1], -velocity[:, 0]), axis=-1) / np.maximum(speed, 0.1)[:, None]
    below = joints[:, :1] * (1.0, 0.0, 1.0)
    offset = joints - below
    aside = offset[..., 0] * left[:, :1] + offset[..., 2] * left[:, 1:]
    moved = (np.cos(lean) - 1) * aside + np.sin(lean) * offset[..., 1]
    height = np.cos(lean) * offset[..., 1] - np.sin(lean) * aside
    ground = moved[..., None] * left[:, None]
    leaned = (offset[..., 0] + ground[..., 0], height, offset[..., 2] + ground[..., 1])
    return np.asarray(below + np.stack(leaned, axis=-1))


def travelled(joints: Array) -> float:
    """Metres over the floor from where a motion starts to where it ends."""
    return float(np.linalg.norm(joints[-1, 0, [0, 2]] - joints[0, 0, [0, 2]]))
