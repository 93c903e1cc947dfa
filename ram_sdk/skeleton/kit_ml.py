"""From KIT-ML's 21 joints to HumanML3D's 22.

KIT-ML's joints are those of the Master Motor Map (Terlemez et al., 2014) in millimetres. Limbs correspond
joint by joint, where KIT-ML's `foot` is the ball of the foot, HumanML3D's `foot`, and its `toe` is left out;
neck and head correspond, too. HumanML3D's spine is shared out along the line from the middle of the hips
through `torso_pelvis` and `torso_spine` to the neck, its pelvis and collars follow hips and shoulders, as for
any captured skeleton (see `retarget`).
"""

import numpy as np
from numpy.typing import NDArray

from ram_sdk.skeleton.joints import HUMANML3D, KIT_ML
from ram_sdk.skeleton.mapping import place_joints
from ram_sdk.skeleton.retarget import retarget
from ram_sdk.skeleton.roles import Roles

_TRUNK = tuple(KIT_ML.index(name) for name in ("torso_pelvis", "torso_spine"))
_ROLES = Roles(
    {name: joint for joint, name in enumerate(KIT_ML.joint_names) if name in HUMANML3D.joint_names}, _TRUNK
)


def to_humanml3d(joints: NDArray[np.floating]) -> NDArray[np.float32]:
    """KIT-ML's joints `(frames, 21, 3)`, millimetres, on HumanML3D's skeleton `(frames, 22, 3)`, metres.

    Bones have the lengths of `UNIFORM_BONE_LENGTHS`; the lowest joint of the clip keeps its height in
    proportion, place and heading stay.

    Raises:
        ValueError: thighs, shins, upper arms or the trunk have no length.
    """
    placed = place_joints(_ROLES, joints.astype(np.float64) / KIT_ML.metre).positions
    return retarget(placed).astype(np.float32)
