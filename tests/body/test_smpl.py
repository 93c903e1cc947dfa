import contextlib
import functools
import io
import os
import pickle
import sys
import types
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import smplx
import torch
from scipy import sparse

from ram_sdk.body.smpl import fit_betas, smpl_offsets, smpl_parameters, turned_up
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


def test_parameters_go_into_smplx_as_they_are(arrays: dict[str, Any], model_path: Path) -> None:
    parameters = Motion(natural_poses(8).joints.float().numpy()).to_smpl(model_path)
    assert parameters.body_pose.shape == (8, 69)
    with contextlib.redirect_stdout(io.StringIO()):
        reference = smplx.SMPL("", data_struct=smplx.utils.Struct(**arrays))
    expected = reference(
        betas=parameters.betas,
        global_orient=parameters.global_orient,
        body_pose=parameters.body_pose,
        transl=parameters.transl,
    )
    assert parameters.joints.shape == (8, 24, 3)
    own = torch.cat((parameters.joints, parameters.landmarks), dim=1)
    torch.testing.assert_close(own, expected.joints.detach(), atol=1e-5, rtol=0)  # all 45
    torch.testing.assert_close(parameters.vertices, expected.vertices.detach(), atol=1e-5, rtol=0)


def test_smplh_takes_its_parameters_as_they_are(tmp_path: Path) -> None:
    arrays = smpl_arrays(model_type="smplh")
    np.savez(tmp_path / "SMPLH_MALE.npz", **arrays)
    motion = Motion(natural_poses(5).joints.float().numpy())
    parameters = motion.to_smpl(tmp_path / "SMPLH_MALE.npz", gender="male")
    assert (parameters.model_type, parameters.gender, parameters.body_pose.shape[1]) == ("smplh", "male", 63)
    hands = {f"hands_mean{side}": np.zeros(45) for side in "lr"}
    hands |= {f"hands_components{side}": np.zeros((45, 45)) for side in "lr"}
    struct = smplx.utils.Struct(**arrays, **hands)
    with contextlib.redirect_stdout(io.StringIO()):
        reference = smplx.SMPLH("", data_struct=struct, use_pca=False, batch_size=5, ext="pkl")
    expected = reference(
        betas=parameters.betas,
        global_orient=parameters.global_orient,
        body_pose=parameters.body_pose,
        transl=parameters.transl,
    )
    assert parameters.joints.shape == (5, 52, 3)
    own = torch.cat((parameters.joints, parameters.landmarks), dim=1)
    torch.testing.assert_close(own, expected.joints.detach(), atol=1e-5, rtol=0)  # all 73


def test_smplx_has_its_55_joints(tmp_path: Path) -> None:
    np.savez(tmp_path / "SMPLX_NEUTRAL.npz", **smpl_arrays(300, "smplx"))
    motion = Motion(natural_poses(5).joints.float().numpy())
    parameters = motion.to_smpl(tmp_path / "SMPLX_NEUTRAL.npz")
    assert (parameters.model_type, parameters.body_pose.shape) == ("smplx", (5, 63))
    assert parameters.joints.shape == (5, 55, 3)
    np.testing.assert_allclose(
        parameters.joints[:, [0, 4, 7, 16, 20]], motion.joints[:, [0, 4, 7, 16, 20]], atol=0.03
    )


def test_shape_gender_and_type_can_be_given(model_path: Path) -> None:
    motion = Motion(natural_poses(4).joints.float().numpy())
    parameters = motion.to_smpl(model_path, betas=[1.0, -2.0], gender="female")
    assert parameters.betas[0].tolist() == [1.0, -2.0, *[0.0] * 8]
    assert parameters.gender == "female"
    assert not torch.equal(parameters.vertices, motion.to_smpl(model_path).vertices)
    for kind, width in (("smpl", 69), ("smplh", 63), ("smplx", 63)):
        assert motion.to_smpl(model_type=kind).body_pose.shape[1] == width
    with pytest.raises(ValueError, match="give its file as model_path"):
        _ = motion.to_smpl().joints


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"model_type": "smplx"}, "is a smpl model of 24 joints; smplx has 55"),
        ({"model_type": "star"}, "model_type 'star': choose 'smpl', 'smplh', 'smplx'"),
        ({"betas": [0.0] * 11}, "expected 1 to 10 finite numbers"),
        ({"betas": [float("nan")]}, "expected 1 to 10 finite numbers"),
        ({"gender": "robot"}, "gender 'robot': choose 'neutral', 'male' or 'female'"),
    ],
)
def test_what_does_not_belong_to_a_model_is_refused(model_path: Path, given: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Motion(natural_poses(4).joints.float().numpy()).to_smpl(model_path, **given)


def test_shape_and_pose_of_a_clip_are_found(model: SmplModel) -> None:
    betas = torch.tensor([1.5, -1.0, 0.5, 0, 0, 0, 0, 0, 0, 0.0])
    rest = model.rest_joints(betas)[:22]
    truth = natural_poses(30)
    offsets = torch.cat((torch.zeros(1, 3), rest[1:] - rest[list(truth.parents[1:])])).double()
    joints = type(truth)(truth.rotations, truth.root, offsets).joints.float()
    parameters = smpl_parameters(joints, 20.0, model)
    found = model.rest_joints(parameters.betas[0])[:22]
    lengths = (found[1:] - found[list(truth.parents[1:])]).norm(dim=-1)
    assert (lengths - offsets[1:].float().norm(dim=-1)).abs().max() < 0.002
    positions = parameters.joints[:, [0, 4, 7, 18, 20]]
    assert (positions - joints[:, [0, 4, 7, 18, 20]]).norm(dim=-1).mean() < 0.02


def test_shape_is_zero_for_the_mean_body(model: SmplModel) -> None:
    assert fit_betas(natural_poses(10).joints, model).abs().max() < 1e-3


def test_parameters_without_a_model_meet_the_positions() -> None:
    joints = natural_poses(20).joints.float()
    motion = Motion(joints.numpy())
    parameters = motion.to_smpl()
    assert parameters.body_pose.shape == (20, 69)
    assert not parameters.betas.any()
    posed = parameters.pose_on(smpl_offsets()).joints
    assert 1000 * (posed - joints).norm(dim=-1).mean() < 0.1


def test_turning_the_world_turns_the_body_not_its_origin(model: SmplModel) -> None:
    parameters = smpl_parameters(natural_poses(4).joints.float(), 20.0, model)
    turn = axis_angle_to_matrix(torch.tensor((torch.pi / 2, 0.0, 0.0)))
    turned = turned_up(parameters, turn).vertices
    torch.testing.assert_close(turned, parameters.vertices @ turn.T, atol=1e-5, rtol=0)


def chumpy_object(module: str, name: str, state: dict[str, Any], patch: pytest.MonkeyPatch) -> Any:
    """An object that pickles as one of chumpy's classes does."""
    kind = type(name, (), {"__module__": module, "__getstate__": lambda self: state})
    fake = types.ModuleType(module)
    setattr(fake, name, kind)
    patch.setitem(sys.modules, module.split(".")[0], types.ModuleType("chumpy"))
    patch.setitem(sys.modules, module, fake)
    return kind()


@pytest.mark.parametrize("protocol", [0, 2, 4, 5])
@pytest.mark.parametrize("layout", ["csc_matrix", "csr_matrix", "coo_matrix"])
def test_official_pickles_are_read_without_chumpy_and_scipy(
    tmp_path: Path, protocol: int, layout: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    arrays = smpl_arrays(vertex_count=240)
    small: dict[str, Any] = dict(arrays)
    with monkeypatch.context() as patch:
        wide = np.concatenate((arrays["shapedirs"], np.ones_like(arrays["shapedirs"])), axis=-1)
        chosen = np.arange(wide.size).reshape(wide.shape)[..., :10].ravel()
        whole = chumpy_object("chumpy.ch", "Ch", {"x": wide}, patch)
        select = {"a": whole, "idxs": chosen, "preferred_shape": arrays["shapedirs"].shape}
        small["shapedirs"] = chumpy_object("chumpy.reordering", "Select", select, patch)
        small["v_template"] = chumpy_object("chumpy.logic", "Ch", {"x": arrays["v_template"]}, patch)
        small["posedirs"] = np.asfortranarray(arrays["posedirs"]).astype(">f8")
        small["J_regressor"] = getattr(sparse, layout)(arrays["J_regressor"])
        path = tmp_path / "SMPL_NEUTRAL.pkl"
        path.write_bytes(pickle.dumps(small, protocol))
    np.savez(tmp_path / "plain.npz", **arrays)
    with monkeypatch.context() as patch:
        for name in [name for name in sys.modules if name.split(".")[0] == "scipy"]:
            patch.setitem(sys.modules, name, None)
        read = load_smpl(path)
    plain = load_smpl(tmp_path / "plain.npz")
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


@functools.cache
def damaged_models() -> dict[str, bytes]:
    """Pickles that are no models, each odd in another way."""
    arrays = smpl_arrays(vertex_count=240)
    whole = pickle.dumps(arrays, 2)
    regressor = sparse.csc_matrix(arrays["J_regressor"])
    outside, huge = regressor.copy(), regressor.copy()
    outside.indices = outside.indices + 1000
    huge._shape = (10**9, 10**9)
    less = {key: array for key, array in arrays.items() if key != "kintree_table"}
    return {
        "empty": b"",
        "cut": whole[: len(whole) // 2],
        "list": pickle.dumps([1, 2]),
        "texts": pickle.dumps(dict.fromkeys(arrays, "text")),
        "flat": pickle.dumps(arrays | {"shapedirs": np.zeros(3)}),
        "nothing": pickle.dumps(arrays | {"v_template": np.float32(1)}),
        "not finite": pickle.dumps(arrays | {"weights": np.full((240, 24), np.nan)}),
        "faces": pickle.dumps(arrays | {"f": arrays["f"] + 10**6}),
        "no tree": pickle.dumps(arrays | {"kintree_table": np.full((2, 24), 30)}),
        "absent": pickle.dumps(less),
        "outside": pickle.dumps(arrays | {"J_regressor": outside}),
        "huge": pickle.dumps(arrays | {"J_regressor": huge}),
        "stack": b"\x80\x02R.",
        "memo": b"\x80\x02K\x01r\xff\xff\xff\xff.",
        "claims": b"\x80\x04\x8e" + b"\xff" * 7 + b"\x0f.",
        "deep": b"\x80\x02" + b"(" * 100_000 + b"t" * 100_000 + b".",
        "shape": whole.replace(b"K\xf0K\x03\x86", b"K\xf1K\x03\x86"),
        "changes what it names": b"\x80\x02cnumpy\nndarray\nN}X\x05\x00\x00\x00arrayK\x01s\x86b.",
    }


@pytest.mark.parametrize("kind", list(damaged_models()))
def test_damaged_pickles_are_told(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "SMPL_NEUTRAL.pkl"
    path.write_bytes(damaged_models()[kind])
    with pytest.raises(ValueError, match=r"^'SMPL_NEUTRAL.pkl' is not an SMPL model: \S"):
        load_smpl(path)
    path.write_bytes(pickle.dumps(smpl_arrays(vertex_count=240)))
    load_smpl(path)  # nothing that a file did remains
