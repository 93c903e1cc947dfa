"""Elbows and knees bend like hinges, which settles the twist of upper arms and thighs.

Positions leave a limb free to turn about the line of its upper bone. But elbow and knee are hinges: when
the limb is bent, the plane of the bend shows where the axis of the hinge points, and so how the upper bone
is turned. A straight limb has no such plane; there the axis comes from where the upper bone points, by a
linear rule learned from captures (`training/tools/fit_hinges.py`). The two are added as vectors, the plane
with the sine of the bend as its length, so that one passes smoothly into the other; a share of the axis of a
limb without twist is added to both.
"""

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from ram_sdk.geometry import (
    axis_angle_to_matrix,
    quaternion_between,
    quaternion_to_matrix,
)
from ram_sdk.skeleton.joints import HUMANML3D

_STRAIGHT_WEIGHT = 0.2  # sine of the bend at which plane and rule weigh the same


@dataclass(frozen=True)
class Limb:
    """A limb of two bones whose middle joint is a hinge.

    Attributes:
        chain: joints from below the body's own frame (chest or pelvis) to the one that turns the upper bone.
        hinge: the joint between the two bones.
        end: the joint at the far end of the lower bone, and its child if it has one.
        side: 1 for left, -1 for right.
        bends: 1 if the lower bone moves forward as the limb bends, -1 if backward.
        rule: `(4, 3)` axis of a left limb's hinge, in the frame of the body, from `(1, x, y, z)` of the
            direction of its upper bone there.
        untwisted: weight of no twist, relative to the hinge: skinned meshes pinch where shoulders and hips
            twist far, and knees bend less exactly like hinges than elbows.
    """

    chain: tuple[int, ...]
    hinge: int
    end: tuple[int, ...]
    side: float
    bends: float
    rule: tuple[tuple[float, float, float], ...]
    untwisted: float


ARM_RULE = ((-0.75, -0.05, 0.43), (0.53, -0.42, 0.26), (0.21, 0.05, 0.48), (-0.04, -0.34, -0.42))
LEG_RULE = ((0.82, -0.3, -0.28), (-0.15, 0.84, -0.28), (-0.16, -0.31, -0.36), (0.06, 0.13, 0.04))
LIMBS = (
    *(
        Limb((HUMANML3D.parents[shoulder], shoulder), elbow, (wrist,), side, 1.0, ARM_RULE, 0.3)
        for side, (shoulder, elbow, wrist) in zip((1.0, -1.0), HUMANML3D.arms, strict=True)
    ),
    *(
        Limb((hip,), knee, (ankle, toe), side, -1.0, LEG_RULE, 1.0)
        for side, (hip, knee, ankle, toe) in zip((1.0, -1.0), HUMANML3D.legs, strict=True)
    ),
)


def turn_hinges(rotations: Tensor, offsets: Tensor) -> Tensor:
    """Turn upper arms and thighs about themselves so that elbows and knees bend nearly like hinges.

    Args:
        rotations: `(frames, 22, 3, 3)` local rotations.
        offsets: `(22, 3)` bones of the rest pose, in which elbows bend forward and knees backward.

    Returns:
        Rotations of the same shape that bring every joint to the same place; forearms, shins and feet have
        no twist of their own.
    """
    turned = rotations.clone()
    for limb in LIMBS:
        upper, end = limb.chain[-1], limb.end[0]
        carried = rotations[:, limb.chain[0]]
        for joint in limb.chain[1:]:
            carried = carried @ rotations[:, joint]
        bone = F.normalize(offsets[limb.hinge], dim=-1)
        lower = rotations[:, limb.hinge] @ offsets[end]  # seen from the upper bone

        axis = rest_axis(limb, bone)
        wanted = _turn(carried.mT, hinge_axis(limb, carried @ bone, _turn(carried, lower)))
        sine, cosine = torch.linalg.cross(axis.expand_as(wanted), wanted) @ bone, wanted @ axis
        angle = torch.atan2(sine, cosine + limb.untwisted * torch.hypot(sine, cosine))
        twist = axis_angle_to_matrix(angle[:, None] * bone)
        turned[:, upper] = rotations[:, upper] @ twist
        turned[:, limb.hinge] = swing(offsets[end].expand_as(lower), _turn(twist.mT, lower))
        for joint, child in zip(limb.end, limb.end[1:], strict=False):
            reached = _turn(rotations[:, limb.hinge], rotations[:, joint] @ offsets[child])
            reached = _turn(turned[:, limb.hinge].mT @ twist.mT, reached)
            turned[:, joint] = swing(offsets[child].expand_as(reached), reached)
    return turned


def rest_axis(limb: Limb, bone: Tensor) -> Tensor:
    """Axis `(3,)` about which a limb bends at rest, from the unit direction `(3,)` of its upper bone."""
    axis: Tensor = torch.linalg.cross(bone, bone.new_tensor((0.0, 0.0, limb.bends)))
    return axis


def hinge_axis(limb: Limb, upper: Tensor, lower: Tensor) -> Tensor:
    """Where the axis of a hinge points, `(frames, 3)`, not normalised.

    Args:
        limb: which one.
        upper: `(frames, 3)` unit direction of the upper bone in the frame of the body.
        lower: `(frames, 3)` direction of the lower bone, of any length.
    """
    mirrored = upper * upper.new_tensor((limb.side, 1.0, 1.0))
    rule = F.pad(mirrored, (1, 0), value=1.0) @ upper.new_tensor(limb.rule)
    rule = rule * upper.new_tensor((1.0, limb.side, limb.side))  # an axis is mirrored the other way round
    plane: Tensor = torch.linalg.cross(upper, F.normalize(lower, dim=-1))
    return plane + _STRAIGHT_WEIGHT * rule


def swing(u: Tensor, v: Tensor) -> Tensor:
    """Smallest rotations `(frames, 3, 3)` from directions u to v; bones of no length turn nothing."""
    measurable = (u.norm(dim=-1) > 1e-6) & (v.norm(dim=-1) > 1e-6)
    return quaternion_to_matrix(quaternion_between(u, torch.where(measurable[:, None], v, u + 1e-9)))


def _turn(rotations: Tensor, vectors: Tensor) -> Tensor:
    """Vectors `(frames, 3)` turned by matrices `(frames, 3, 3)`."""
    return (rotations @ vectors[..., None]).squeeze(-1)
