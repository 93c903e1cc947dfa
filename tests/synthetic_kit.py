"""KIT-ML's 21 joints of a body that walks, made from the 22 of `synthetic_motion`."""

import numpy as np
from numpy.typing import NDArray

from ram_sdk.skeleton.features import canonicalize
from ram_sdk.skeleton.joints import HUMANML3D, KIT_ML
from tests.synthetic_motion import natural_poses

_OTHER_NAMES = {"root": "pelvis", "torso_pelvis": "spine1", "torso_spine": "spine3"}


def kit_joints(frames: int, seed: int = 0) -> NDArray[np.float64]:
    """Positions `(frames, 21, 3)`, millimetres; the toe is 6 cm in front of the ball of the foot."""
    body = canonicalize(natural_poses(frames, seed).joints).numpy() * KIT_ML.metre
    joints = np.zeros((frames, KIT_ML.num_joints, 3))
    for joint, name in enumerate(KIT_ML.joint_names):
        if not name.endswith("_toe"):
            joints[:, joint] = body[:, HUMANML3D.index(_OTHER_NAMES.get(name, name))]
    for ankle, foot, toe in ((13, 14, 15), (18, 19, 20)):
        ahead = joints[:, foot] - joints[:, ankle]
        joints[:, toe] = joints[:, foot] + 60 * ahead / np.linalg.norm(ahead, axis=-1, keepdims=True)
    return joints
