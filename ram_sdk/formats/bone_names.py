"""What other programs call the 22 joints, and where the bones without a child end."""

from typing import Literal

BoneNames = Literal["mixamo", "mixamorig", "smpl", "unreal"]

_MIXAMO = (
    "Hips", "LeftUpLeg", "RightUpLeg", "Spine", "LeftLeg", "RightLeg", "Spine1", "LeftFoot", "RightFoot",
    "Spine2", "LeftToeBase", "RightToeBase", "Neck", "LeftShoulder", "RightShoulder", "Head", "LeftArm",
    "RightArm", "LeftForeArm", "RightForeArm", "LeftHand", "RightHand",
)  # fmt: skip
_SMPL = (
    "Pelvis", "L_Hip", "R_Hip", "Spine1", "L_Knee", "R_Knee", "Spine2", "L_Ankle", "R_Ankle", "Spine3",
    "L_Foot", "R_Foot", "Neck", "L_Collar", "R_Collar", "Head", "L_Shoulder", "R_Shoulder", "L_Elbow",
    "R_Elbow", "L_Wrist", "R_Wrist",
)  # fmt: skip
_UNREAL = (
    "pelvis", "thigh_l", "thigh_r", "spine_01", "calf_l", "calf_r", "spine_02", "foot_l", "foot_r",
    "spine_03", "ball_l", "ball_r", "neck_01", "clavicle_l", "clavicle_r", "head", "upperarm_l",
    "upperarm_r", "lowerarm_l", "lowerarm_r", "hand_l", "hand_r",
)  # fmt: skip

# "mixamo" are also the names of HumanIK, which Unity, Rokoko and Wonder Studio map automatically;
# "mixamorig" are those of files that come from mixamo.com.
BONE_NAMES: dict[str, tuple[str, ...]] = {
    "mixamo": _MIXAMO,
    "mixamorig": tuple(f"mixamorig:{name}" for name in _MIXAMO),
    "smpl": _SMPL,
    "unreal": _UNREAL,
}

# Metres from joint to tip, in the T-pose: toes, crown of the head, middle fingertips.
BONE_TIPS: dict[str, tuple[float, float, float]] = {
    "left_foot": (0.0, 0.0, 0.07),
    "right_foot": (0.0, 0.0, 0.07),
    "head": (0.0, 0.18, 0.0),
    "left_wrist": (0.18, 0.0, 0.0),
    "right_wrist": (-0.18, 0.0, 0.0),
}
