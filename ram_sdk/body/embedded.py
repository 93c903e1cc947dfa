"""The body that comes with the package: a CC0 mesh skinned to HumanML3D's skeleton.

Baked by `training/tools/bake_body.py` from MakeHuman's and MPFB2's CC0 assets; credits in `assets/body.md`.
"""

from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ram_sdk.body.skinning import skin
from ram_sdk.skeleton.joints import HUMANML3D
from ram_sdk.skeleton.kinematics import PoseSequence, canonical_offsets, forward_kinematics

_WEIGHT_UNITS = 255  # weights are stored as bytes that add up to this


@dataclass(frozen=True, eq=False)
class Body:
    """A mesh in T-pose on the canonical skeleton, feet on the floor.

    Attributes:
        vertices: `(vertices, 3)` float32, metres, Y up, facing +Z.
        faces: `(faces, 3)` vertex indices.
        bones: `(vertices, 4)` joints that each vertex follows.
        bone_weights: `(vertices, 4)` their shares in 1/255; they add up to 255.
        joints: `(22, 3)` joints at rest, metres.
    """

    vertices: NDArray[np.float32]
    faces: NDArray[np.int32]
    bones: NDArray[np.uint8]
    bone_weights: NDArray[np.uint8]
    joints: NDArray[np.float32]

    @property
    def weights(self) -> Tensor:
        """Skinning weights `(vertices, 22)`, each row adding up to one."""
        weights = torch.zeros(len(self.vertices), HUMANML3D.num_joints, dtype=torch.float32)
        shares = torch.from_numpy(self.bone_weights).float() / _WEIGHT_UNITS
        return weights.scatter_add_(1, torch.from_numpy(self.bones).long(), shares)

    def posed(self, pose: PoseSequence) -> Tensor:
        """Vertices `(frames, vertices, 3)` in a motion, metres, float32."""
        positions, world = forward_kinematics(pose.rotations, pose.root, pose.offsets)
        return skin(
            torch.from_numpy(self.vertices), self.weights, torch.from_numpy(self.joints), world, positions
        )


@cache
def load_body() -> Body:
    """The embedded body."""
    with (files("ram_sdk") / "assets" / "body.npz").open("rb") as file, np.load(file) as arrays:
        offsets = canonical_offsets().float().numpy()
        joints = offsets.copy()
        joints[0, 1] = arrays["pelvis_height"]
        for joint, parent in enumerate(HUMANML3D.parents[1:], start=1):
            joints[joint] += joints[parent]
        return Body(
            vertices=arrays["vertices"].astype(np.float32),
            faces=arrays["faces"].astype(np.int32),
            bones=arrays["bones"],
            bone_weights=arrays["bone_weights"],
            joints=joints,
        )
