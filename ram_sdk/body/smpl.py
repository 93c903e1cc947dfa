"""SMPL: pose parameters from joint positions, and bodies from the user's own model file.

SMPL bodies (Loper et al., 2015) turn joint rotations, a shape vector `betas` and a translation into a
mesh. HumanML3D's 22 joints are SMPL's without the hands. The model files are licensed by the Max Planck
Society and are not part of this package; parameters can be had without them. Joints and vertices are computed
by the package smplx, whose code is for non-commercial research; it is imported only for that.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Literal

import torch
import torch.nn.functional as F
from torch import Tensor

from ram_sdk.geometry import axis_angle_to_matrix, matrix_to_axis_angle
from ram_sdk.skeleton.inverse_kinematics import inverse_kinematics
from ram_sdk.skeleton.joints import HUMANML3D
from ram_sdk.skeleton.kinematics import PoseSequence, canonical_offsets

if TYPE_CHECKING:
    from ram_sdk.body.smpl_files import SmplModel

NUM_BODY_JOINTS = HUMANML3D.num_joints  # of every SMPL family model: the hands and the face follow
NUM_BETAS = 10

ModelType = Literal["smpl", "smplh", "smplx"]
Gender = Literal["neutral", "male", "female"]
NUM_JOINTS: dict[ModelType, int] = {"smpl": 24, "smplh": 52, "smplx": 55}
"""Joints of each model: the body's 22, then hands; SMPL-X has jaw and eyes between."""
_POSE_WIDTH: dict[ModelType, int] = {"smpl": 69, "smplh": 63, "smplx": 63}  # `body_pose` in the package smplx
_FRAMES_AT_ONCE = 32  # bounds the memory of the blended transforms

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

_PELVIS: dict[ModelType, tuple[float, float, float]] = {
    "smpl": SMPL_PELVIS, "smplh": SMPL_PELVIS, "smplx": SMPLX_PELVIS,
}  # fmt: skip

_SHAPE_WEIGHT = 2e-3  # metres that one unit of a beta weighs when lengths do not decide
_SHAPE_ITERATIONS = 10


@dataclass(frozen=True)
class SmplParameters:
    """A motion in SMPL's parameters, Y up.

    The models of the package smplx take `betas`, `global_orient`, `body_pose` and `transl` as they are; its
    SMPL-H and SMPL-X must be made with `batch_size` as the number of frames, for their hands and faces.

    Attributes:
        global_orient: `(frames, 3)` axis-angle of the pelvis, radians.
        body_pose: `(frames, 69)` for SMPL, else `(frames, 63)`: axis-angle of joints 1 to 21, for SMPL of the
            hands (zero), too, relative to their parents, radians.
        transl: `(frames, 3)` translation, metres, as SMPL's `transl`: the pelvis is at
            `transl + pelvis`.
        betas: `(frames, 10)` shape, the same in all frames; zero without a model file unless given.
        pelvis: `(3,)` pelvis of the body at rest, metres.
        fps: frames a second.
        model_type: "smpl", "smplh" or "smplx".
        gender: of the model, "neutral", "male" or "female".
        model: the user's own model, if it was given.
    """

    global_orient: Tensor
    body_pose: Tensor
    transl: Tensor
    betas: Tensor
    pelvis: Tensor
    fps: float
    model_type: ModelType = "smpl"
    gender: Gender = "neutral"
    model: "SmplModel | None" = None

    def __len__(self) -> int:
        return len(self.transl)

    @property
    def rotation_matrices(self) -> Tensor:
        """`(frames, 22, 3, 3)` rotations of the pelvis and of joints 1 to 21."""
        vectors = torch.cat((self.global_orient, self.body_pose), dim=-1)[:, : 3 * NUM_BODY_JOINTS]
        return axis_angle_to_matrix(vectors.reshape(len(self), NUM_BODY_JOINTS, 3))

    def pose_on(self, offsets: Tensor) -> PoseSequence:
        """The motion on a skeleton `(22, 3)` of rest bones, metres."""
        return PoseSequence(self.rotation_matrices, self.transl + self.pelvis, offsets.to(self.transl))

    @property
    def joints(self) -> Tensor:
        """The model's own joints `(frames, 24, 52 or 55, 3)`, metres; see `vertices`."""
        return self._body[1]

    @property
    def vertices(self) -> Tensor:
        """Vertices `(frames, vertices, 3)` of the user's model, metres, float32; hands are flat.

        Raises:
            ValueError: no model file was given.
        """
        return self._body[0]

    @property
    def landmarks(self) -> Tensor:
        """Vertices of face, feet and fingertips `(frames, 21, 3)`: what smplx puts after the joints.

        Joints and landmarks together are the 45 joints of `smplx.SMPL` and the 73 of `smplx.SMPLH`.
        """
        from smplx.vertex_ids import vertex_ids
        from smplx.vertex_joint_selector import VertexJointSelector

        selector = VertexJointSelector(vertex_ids["smplx" if self.model_type == "smplx" else "smplh"])
        chosen: Tensor = self.vertices[:, selector.extra_joints_idxs]
        return chosen

    @cached_property
    def _body(self) -> tuple[Tensor, Tensor]:
        """Vertices and joints."""
        if self.model is None:
            raise ValueError("joints and vertices are those of your own model: give its file as model_path")
        from smplx.lbs import lbs

        model = self.model
        pose = torch.cat((self.global_orient, self.body_pose), dim=-1).float()
        pose = F.pad(pose, (0, 3 * len(model.parents) - pose.shape[1]))
        parts = [
            lbs(
                betas,
                turns,
                model.template,
                model.shape_directions,
                model.pose_directions,
                model.joint_regressor,
                torch.tensor(model.parents),
                model.weights,
            )
            for betas, turns in zip(
                torch.split(self.betas.float(), _FRAMES_AT_ONCE),
                torch.split(pose, _FRAMES_AT_ONCE),
                strict=True,
            )
        ]
        vertices, joints = (torch.cat(part) for part in zip(*parts, strict=True))
        shift = self.transl.float()[:, None]
        return vertices + shift, joints + shift


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


def smpl_parameters(
    joints: Tensor,
    fps: float,
    model: "SmplModel | None" = None,
    *,
    model_type: ModelType | None = None,
    betas: Sequence[float] | Tensor | None = None,
    gender: Gender = "neutral",
) -> SmplParameters:
    """Joint positions to SMPL parameters.

    Args:
        joints: `(frames, 22, 3)` positions, metres.
        fps: frames a second.
        model: the body to fit: its shape is fitted to the clip's bone lengths and the pose to its skeleton.
            Without one, the pose is that of HumanML3D's uniform skeleton in SMPL's rest pose, the shape zero.
        model_type: which parameters; by default those of the model, or SMPL's.
        betas: the shape, up to 10 numbers, in place of the fitted one; without a model only passed on.
        gender: of the model, passed on.

    Returns:
        The parameters. Joint positions do not show the twist of head and wrists: it is zero.

    Raises:
        ValueError: a model of another type, or betas that it does not have.
    """
    kind = model_type or (model.model_type if model is not None else "smpl")
    if kind not in NUM_JOINTS:
        raise ValueError(f"model_type {kind!r}: choose {', '.join(map(repr, NUM_JOINTS))}")
    if model is not None and model.model_type != kind:
        raise ValueError(
            f"the model file is a {model.model_type} model of {len(model.parents)} joints; {kind} has "
            f"{NUM_JOINTS[kind]}: give a {kind} file, or model_type={model.model_type!r}"
        )
    shape = None if betas is None else _checked_betas(betas)
    if model is None:
        rest, pelvis = smpl_offsets(), joints.new_tensor(_PELVIS[kind])
        shape = torch.zeros(NUM_BETAS, dtype=torch.float32) if shape is None else shape
    else:
        shape = fit_betas(joints, model) if shape is None else shape
        rest_joints = model.rest_joints(shape)
        rest, pelvis = _offsets(rest_joints, model.parents)[:NUM_BODY_JOINTS], rest_joints[0]
    pose = inverse_kinematics(joints, rest=rest)
    vectors = matrix_to_axis_angle(pose.rotations)
    body = vectors[:, 1:].flatten(1)
    return SmplParameters(
        global_orient=vectors[:, 0],
        body_pose=F.pad(body, (0, _POSE_WIDTH[kind] - body.shape[1])),
        transl=pose.root - pelvis.to(pose.root),
        betas=shape.to(joints).expand(len(joints), -1),
        pelvis=pelvis.to(joints),
        fps=fps,
        model_type=kind,
        gender=_checked_gender(gender),
        model=model,
    )


def _checked_betas(betas: Sequence[float] | Tensor) -> Tensor:
    shape = torch.as_tensor(betas, dtype=torch.float32)
    if shape.dim() != 1 or not 0 < len(shape) <= NUM_BETAS or not shape.isfinite().all():
        raise ValueError(f"betas of shape {tuple(shape.shape)}: expected 1 to {NUM_BETAS} finite numbers")
    return F.pad(shape, (0, NUM_BETAS - len(shape)))


def _checked_gender(gender: Gender) -> Gender:
    if gender not in ("neutral", "male", "female"):
        raise ValueError(f"gender {gender!r}: choose 'neutral', 'male' or 'female'")
    return gender


def fit_betas(joints: Tensor, model: "SmplModel") -> Tensor:
    """The shape `(10,)` whose bones come closest to a clip's median bone lengths (Gauss-Newton)."""
    parents = list(HUMANML3D.parents[1:])
    lengths = (joints[:, 1:] - joints[:, parents]).double().norm(dim=-1).median(dim=0).values
    mean = model.rest_joints(torch.zeros(NUM_BETAS, dtype=torch.float32))[:NUM_BODY_JOINTS].double()
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


def turned_up(parameters: SmplParameters, turn: Tensor) -> SmplParameters:
    """The motion with the world rotated by a matrix `(3, 3)`, such as from Y up to Z up.

    `transl` moves the origin of the body, not its pelvis, so turning it alone would misplace the body.
    """
    orient = matrix_to_axis_angle(turn @ axis_angle_to_matrix(parameters.global_orient))
    transl = (parameters.transl + parameters.pelvis) @ turn.T - parameters.pelvis
    return replace(parameters, global_orient=orient, transl=transl)


def _offsets(rest_joints: Tensor, parents: tuple[int, ...]) -> Tensor:
    bones = rest_joints[1:] - rest_joints[list(parents[1:])]
    return F.pad(bones, (0, 0, 1, 0))
