"""SMPL: pose parameters from joint positions, and meshes from the user's own model file.

SMPL bodies (Loper et al., 2015) turn joint rotations, a shape vector `betas` and a translation into a
mesh. HumanML3D's 22 joints are SMPL's without the hands. The model files are licensed by the Max Planck
Society and are not part of this package; parameters can be had without them.
"""

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import torch
import torch.nn.functional as F
from torch import Tensor

from ram_sdk.body.skinning import skin
from ram_sdk.geometry import axis_angle_to_matrix, matrix_to_axis_angle
from ram_sdk.skeleton.inverse_kinematics import inverse_kinematics
from ram_sdk.skeleton.joints import HUMANML3D
from ram_sdk.skeleton.kinematics import PoseSequence, canonical_offsets, forward_kinematics

if TYPE_CHECKING:
    from ram_sdk.body.smpl_files import SmplModel

NUM_BODY_JOINTS = HUMANML3D.num_joints  # of every SMPL family model: the hands and the face follow
NUM_BETAS = 10

# Where SMPL's T-pose differs from ours: unit bones into these joints of the mean body, left and right
# averaged, to about a degree.
_SMPL_LEFT_DIRECTIONS = {
    "left_knee": (0.111, -0.994, 0.004), "left_ankle": (-0.04, -0.996, -0.085),
    "left_foot": (0.266, -0.43, 0.886), "left_elbow": (0.993, -0.058, -0.105),
    "left_wrist": (0.999, 0.036, -0.025),
}  # fmt: skip
# Pelvis of the mean neutral body in the model's own coordinates, metres: SMPL puts its origin near the
# chest, and `transl` moves that origin.
SMPL_PELVIS = (-0.0018, -0.2233, 0.0282)
SMPLX_PELVIS = (0.0031, -0.3514, 0.012)

_SHAPE_WEIGHT = 2e-3  # metres that one unit of a beta weighs when lengths do not decide
_SHAPE_ITERATIONS = 10


@dataclass(frozen=True)
class SmplParameters:
    """A motion in SMPL's parameters, Y up.

    Attributes:
        global_orient: `(frames, 3)` axis-angle of the pelvis, radians.
        body_pose: `(frames, 63)` axis-angle of joints 1 to 21 relative to their parents, radians.
        transl: `(frames, 3)` translation, metres, as SMPL's `transl`: the pelvis is at
            `transl + pelvis`.
        betas: `(10,)` shape, one for the whole clip; zero without a model file.
        pelvis: `(3,)` pelvis of the body at rest, metres.
        fps: frames a second.
    """

    global_orient: Tensor
    body_pose: Tensor
    transl: Tensor
    betas: Tensor
    pelvis: Tensor
    fps: float

    def __len__(self) -> int:
        return len(self.transl)

    @property
    def rotation_matrices(self) -> Tensor:
        """`(frames, 22, 3, 3)` rotations of the pelvis and of joints 1 to 21."""
        vectors = torch.cat((self.global_orient, self.body_pose), dim=-1)
        return axis_angle_to_matrix(vectors.reshape(len(self), NUM_BODY_JOINTS, 3))

    def pose_on(self, offsets: Tensor) -> PoseSequence:
        """The motion on a skeleton `(22, 3)` of rest bones, metres."""
        return PoseSequence(self.rotation_matrices, self.transl + self.pelvis, offsets.to(self.transl))


def smpl_offsets() -> Tensor:
    """Bones `(22, 3)` of HumanML3D's uniform skeleton in SMPL's T-pose, metres, float64."""
    offsets = canonical_offsets()
    for name, direction in _SMPL_LEFT_DIRECTIONS.items():
        left = HUMANML3D.index(name)
        right = HUMANML3D.mirrored[left]
        unit = F.normalize(torch.tensor(direction, dtype=torch.float64), dim=-1)
        offsets[left] = unit * offsets[left].norm()
        offsets[right] = unit * offsets[right].norm() * unit.new_tensor((-1.0, 1.0, 1.0))
    return offsets


def smpl_parameters(joints: Tensor, fps: float, model: "SmplModel | None" = None) -> SmplParameters:
    """Joint positions to SMPL parameters.

    Args:
        joints: `(frames, 22, 3)` positions, metres.
        fps: frames a second.
        model: the body to fit: its shape is fitted to the clip's bone lengths and the pose to its skeleton.
            Without one, the pose is that of HumanML3D's uniform skeleton in SMPL's rest pose, the shape zero.

    Returns:
        The parameters. Twist of head and wrists cannot be seen from joint positions: it is zero.
    """
    if model is None:
        betas, rest = joints.new_zeros(NUM_BETAS), smpl_offsets()
        pelvis = joints.new_tensor(SMPL_PELVIS)
    else:
        betas = fit_betas(joints, model)
        rest_joints = model.rest_joints(betas)
        rest, pelvis = _offsets(rest_joints, model.parents)[:NUM_BODY_JOINTS], rest_joints[0]
    pose = inverse_kinematics(joints, rest=rest)
    vectors = matrix_to_axis_angle(pose.rotations)
    return SmplParameters(
        global_orient=vectors[:, 0],
        body_pose=vectors[:, 1:].flatten(1),
        transl=pose.root - pelvis.to(pose.root),
        betas=betas.to(joints),
        pelvis=pelvis.to(joints),
        fps=fps,
    )


def fit_betas(joints: Tensor, model: "SmplModel") -> Tensor:
    """The shape `(10,)` whose bones come closest to a clip's median bone lengths (Gauss-Newton)."""
    parents = list(HUMANML3D.parents[1:])
    lengths = (joints[:, 1:] - joints[:, parents]).double().norm(dim=-1).median(dim=0).values
    mean = model.rest_joints(torch.zeros(NUM_BETAS))[:NUM_BODY_JOINTS].double()
    spread = model.joint_directions[:NUM_BODY_JOINTS].double()
    bones, slopes = mean[1:] - mean[parents], spread[1:] - spread[parents]
    betas = torch.zeros(slopes.shape[-1], dtype=torch.float64)
    for _ in range(_SHAPE_ITERATIONS):
        current = bones + slopes @ betas
        reached = current.norm(dim=-1, keepdim=True)
        jacobian = ((current / reached)[:, None] @ slopes).squeeze(1)
        hessian = jacobian.T @ jacobian + _SHAPE_WEIGHT**2 * torch.eye(len(betas), dtype=torch.float64)
        gradient = jacobian.T @ (lengths - reached.squeeze(-1)) - _SHAPE_WEIGHT**2 * betas
        betas = betas + torch.linalg.solve(hessian, gradient)
    return betas


def smpl_vertices(parameters: SmplParameters, model: "SmplModel") -> Tensor:
    """Vertices `(frames, vertices, 3)` of a body model in a motion, metres, float32."""
    shaped = model.shaped(parameters.betas)
    rest_joints = model.rest_joints(parameters.betas)
    rotations = torch.eye(3).repeat(len(parameters), len(model.parents), 1, 1)
    rotations[:, :NUM_BODY_JOINTS] = parameters.rotation_matrices
    correctives = (rotations[:, 1:] - torch.eye(3)).flatten(1) @ model.pose_directions
    root = parameters.transl + rest_joints[0]
    positions, world = forward_kinematics(
        rotations, root, _offsets(rest_joints, model.parents), model.parents
    )
    rest_vertices = shaped + correctives.reshape(len(parameters), -1, 3)
    return skin(rest_vertices, model.weights, rest_joints, world, positions)


def turned_up(parameters: SmplParameters, turn: Tensor) -> SmplParameters:
    """The motion in a world turned by a matrix `(3, 3)`, such as from Y up to Z up.

    `transl` moves the origin of the body, not its pelvis, so turning it alone would misplace the body.
    """
    orient = matrix_to_axis_angle(turn @ axis_angle_to_matrix(parameters.global_orient))
    transl = (parameters.transl + parameters.pelvis) @ turn.T - parameters.pelvis
    return replace(parameters, global_orient=orient, transl=transl)


def _offsets(rest_joints: Tensor, parents: tuple[int, ...]) -> Tensor:
    bones = rest_joints[1:] - rest_joints[list(parents[1:])]
    return F.pad(bones, (0, 0, 1, 0))
