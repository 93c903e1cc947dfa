"""Where joints stand and which way they face."""

import numpy as np

from ram_sdk.skeleton.joints import HUMANML3D, Skeleton
from ram_sdk.skeleton.sequences import Array, turn


def facing(joints: Array, skeleton: Skeleton = HUMANML3D) -> float:
    """Yaw in radians that hips and shoulders `(joints, 3)` face, 0 at +Z, positive to the left."""
    across = joints[skeleton.left_hip] - joints[skeleton.right_hip]
    across = across + joints[skeleton.left_shoulder] - joints[skeleton.right_shoulder]
    return float(np.arctan2(-across[2], across[0]))


def turned(joints: Array, yaw: float) -> Array:
    """Positions `(frames, joints, 3)` turned about the vertical through the root of the first frame."""
    start = joints[0, 0] * (1.0, 0.0, 1.0)
    return np.asarray((joints - start) @ turn(yaw).numpy().T + start)
