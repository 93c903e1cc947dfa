import contextlib
import io
import os
import pickle
import sys
import types
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from ram_sdk.body.smpl import fit_betas, smpl_offsets, smpl_parameters, smpl_vertices, turned_up
from ram_sdk.body.smpl_files import SmplModel, load_smpl
from ram_sdk.geometry import axis_angle_to_matrix
from ram_sdk.motion import Motion
from tests.synthetic_motion import natural_poses
from tests.synthetic_smpl import smpl_arrays


@pytest.fixture(scope="module")
def arrays() -> dict[str, Any]:
    return smpl_arrays()


@pytest.fixture(scope="module")
def model_path(arrays: dict[str, Any], tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("smpl") / "SMPL_NEUTRAL.npz"
    np.savez(path, **arrays)
    return path


@pytest.fixture(scope="module")
def model(model_path: Path) -> SmplModel:
    return load_smpl(model_path)


def posed_joints(model: SmplModel, vertices: torch.Tensor) -> torch.Tensor:
    return torch.einsum("jv,fvc->fjc", model.joint_regressor, vertices)


def test_skinning_equals_smplx(arrays: dict[str, Any], model: SmplModel) -> None:
    smplx = pytest.importorskip("smplx", reason="pip install smplx")
    parameters = smpl_parameters(natural_poses(8).joints.float(), 20.0, model)
    with contextlib.redirect_stdout(io.StringIO()):
        reference = smplx.SMPL("", data_struct=smplx.utils.Struct(**arrays), batch_size=8)
    expected = reference(
        betas=parameters.betas.expand(8, -1),
        global_orient=parameters.global_orient,
        body_pose=torch.nn.functional.pad(parameters.body_pose, (0, 6)),
        transl=parameters.transl,
    ).vertices
    difference = (smpl_vertices(parameters, model) - expected).norm(dim=-1).max()
    assert difference < 1e-5  # 0.01 mm


def test_shape_and_pose_of_a_clip_are_found(model: SmplModel) -> None:
    betas = torch.tensor([1.5, -1.0, 0.5, 0, 0, 0, 0, 0, 0, 0.0])
    rest = model.rest_joints(betas)[:22]
    truth = natural_poses(30)
    offsets = torch.cat((torch.zeros(1, 3), rest[1:] - rest[list(truth.parents[1:])])).double()
    joints = type(truth)(truth.rotations, truth.root, offsets).joints.float()
    parameters = smpl_parameters(joints, 20.0, model)
    found = model.rest_joints(parameters.betas)[:22]
    lengths = (found[1:] - found[list(truth.parents[1:])]).norm(dim=-1)
    assert (lengths - offsets[1:].float().norm(dim=-1)).abs().max() < 0.002
    flat = SmplModel(**{**vars(model), "pose_directions": torch.zeros_like(model.pose_directions)})
    positions = posed_joints(flat, smpl_vertices(parameters, flat))[:, [0, 4, 7, 18, 20]]
    assert (positions - joints[:, [0, 4, 7, 18, 20]]).norm(dim=-1).mean() < 0.02


def test_shape_is_zero_for_the_mean_body(model: SmplModel) -> None:
    assert fit_betas(natural_poses(10).joints, model).abs().max() < 1e-3


def test_parameters_without_a_model_meet_the_positions() -> None:
    joints = natural_poses(20).joints.float()
    motion = Motion(joints.numpy())
    parameters = motion.to_smpl()
    assert parameters.body_pose.shape == (20, 63)
    assert not parameters.betas.any()
    posed = parameters.pose_on(smpl_offsets()).joints
    assert 1000 * (posed - joints).norm(dim=-1).mean() < 0.1


def test_turning_the_world_turns_the_body_not_its_origin(model: SmplModel) -> None:
    parameters = smpl_parameters(natural_poses(4).joints.float(), 20.0, model)
    turn = axis_angle_to_matrix(torch.tensor((torch.pi / 2, 0.0, 0.0)))
    turned = smpl_vertices(turned_up(parameters, turn), model)
    torch.testing.assert_close(turned, smpl_vertices(parameters, model) @ turn.T, atol=1e-5, rtol=0)


def chumpy_object(module: str, name: str, state: dict[str, Any], patch: pytest.MonkeyPatch) -> Any:
    """An object that pickles as one of chumpy's classes does."""
    kind = type(name, (), {"__module__": module, "__getstate__": lambda self: state})
    fake = types.ModuleType(module)
    setattr(fake, name, kind)
    patch.setitem(sys.modules, module.split(".")[0], types.ModuleType("chumpy"))
    patch.setitem(sys.modules, module, fake)
    return kind()


@pytest.mark.parametrize("protocol", [0, 2])
def test_official_pickles_are_read_without_chumpy(
    tmp_path: Path, protocol: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    sparse = pytest.importorskip("scipy.sparse")
    arrays = smpl_arrays(vertex_count=240)
    small: dict[str, Any] = dict(arrays)
    with monkeypatch.context() as patch:
        wide = np.concatenate((arrays["shapedirs"], np.ones_like(arrays["shapedirs"])), axis=-1)
        chosen = np.arange(wide.size).reshape(wide.shape)[..., :10].ravel()
        whole = chumpy_object("chumpy.ch", "Ch", {"x": wide}, patch)
        select = {"a": whole, "idxs": chosen, "preferred_shape": arrays["shapedirs"].shape}
        small["shapedirs"] = chumpy_object("chumpy.reordering", "Select", select, patch)
        small["v_template"] = chumpy_object("chumpy.logic", "Ch", {"x": arrays["v_template"]}, patch)
        small["J_regressor"] = sparse.csc_matrix(arrays["J_regressor"])
        path = tmp_path / "SMPL_NEUTRAL.pkl"
        path.write_bytes(pickle.dumps(small, protocol))
    np.savez(tmp_path / "plain.npz", **arrays)
    read, plain = load_smpl(path), load_smpl(tmp_path / "plain.npz")
    for name in ("template", "shape_directions", "pose_directions", "joint_regressor", "weights"):
        torch.testing.assert_close(getattr(read, name), getattr(plain, name))
    assert read.parents == plain.parents
    np.testing.assert_array_equal(read.faces, plain.faces)


class _Hostile:
    def __init__(self, call: Any, *arguments: Any) -> None:
        self.call = (call, arguments)

    def __reduce__(self) -> Any:
        return self.call


@pytest.mark.parametrize(
    "call", [(os.system, "touch {}"), (exec, "open({!r}, 'w')"), (eval, "open({!r}, 'w')"), (open, "{}", "w")]
)
def test_a_hostile_pickle_runs_nothing(tmp_path: Path, call: tuple[Any, ...]) -> None:
    trace = tmp_path / "trace"
    function, text, *rest = call
    path = tmp_path / "SMPL_NEUTRAL.pkl"
    path.write_bytes(pickle.dumps({"v_template": _Hostile(function, text.format(str(trace)), *rest)}))
    with pytest.raises(ValueError, match="not plain data"):
        load_smpl(path)
    assert not trace.exists()


def test_files_that_are_no_model(arrays: dict[str, Any], tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"smpl\.is\.tue\.mpg\.de"):
        load_smpl(tmp_path / "SMPL_NEUTRAL.pkl")
    for key in ("weights", "J_regressor"):
        path = tmp_path / "less.npz"
        np.savez(path, **{name: array for name, array in arrays.items() if name != key})
        with pytest.raises(ValueError, match=f"not an SMPL model: .*{key}"):
            load_smpl(path)
    np.savez(path, **{**arrays, "weights": arrays["weights"][:, :20]})
    with pytest.raises(ValueError, match="weights is"):
        load_smpl(path)
    path.write_bytes(b"nothing of the kind")
    with pytest.raises(ValueError, match="not an SMPL model"):
        load_smpl(path)
