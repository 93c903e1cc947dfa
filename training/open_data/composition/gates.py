"""Quality checks that every composed motion must pass."""

from collections.abc import Sequence

import numpy as np

from ram_sdk.skeleton.feet import sliding
from ram_sdk.skeleton.joints import HUMANML3D, UNIFORM_BONE_LENGTHS
from ram_sdk.skeleton.sequences import Array
from training.open_data.composition.draft import Draft
from training.open_data.composition.pool import MAX_JOINTS, MIN_JOINTS
from training.open_data.signals import FPS

_BONES = 1e-3  # metres
_FLOOR = -0.03  # metres
_SLIDING = 1.1  # relative to the sources
_SLIDING_NOISE = 0.002  # metres a second
_STEP = 0.10  # metres a frame at a seam
_SPIKE = 15.0 / FPS  # metres a frame
_NEAR_SEAM = 2  # frames
_WRISTS = (20, 21)
_BODY = 0.10  # metres between a wrist and the axis of the trunk
_PARENTS = list(HUMANML3D.parents[1:])


def failed_gate(draft: Draft) -> str:
    """The first check that a motion fails, or "" if it passes all."""
    joints = draft.joints
    if not MIN_JOINTS <= len(joints) <= MAX_JOINTS:
        return "length"
    lengths = np.linalg.norm(joints[:, 1:] - joints[:, _PARENTS], axis=-1)
    if np.abs(lengths - np.array(UNIFORM_BONE_LENGTHS)).max() > _BONES:
        return "bone lengths"
    if joints[..., 1].min() < _FLOOR:
        return "below the floor"
    steps = _steps(joints)
    if steps.max() > _SPIKE:
        return "spike"
    sources = [source.joints for source in draft.sources]
    if _seam_step(steps, draft.seams) > max(_STEP, max(float(_steps(part).max()) for part in sources)):
        return "jump at a seam"
    if (
        sliding(joints, FPS)
        > _SLIDING * _mean_sliding([s.joints for s in draft.feet_from or draft.sources]) + _SLIDING_NOISE
    ):
        return "sliding"
    if _nearest_wrist(joints) < min(_BODY, min(map(_nearest_wrist, sources))):
        return "arm in the body"
    return ""


def _steps(joints: Array) -> Array:
    """The largest movement of any joint from each frame to the next."""
    return np.asarray(np.linalg.norm(np.diff(joints, axis=0), axis=-1).max(axis=-1))


def _seam_step(steps: Array, seams: Sequence[tuple[int, int]]) -> float:
    return max((float(steps[max(0, a - _NEAR_SEAM) : b + _NEAR_SEAM].max()) for a, b in seams), default=0.0)


def _mean_sliding(sources: Sequence[Array]) -> float:
    frames = [len(joints) for joints in sources]
    return float(np.average([sliding(joints, FPS) for joints in sources], weights=frames))


def _nearest_wrist(joints: Array) -> float:
    """Smallest distance of a wrist from the line between pelvis and neck, metres."""
    low, high = joints[:, 0], joints[:, 12]
    line = high - low
    nearest = np.inf
    for wrist in _WRISTS:
        share = ((joints[:, wrist] - low) * line).sum(-1) / (line**2).sum(-1)
        foot = low + np.clip(share, 0.0, 1.0)[:, None] * line
        nearest = min(nearest, float(np.linalg.norm(joints[:, wrist] - foot, axis=-1).min()))
    return nearest
