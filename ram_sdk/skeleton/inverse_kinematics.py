"""Joint positions to joint rotations: all frames at once, each independently.

Four steps. *Calibrate*: choose the rest skeleton. *Solve*: in closed form, the pelvis and the chest by
the best fit of their three bones (Kabsch), every other joint by the smallest turn that brings its bone
into place. *Refine*: Gauss-Newton on all joints together, minimising

    sum_k |position_k - target_k|^2 + w^2 sum_j |R_j - I|^2 / 2

over the local rotations R_j and the root position. The weak second term decides what positions leave
open in the trunk: of all rotations that reach the targets, the least bent one. *Twist*: upper arms and thighs
are turned about themselves until elbows and knees bend like hinges (`hinges.py`). Because every term is
blind to where the body stands and faces, so are the local rotations.

22 positions say nothing about the twist of head, hands and toes: those joints keep the identity.
"""

from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor

from ram_sdk.geometry import axis_angle_to_matrix
from ram_sdk.skeleton.hinges import swing, turn_hinges
from ram_sdk.skeleton.joints import HUMANML3D
from ram_sdk.skeleton.kinematics import (
    PoseSequence,
    canonical_offsets,
    children,
    forward_kinematics,
    local_rotations,
    resampling,
)

_CHILDREN = children(HUMANML3D.parents)
_MOVING = tuple(joint for joint, bones in enumerate(_CHILDREN) if bones)
_FRAMES_AT_ONCE = 512  # bounds memory however long the clip
_ITERATIONS = 6
_TWIST_WEIGHT = 1e-3  # metres that a turn of one radian weighs: far below what positions can resolve
_LARGEST_STEP = 0.5  # radians a joint may turn in one iteration


def inverse_kinematics(
    joints: Tensor,
    skeleton: Literal["canonical", "clip"] = "canonical",
    rest: Tensor | None = None,
    *,
    refine: bool = True,
) -> PoseSequence:
    """Joint rotations that bring a skeleton of fixed size to the given positions.

    Args:
        joints: `(frames, 22, 3)` positions, metres, in any heading and place.
        skeleton: "canonical" uses the bones of `rest` as they are, so that every motion comes out on the
            same skeleton; "clip" takes the clip's own bone lengths and hip and shoulder shape, which
            meets the positions more closely.
        rest: `(22, 3)` bones of the rest pose, metres; by default HumanML3D's uniform skeleton in a T-pose
            (`canonical_offsets`).
        refine: False stops after the closed-form step: ten times faster, less exact on generated motion.

    Returns:
        Rotations, root path and rest bones, of the dtype of `joints`.

    Raises:
        ValueError: a wrong shape, NaN or infinite positions, or an unknown skeleton.
    """
    if joints.dim() != 3 or joints.shape[1:] != (HUMANML3D.num_joints, 3) or not len(joints):
        raise ValueError(f"joints of shape {tuple(joints.shape)}: expected (frames >= 1, 22, 3)")
    if not torch.isfinite(joints).all():
        raise ValueError("joints hold NaN or infinite positions: repair or cut those frames first")
    if skeleton not in ("canonical", "clip"):
        raise ValueError(f"skeleton {skeleton!r}: expected 'canonical' or 'clip'")
    targets = joints.double()
    offsets = canonical_offsets().to(targets) if rest is None else rest.to(targets)
    if skeleton == "clip":
        offsets = calibrate(targets, offsets)
    parts = [_solve(part, offsets, refine) for part in torch.split(targets, _FRAMES_AT_ONCE)]
    rotations, root = (torch.cat(pieces).to(joints.dtype) for pieces in zip(*parts, strict=True))
    return PoseSequence(rotations, root, offsets.to(joints.dtype))


def resample_joints(joints: Tensor, source_fps: float, target_fps: float) -> Tensor:
    """Joint positions at another frame rate, turning joints by slerp instead of cutting their corners.

    Args:
        joints: `(frames, 22, 3)` positions.
        source_fps: their frame rate.
        target_fps: the new frame rate.

    Returns:
        `(new frames, 22, 3)`; where a new frame falls on an old one it is the old one.
    """
    pose = inverse_kinematics(joints, "clip", refine=False)
    missed = joints - pose.joints
    before, after, share = resampling(len(joints), source_fps, target_fps)
    share = share.to(joints)[:, None, None]
    return pose.resample(source_fps, target_fps).joints + torch.lerp(missed[before], missed[after], share)


def calibrate(joints: Tensor, rest: Tensor) -> Tensor:
    """Rest bones with a clip's own measures.

    Args:
        joints: `(frames, 22, 3)` positions, metres.
        rest: `(22, 3)` bones whose directions to keep.

    Returns:
        `(22, 3)` bones of the clip's median lengths; the rigid fans of three bones at pelvis and chest are
        estimated from the clip (generalised Procrustes) and turned to match `rest`.
    """
    bones = joints - joints[:, [max(parent, 0) for parent in HUMANML3D.parents]]
    offsets: Tensor = F.normalize(rest, dim=-1) * bones.norm(dim=-1).median(dim=0).values[:, None]
    for fan in (list(bones_of) for bones_of in _CHILDREN if len(bones_of) > 1):
        shape = offsets[fan]
        for _ in range(5):
            shape = (best_rotation(shape, bones[:, fan]).mT @ bones[:, fan].mT).mT.mean(dim=0)
        offsets[fan] = shape @ best_rotation(shape, rest[None, fan])[0].mT
    return offsets


def best_rotation(source: Tensor, target: Tensor) -> Tensor:
    """Rotations `(frames, 3, 3)` that bring vectors `(n, 3)` closest to `(frames, n, 3)` (Kabsch, 1976)."""
    u, _, vt = torch.linalg.svd(target.mT @ source)
    proper = torch.ones_like(u[..., 0])
    proper[..., 2] = torch.det(u @ vt).sign()
    rotations: Tensor = (u * proper[..., None, :]) @ vt
    return rotations


def _solve(targets: Tensor, offsets: Tensor, refine: bool) -> tuple[Tensor, Tensor]:
    rotations, root = closed_form(targets, offsets), targets[:, 0]
    if refine:
        for _ in range(_ITERATIONS):
            rotations, root = _gauss_newton_step(targets, rotations, root, offsets)
    return turn_hinges(rotations, offsets), root


def closed_form(targets: Tensor, offsets: Tensor) -> Tensor:
    """Local rotations `(frames, 22, 3, 3)`, joint by joint from the root outwards; limbs have no twist."""
    world: list[Tensor] = []
    for joint, bones in enumerate(_CHILDREN):
        reached = targets[:, list(bones)] - targets[:, joint, None]
        carried = world[HUMANML3D.parents[joint]] if joint else None
        if len(bones) > 1:
            world.append(best_rotation(offsets[list(bones)], reached))
        elif carried is not None:
            world.append(swing(carried @ offsets[bones[0]], reached[:, 0]) @ carried if bones else carried)
    return local_rotations(torch.stack(world, dim=1))


def _gauss_newton_step(
    targets: Tensor, rotations: Tensor, root: Tensor, offsets: Tensor
) -> tuple[Tensor, Tensor]:
    """One step on the rotations of all joints that carry bones, about their own axes, and on the root."""
    moving = list(_MOVING)
    positions, world = forward_kinematics(rotations, root, offsets)

    # Rows: what moves (each moving joint about its three axes, then the root); columns: joint, xyz.
    lever = (positions[:, None] - positions[:, moving, None]) * _CARRIED.to(positions)[moving, :, None]
    turning = torch.linalg.cross(world[:, moving].mT[..., None, :], lever[:, :, None])
    shifting = torch.eye(3).to(positions).repeat(len(positions), 1, HUMANML3D.num_joints)
    jacobian = torch.cat((turning.flatten(1, 2).flatten(2), shifting), dim=1)

    local = rotations[:, moving]
    bend = 0.5 * torch.stack(
        [local[..., k, j] - local[..., j, k] for j, k in ((1, 2), (2, 0), (0, 1))], dim=-1
    )
    prior = targets.new_full((len(moving), 3), _TWIST_WEIGHT**2)
    prior[0] = 0.0  # the heading of the whole body is not a bend
    gradient = (jacobian @ (targets - positions).flatten(1)[..., None]).squeeze(-1)
    gradient[:, :-3] -= (prior * bend).flatten(1)
    damping = F.pad(prior.flatten(), (0, 3)) + 1e-9
    hessian = jacobian @ jacobian.mT + torch.diag(damping)
    step = torch.cholesky_solve(gradient[..., None], torch.linalg.cholesky(hessian)).squeeze(-1)

    turns = step[:, :-3].reshape(-1, len(moving), 3)
    turns = turns * (_LARGEST_STEP / turns.norm(dim=-1, keepdim=True).clamp(min=_LARGEST_STEP))
    turned = rotations.clone()
    turned[:, moving] = local @ axis_angle_to_matrix(turns)
    return turned, root + step[:, -3:]


def _carried_joints() -> Tensor:
    """`[j, k]`: whether turning joint j moves joint k."""
    matrix = torch.zeros(HUMANML3D.num_joints, HUMANML3D.num_joints, dtype=torch.bool)
    for joint, parent in enumerate(HUMANML3D.parents[1:], start=1):
        matrix[:, joint] = matrix[:, parent]
        matrix[parent, joint] = True
    return matrix


_CARRIED = _carried_joints()
