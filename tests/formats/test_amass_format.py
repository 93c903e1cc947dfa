import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from ram_sdk.body.smpl import SMPL_PELVIS, SMPLX_PELVIS
from ram_sdk.geometry import axis_angle_to_matrix
from ram_sdk.motion import Motion
from ram_sdk.skeleton.features import canonicalize
from tests.synthetic_motion import natural_poses
from tests.synthetic_smpl import smpl_arrays


@pytest.fixture(scope="module")
def motion() -> Motion:
    return Motion(natural_poses(41).joints.float().numpy())


@pytest.mark.parametrize(("layout", "width"), [("smplh", 156), ("smplx", 165)])
def test_archive_has_what_readers_look_for(motion: Motion, tmp_path: Path, layout: str, width: int) -> None:
    with np.load(motion.save(tmp_path / "a.npz", layout=layout), allow_pickle=False) as archive:
        assert archive["poses"].shape == (61, width)  # 2 s at 30 fps
        assert archive["trans"].shape == (61, 3)
        assert archive["betas"].shape == (16,)
        assert float(archive["mocap_framerate"]) == float(archive["mocap_frame_rate"]) == 30.0
        assert archive["gender"].item() == "neutral"
        assert ("surface_model_type" in archive) == (layout == "smplx")
        pelvis = archive["trans"] + (SMPL_PELVIS if layout == "smplh" else SMPLX_PELVIS)
        expected = motion.resample(30).joints[:, 0] @ np.array(((1, 0, 0), (0, 0, 1), (0, -1, 0)))  # Z up
        np.testing.assert_allclose(pelvis, expected, atol=2e-4)


@pytest.mark.parametrize("layout", ["smplh", "smplx"])
def test_positions_come_back(motion: Motion, tmp_path: Path, layout: str) -> None:
    """On the floor, from the origin towards +Z, as BVH is read."""
    path = motion.save(tmp_path / "a.npz", layout=layout, fps=20)
    again = Motion.load(path)
    assert again.fps == 20.0
    expected = canonicalize(torch.tensor(motion.joints)).numpy()
    assert 1000 * np.linalg.norm(again.joints - expected, axis=-1).mean() < 0.1
    fast = Motion.load(motion.save(tmp_path / "b.npz", layout=layout))
    np.testing.assert_allclose(fast.joints[::3], again.joints[::2], atol=1e-3)


def arrays_of(motion: Motion, folder: Path, **options: Any) -> dict[str, Any]:
    """What an archive at 20 fps holds."""
    with np.load(motion.save(folder / "whole.npz", layout="smplh", fps=20, **options)) as archive:
        return {name: archive[name] for name in archive.files}


def y_up(motion: Motion) -> dict[str, Any]:
    parameters = motion.to_smpl(model_type="smplh")
    poses = torch.cat((parameters.global_orient, parameters.body_pose), dim=1).numpy()
    return {
        "poses": np.pad(poses, ((0, 0), (0, 90))),
        "trans": parameters.transl.numpy(),
        "mocap_framerate": 20,
    }


@pytest.mark.parametrize("layout", ["AMASS", "estimator", "Y up", "joined", "SMPL", "with a pickle"])
@pytest.mark.parametrize("rate", ["mocap_framerate", "mocap_frame_rate", "fps", "framerate"])
def test_archives_of_other_programs(motion: Motion, tmp_path: Path, layout: str, rate: str) -> None:
    arrays = y_up(motion) if layout == "Y up" else arrays_of(motion, tmp_path)
    arrays = {key: array for key, array in arrays.items() if not key.startswith("mocap")}
    arrays[rate] = np.array([[20]])
    match layout:
        case "estimator":
            poses = arrays.pop("poses")
            arrays |= {"root_orient": poses[:, :3], "pose_body": poses[:, 3:66]}
        case "joined":
            poses = arrays.pop("poses")
            arrays |= {"global_orient": poses[:, :3], "body_pose": np.pad(poses[:, 3:66], ((0, 0), (0, 6)))}
            arrays["transl"] = arrays.pop("trans")
        case "SMPL":
            arrays["poses"] = arrays["poses"][:, :72]
        case "with a pickle":
            arrays["labels"] = np.array({"stageii": object}, dtype=object)
    np.savez(tmp_path / "a_stageii.npz", **arrays)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        read = Motion.load(tmp_path / "a_stageii.npz")
    assert ["Y is assumed to be up" in str(w.message) for w in caught] == ([True] if layout == "Y up" else [])
    expected = canonicalize(torch.tensor(motion.joints)).numpy()
    assert np.linalg.norm(read.joints - expected, axis=-1).mean() < 1e-3
    assert read.fps == 20


@pytest.mark.parametrize(("height", "degrees"), [(0.3, 0), (-0.14, 114), (5.0, -90)])
def test_bodies_stand_on_the_floor_and_face_ahead(
    motion: Motion, tmp_path: Path, height: float, degrees: float
) -> None:
    turn = axis_angle_to_matrix(torch.tensor((0.0, np.radians(degrees), 0.0))).float()
    moved = Motion((torch.tensor(motion.joints) @ turn.T + torch.tensor((3.0, height, -2.0))).numpy())
    read = Motion.load(moved.save(tmp_path / "a.npz", layout="smplx", fps=20))
    assert abs(read.joints[..., 1].min()) < 1e-3
    expected = canonicalize(torch.tensor(motion.joints)).numpy()
    np.testing.assert_allclose(read.joints, expected, atol=2e-3)


def test_up_and_rate_can_be_said(motion: Motion, tmp_path: Path) -> None:
    arrays = y_up(motion)
    del arrays["mocap_framerate"]
    np.savez(tmp_path / "a.npz", **arrays)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        read = Motion.load(tmp_path / "a.npz", up="y", fps=25)
    assert read.fps == 25
    assert read.joints[:, 15, 1].min() > read.joints[:, 0, 1].max()
    with pytest.warns(UserWarning, match="it has no frame rate: 20 fps is assumed"):
        Motion.load(tmp_path / "a.npz", up="y")


def test_gender_betas_and_model_are_written_as_given(motion: Motion, tmp_path: Path) -> None:
    arrays = arrays_of(motion, tmp_path, gender="female", betas=[0.5, -1.0])
    assert arrays["gender"].item() == "female"
    assert arrays["betas"].tolist() == [0.5, -1.0, *[0.0] * 14]
    for kind, layout in (("smplx", "smplh"), ("smpl", "smplx"), ("smplh", "smplx")):
        path = tmp_path / f"{kind}.npz"
        np.savez(path, **smpl_arrays(300, kind))
        with pytest.raises(ValueError, match=f"is a {kind} model: layout '{layout}' needs an SMPL-"):
            motion.save(tmp_path / "b.npz", layout=layout, model_path=path)
    motion.save(tmp_path / "b.npz", layout="smplx", model_path=tmp_path / "smplx.npz")
    motion.save(tmp_path / "b.npz", layout="smplh", model_path=tmp_path / "smplh.npz")


def test_smplcodec_reads_it(motion: Motion, tmp_path: Path) -> None:
    smplcodec = pytest.importorskip("smplcodec", reason="pip install smplcodec")
    body = smplcodec.SMPLCodec.from_amass_npz(str(motion.save(tmp_path / "a.npz", layout="smplx")))
    assert body.body_translation.shape == (61, 3)


def test_archives_that_are_no_motion(tmp_path: Path) -> None:
    path = tmp_path / "a.npz"
    whole = {"poses": np.zeros((3, 156)), "trans": np.zeros((3, 3)), "mocap_framerate": 30}
    for change, message in (
        ({"poses": np.zeros((3, 12))}, "not SMPL's"),
        ({"poses": np.zeros(156)}, "not SMPL's"),
        ({"poses": np.zeros((0, 156)), "trans": np.zeros((0, 3))}, "not SMPL's"),
        ({"trans": np.full((3, 3), np.inf)}, "NaN or infinite"),
        ({"mocap_framerate": np.array([30, 60])}, "mocap_framerate of shape"),
        ({"mocap_framerate": np.array(0.0)}, "expected a positive number"),
        ({"poses": np.array([{}], dtype=object)}, "holds pickled Python objects"),
    ):
        np.savez(path, **(whole | change))
        with pytest.raises(ValueError, match=rf"^'a.npz' is not a motion archive: .*{message}"):
            Motion.load(path)
    np.savez(path, results=np.array({"smpl": 1}, dtype=object))
    with pytest.raises(ValueError, match=r"neither joints nor poses nor .* pose_body, but results"):
        Motion.load(path)


def test_degrees_are_told(motion: Motion, tmp_path: Path) -> None:
    arrays = arrays_of(motion, tmp_path)
    np.savez(tmp_path / "a.npz", **(arrays | {"poses": np.degrees(arrays["poses"])}))
    with pytest.warns(UserWarning, match=r"its joints turn by [\d.]+ radians: they look like degrees"):
        Motion.load(tmp_path / "a.npz")


def test_unknown_layout_leaves_no_file(motion: Motion, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="layout 'smpl': choose 'motion', 'smplh' or 'smplx'"):
        motion.save(tmp_path / "a.npz", layout="smpl")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("fps", [30.0, 60.0, 12.0])
def test_resampled_motion_passes_through_the_same_poses(motion: Motion, fps: float) -> None:
    again = motion.resample(fps)
    assert again.fps == fps
    assert again.duration == pytest.approx(motion.duration, abs=1 / 12)
    np.testing.assert_allclose(again.joints[0], motion.joints[0], atol=1e-5)
    if fps == 60:
        np.testing.assert_allclose(again.joints[::3], motion.joints, atol=1e-5)
        bones = np.linalg.norm(again.joints[:, 20] - again.joints[:, 18], axis=-1)
        assert np.ptp(bones) < 1e-4
