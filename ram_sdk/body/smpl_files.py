"""Reading SMPL, SMPL-H and SMPL-X model files without running code from them.

The official files are pickles, some with sparse matrices and with arrays of the abandoned package chumpy
inside; neither scipy nor chumpy is needed to read them.
"""

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ram_sdk.array_files import Archive
from ram_sdk.body.plain_pickle import as_array, load_plain
from ram_sdk.body.smpl import NUM_BETAS, NUM_JOINTS, ModelType

_REASON = 200  # characters of a message
_KEYS = ("v_template", "shapedirs", "posedirs", "J_regressor", "weights", "kintree_table", "f")
_MAX_BYTES = 1 << 30  # of a pickle; the largest official one is half of it


@dataclass(frozen=True, eq=False)
class SmplModel:
    """A body model: a template and how shape and pose change it. Lengths in metres, float32.

    Attributes:
        template: `(vertices, 3)` the mean body.
        shape_directions: `(vertices, 3, 10)` change of the template per unit of each beta.
        pose_directions: `(9 * (joints - 1), 3 * vertices)` change per entry of the rotation matrices of
            joints 1 and up, less the identity.
        joint_regressor: `(joints, vertices)` joints at rest as weighted means of vertices.
        weights: `(vertices, joints)` skinning weights.
        parents: parent of each joint, -1 for the pelvis.
        faces: `(faces, 3)` vertex indices.
    """

    template: Tensor
    shape_directions: Tensor
    pose_directions: Tensor
    joint_regressor: Tensor
    weights: Tensor
    parents: tuple[int, ...]
    faces: NDArray[np.int32]

    @property
    def model_type(self) -> ModelType:
        """Which model it is, by its number of joints."""
        return next(kind for kind, joints in NUM_JOINTS.items() if joints == len(self.parents))

    @property
    def joint_directions(self) -> Tensor:
        """`(joints, 3, 10)` change of the joints at rest per unit of each beta."""
        return torch.einsum("jv,vcb->jcb", self.joint_regressor, self.shape_directions)

    def shaped(self, betas: Tensor) -> Tensor:
        """Vertices `(vertices, 3)` at rest of the body with shape `betas (10,)`."""
        return self.template + self.shape_directions @ betas.to(self.template)

    def rest_joints(self, betas: Tensor) -> Tensor:
        """Joints `(joints, 3)` at rest of the body with shape `betas (10,)`."""
        return self.joint_regressor @ self.shaped(betas)


def load_smpl(path: str | os.PathLike[str]) -> SmplModel:
    """Read a model file, `.npz` or `.pkl`.

    Args:
        path: such as `SMPL_NEUTRAL.pkl` or `SMPLX_NEUTRAL.npz`. Register and download at
            https://smpl.is.tue.mpg.de (SMPL), https://mano.is.tue.mpg.de (SMPL-H) or
            https://smpl-x.is.tue.mpg.de (SMPL-X).

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: the file is not such a model, or a pickle that names anything but plain data.
    """
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(
            f"{str(path)!r} is not there: SMPL model files are licensed to each user; register and download "
            "one at https://smpl.is.tue.mpg.de, or use the body that comes with this package"
        )
    try:
        arrays = _read_npz(path) if path.suffix.lower() == ".npz" else _read_pickle(path)
        return _model(arrays)
    except ValueError as error:
        reason = " ".join(str(error).split())[:_REASON]  # it may quote what the file holds
        raise ValueError(f"{path.name!r} is not an SMPL model: {reason}") from error


def _model(arrays: dict[str, NDArray[Any]]) -> SmplModel:
    def tensor(key: str) -> Tensor:
        return torch.from_numpy(np.array(arrays[key], dtype=np.float32))

    parents = _parents(arrays["kintree_table"])
    vertices, joints = len(arrays["v_template"]) if arrays["v_template"].ndim else 0, len(parents)
    shapes = arrays["shapedirs"].shape[-1] if arrays["shapedirs"].ndim else 0
    expected = {
        "v_template": (vertices, 3),
        "shapedirs": (vertices, 3, max(shapes, NUM_BETAS)),
        "posedirs": (vertices, 3, 9 * (joints - 1)),
        "J_regressor": (joints, vertices),
        "weights": (vertices, joints),
    }
    for key, shape in expected.items():
        if arrays[key].shape != shape:
            raise ValueError(f"{key} is {arrays[key].shape}, expected {shape}")
        if not np.isfinite(arrays[key]).all():
            raise ValueError(f"{key} holds numbers that are not finite")
    faces = arrays["f"]
    if (
        faces.ndim != 2
        or faces.shape[1] != 3
        or not faces.size
        or not 0 <= faces.min() <= faces.max() < vertices
    ):
        raise ValueError(f"f of shape {faces.shape} are not the faces of {vertices} vertices")
    return SmplModel(
        template=tensor("v_template"),
        shape_directions=tensor("shapedirs")[..., :NUM_BETAS].contiguous(),
        pose_directions=tensor("posedirs").reshape(3 * vertices, -1).T.contiguous(),
        joint_regressor=tensor("J_regressor"),
        weights=tensor("weights"),
        parents=parents,
        faces=faces.astype(np.int32),
    )


def _parents(table: NDArray[Any]) -> tuple[int, ...]:
    """The parent of each joint, from the first row of `kintree_table (2, joints)`."""
    if table.ndim != 2 or len(table) < 1 or table.shape[1] not in NUM_JOINTS.values():
        raise ValueError(
            f"kintree_table is {table.shape}, expected (2, n) with "
            f"{', '.join(f'{count} joints for {kind}' for kind, count in NUM_JOINTS.items())}"
        )
    parents = (-1, *(int(parent) for parent in table[0, 1:]))
    if not all(0 <= parent < joint for joint, parent in enumerate(parents[1:], start=1)):
        raise ValueError("kintree_table is not a tree in which every parent precedes its children")
    return parents


def _read_npz(path: Path) -> dict[str, NDArray[Any]]:
    with Archive(path) as archive:
        return _chosen(archive.names, archive.__getitem__)


def _read_pickle(path: Path) -> dict[str, NDArray[Any]]:
    with open(path, "rb") as file:
        data = file.read(_MAX_BYTES + 1)
    if len(data) > _MAX_BYTES:
        raise ValueError(f"it has more than {_MAX_BYTES >> 20} MiB")
    content = load_plain(data)
    if not isinstance(content, dict):
        raise ValueError("the pickle holds no dictionary")
    return _chosen(content, lambda key: as_array(content[key]))


def _chosen(keys: Any, read: Callable[[str], NDArray[Any]]) -> dict[str, NDArray[Any]]:
    """The arrays of a model, each by its name."""
    arrays = {}
    for key in _KEYS:
        if key not in keys:
            raise ValueError(f"it has no {key}")
        try:
            arrays[key] = read(key)
        except ValueError as error:
            raise ValueError(f"{key}: {error}") from error
        if arrays[key].dtype.kind not in "iuf":
            raise ValueError(f"{key} holds {arrays[key].dtype}, not numbers")
    return arrays
