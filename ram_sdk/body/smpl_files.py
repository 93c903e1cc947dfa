"""Reading SMPL, SMPL-H and SMPL-X model files without running what is in them.

The official files are pickles, some with arrays of the abandoned package chumpy inside. Unpickling runs
code that the file names, so this reader only knows numpy arrays, sparse matrices and a stand-in for chumpy,
and refuses everything else.
"""

import os
import pickle
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ram_sdk.body.smpl import NUM_BETAS, NUM_BODY_JOINTS

# What SMPL files need besides their own dictionary: enough to rebuild arrays, nothing that runs code.
_PLAIN = {
    ("numpy", "ndarray"),
    ("numpy", "dtype"),
    ("copyreg", "_reconstructor"),
    ("builtins", "object"),
    ("_codecs", "encode"),
}
_RENAMED = {"copy_reg": "copyreg", "__builtin__": "builtins"}  # of Python 2
_KEYS = ("v_template", "shapedirs", "posedirs", "J_regressor", "weights", "kintree_table", "f")


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
        arrays = _read_npz(path) if path.suffix == ".npz" else _read_pickle(path)
    except (pickle.UnpicklingError, zipfile.BadZipFile, EOFError, KeyError, ValueError, TypeError) as error:
        raise ValueError(f"{path.name!r} is not an SMPL model: {error}") from error
    return _model(arrays, path.name)


def _model(arrays: dict[str, NDArray[Any]], name: str) -> SmplModel:
    def tensor(key: str) -> Tensor:
        return torch.from_numpy(np.ascontiguousarray(arrays[key], dtype=np.float32))

    table = np.asarray(arrays["kintree_table"]).astype(np.int64)
    parents = (-1, *(int(parent) for parent in table[0, 1:]))
    vertices, joints = len(arrays["v_template"]), len(parents)
    expected = {
        "v_template": (vertices, 3),
        "posedirs": (vertices, 3, 9 * (joints - 1)),
        "J_regressor": (joints, vertices),
        "weights": (vertices, joints),
    }
    for key, shape in expected.items():
        if arrays[key].shape != shape:
            raise ValueError(f"{name!r} is not an SMPL model: {key} is {arrays[key].shape}, expected {shape}")
    if joints < NUM_BODY_JOINTS or arrays["shapedirs"].shape[-1] < NUM_BETAS:
        raise ValueError(f"{name!r} is not an SMPL body: it has {joints} joints")
    return SmplModel(
        template=tensor("v_template"),
        shape_directions=tensor("shapedirs")[..., :NUM_BETAS].contiguous(),
        pose_directions=tensor("posedirs").reshape(3 * vertices, -1).T.contiguous(),
        joint_regressor=tensor("J_regressor"),
        weights=tensor("weights"),
        parents=parents,
        faces=np.asarray(arrays["f"]).astype(np.int32),
    )


def _read_npz(path: Path) -> dict[str, NDArray[Any]]:
    with np.load(path, allow_pickle=False) as archive:
        return {key: archive[key] for key in _KEYS}


def _read_pickle(path: Path) -> dict[str, NDArray[Any]]:
    with open(path, "rb") as file:
        content = _PlainUnpickler(file, encoding="latin1").load()
    if not isinstance(content, dict):
        raise ValueError("the pickle holds no dictionary")
    return {key: _as_array(content[key]) for key in _KEYS}


def _as_array(value: Any) -> NDArray[Any]:
    if isinstance(value, _ChumpyArray):
        return value.array()
    return np.asarray(value.toarray() if hasattr(value, "toarray") else value)


class _ChumpyArray:
    """Stands for chumpy's `Ch` (an array) and `Select` (entries of another one)."""

    state: dict[str, Any]

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.state = state

    def array(self) -> NDArray[Any]:
        if "idxs" not in self.state:
            return np.asarray(self.state["x"])
        chosen = _as_array(self.state["a"]).ravel()[np.asarray(self.state["idxs"]).ravel()]
        shape = self.state.get("preferred_shape")
        return chosen if shape is None else np.reshape(chosen, shape)


class _PlainUnpickler(pickle.Unpickler):
    """Knows the few names that SMPL files need; every other name is refused before anything runs."""

    def find_class(self, module: str, name: str) -> Any:
        module = _RENAMED.get(module, module)
        if module.split(".")[0] == "chumpy":
            return _ChumpyArray
        if module in ("numpy.core.multiarray", "numpy._core.multiarray") and name in (
            "_reconstruct",
            "scalar",
        ):
            return super().find_class("numpy._core.multiarray", name)
        if module.startswith("scipy.sparse") and name in ("csc_matrix", "csr_matrix", "coo_matrix"):
            return super().find_class("scipy.sparse", name)
        if (module, name) in _PLAIN:
            return super().find_class(module, name)
        raise pickle.UnpicklingError(f"it asks for {module}.{name}, which is not plain data")
