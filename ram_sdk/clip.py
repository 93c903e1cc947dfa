"""`Clip`: `Motion` without files: joint positions, and what follows from them."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, Literal, Self, cast

import numpy as np
import torch
from numpy.typing import NDArray

from ram_sdk.body.embedded import load_body
from ram_sdk.body.skinning import MeshSequence
from ram_sdk.body.smpl import Gender, ModelType, SmplParameters, smpl_parameters
from ram_sdk.body.smpl_files import load_smpl
from ram_sdk.motion_edits import MotionEdits
from ram_sdk.skeleton import kit_ml
from ram_sdk.skeleton.features import canonicalize, decode_features, encode_joints
from ram_sdk.skeleton.joints import HUMANML3D, SKELETONS, Skeleton
from ram_sdk.skeleton.pose import Pose

_SKELETONS = {skeleton.num_joints: skeleton for skeleton in SKELETONS.values()}


@dataclass(frozen=True, eq=False)
class Clip(MotionEdits):
    """A clip of human motion as joint positions: `Motion` without its file formats, which build on it.

    Its arrays cannot be written to: edits return a new motion.

    Attributes:
        joints: `(frames, joints, 3)` float32 positions in metres, Y up, facing +Z at frame 0, +X to the
            body's left; 22 joints as in HumanML3D or 21 as in KIT-ML (millimetres there).
        fps: frames a second; by default those of the skeleton's data set, 20 for 22 joints, 12.5 for 21.
        prompt: the text that the motion was made from, if any.
        settings: how it was made (seed, steps, guidance scales, checkpoint), if it was generated.
        generated_features: the feature vectors that the joints were decoded from, if they were.

    Raises:
        ValueError: a shape that is not a clip of a known skeleton, NaN or infinite positions, a frame rate
            that is not positive, or features of another shape.
    """

    joints: NDArray[np.float32]
    fps: float = cast(float, None)  # of the skeleton's data set
    prompt: str | None = None
    settings: Mapping[str, Any] = field(default_factory=dict)
    generated_features: NDArray[np.float32] | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        joints = np.asarray(self.joints, dtype=np.float32)
        if (
            joints.ndim != 3
            or joints.shape[0] < 1
            or joints.shape[1] not in _SKELETONS
            or joints.shape[2] != 3
        ):
            raise ValueError(f"joints of shape {joints.shape}: expected (frames >= 1, 22 or 21, 3)")
        if self.fps is None:
            object.__setattr__(self, "fps", _SKELETONS[joints.shape[1]].fps)
        if not np.isfinite(joints).all():
            raise ValueError("joints hold NaN or infinite positions: repair or cut those frames first")
        if not (np.isfinite(self.fps) and self.fps > 0):
            raise ValueError(f"fps {self.fps}: expected a positive number of frames a second")
        object.__setattr__(self, "joints", _unchangeable(joints))
        if self.generated_features is not None:
            features = np.asarray(self.generated_features)
            if features.shape != (shape := (len(joints), self.skeleton.num_features)):
                raise ValueError(f"generated_features of shape {features.shape}: expected {shape}")
            object.__setattr__(self, "generated_features", _unchangeable(features))

    @classmethod
    def from_features(
        cls,
        features: NDArray[np.float32],
        *,
        prompt: str | None = None,
        settings: Mapping[str, Any] | None = None,
    ) -> Self:
        """Decode feature vectors `(frames, 263 or 251)`, in real units, to a motion."""
        features = np.asarray(features, dtype=np.float32)
        by_width = {skeleton.num_features: skeleton for skeleton in _SKELETONS.values()}
        if features.ndim != 2 or features.shape[1] not in by_width:
            raise ValueError(f"features of shape {features.shape}: expected (frames, 263) or (frames, 251)")
        skeleton = by_width[features.shape[1]]
        joints = decode_features(torch.tensor(features, dtype=torch.float64), skeleton).float().numpy()
        return cls(joints, skeleton.fps, prompt, settings or {}, features)

    @property
    def skeleton(self) -> Skeleton:
        """The joint tree that the joints follow."""
        return _SKELETONS[self.joints.shape[1]]

    @cached_property
    def features(self) -> NDArray[np.float32]:
        """HumanML3D (263) or KIT-ML (251) feature vectors `(frames, features)` in real units.

        Those that the joints were decoded from, or else computed from the joints after `canonicalize`; the
        last frame, which has no following one, is then assumed to keep its velocity.
        """
        if self.generated_features is not None:
            return self.generated_features
        joints = torch.tensor(self.joints, dtype=torch.float64)
        following = 2 * joints[-1:] - joints[-2:-1] if len(joints) > 1 else joints
        joints = canonicalize(torch.cat((joints, following)), self.skeleton)
        return _unchangeable(encode_joints(joints, self.skeleton).float().numpy())

    @cached_property
    def pose(self) -> Pose:
        """Joint rotations and the root's path on the one skeleton that all motions share.

        For rotations on the clip's own bone lengths see `ram_sdk.skeleton.inverse_kinematics`.
        """
        return Pose.of(self.to_humanml3d().joints)

    @property
    def duration(self) -> float:
        """Length in seconds."""
        return len(self) / self.fps

    def __len__(self) -> int:
        return len(self.joints)

    def __repr__(self) -> str:
        prompt = "" if self.prompt is None else f", {self.prompt!r}"
        return f"{type(self).__name__}({len(self)} frames, {self.duration:.2f} s at {self.fps:g} fps{prompt})"

    def __getitem__(self, frames: slice) -> Self:
        """A span of frames, `motion[20:60]`, with its place and heading unchanged."""
        bounds = (frames.start, frames.stop) if isinstance(frames, slice) else (frames,)
        if (
            not isinstance(frames, slice)
            or frames.step not in (None, 1)
            or any(isinstance(at, float) for at in bounds)
        ):
            raise TypeError(
                f"motion[{frames!r}]: give a span of frames without a step, such as motion[20:60]; "
                f"there are {self.fps:g} in a second"
            )
        if not len(self.joints[frames]):
            raise ValueError(f"motion[{frames.start}:{frames.stop}] is empty: it has {len(self)} frames")
        features = self.generated_features
        return replace(
            self,
            joints=self.joints[frames],
            generated_features=None if features is None else features[frames],
        )

    def to_humanml3d(self) -> Self:
        """The same motion on HumanML3D's 22 joints, in metres, at its frame rate.

        KIT-ML's 21 joints are mapped and retargeted as `ram_sdk.skeleton.kit_ml` says. Whatever needs joint
        rotations or a body goes through here.
        """
        if self.skeleton is HUMANML3D:
            return self
        return self._changed(kit_ml.to_humanml3d(self.joints))

    def to_smpl(
        self,
        model_path: str | os.PathLike[str] | None = None,
        *,
        model_type: ModelType | None = None,
        betas: Sequence[float] | None = None,
        gender: Gender = "neutral",
    ) -> SmplParameters:
        """SMPL parameters as the models of the package smplx take them, and with a model joints and vertices.

        Args:
            model_path: the user's own SMPL, SMPL-H or SMPL-X file (.npz or .pkl), to which shape and pose
                are fitted; without one the pose is for the mean shape. `.joints` and `.vertices` need it.
            model_type: "smpl", "smplh" or "smplx"; by default that of the file, or "smpl".
            betas: up to 10 numbers, in place of the fitted shape.
            gender: "neutral", "male" or "female", to be written with the parameters.

        Raises:
            OSError: the model file cannot be read.
            ValueError: the file is not a model, or not one of `model_type`.
        """
        model = None if model_path is None else load_smpl(model_path)
        joints = torch.tensor(self.to_humanml3d().joints)
        return smpl_parameters(joints, self.fps, model, model_type=model_type, betas=betas, gender=gender)

    def to_mesh(
        self,
        body: Literal["embedded", "smpl"] = "embedded",
        model_path: str | os.PathLike[str] | None = None,
    ) -> MeshSequence:
        """The motion as a body: vertices of every frame, and `trimesh` objects.

        Args:
            body: "embedded", the free body that comes with the package, or "smpl".
            model_path: for "smpl", the user's own SMPL, SMPL-H or SMPL-X file (.npz or .pkl).

        Raises:
            OSError: the model file cannot be read.
            ValueError: an unknown body, "smpl" without a model file, or a file that is not one.
        """
        if body == "embedded":
            embedded = load_body()
            return MeshSequence(embedded.posed(self.pose.tensors).numpy(), embedded.faces, self.fps)
        if body != "smpl":
            raise ValueError(f"body {body!r}: choose 'embedded' or 'smpl'")
        if model_path is None:
            raise ValueError("body 'smpl' needs model_path, your own SMPL_NEUTRAL.pkl or .npz")
        model = load_smpl(model_path)
        parameters = smpl_parameters(torch.tensor(self.to_humanml3d().joints), self.fps, model)
        return MeshSequence(parameters.vertices.numpy(), model.faces, self.fps)


def _unchangeable(array: NDArray[np.float32]) -> NDArray[np.float32]:
    """The array, read-only; copied if somebody else could write to it."""
    own = array.copy() if array.flags.writeable else array
    own.flags.writeable = False
    return own
