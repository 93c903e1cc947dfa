from pathlib import Path

import numpy as np
import pytest

from ram_sdk.body.smpl import SMPL_PELVIS, SMPLX_PELVIS
from ram_sdk.motion import Motion
from tests.synthetic_motion import natural_poses


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
    path = motion.save(tmp_path / "a.npz", layout=layout, fps=20)
    again = Motion.load(path)
    assert again.fps == 20.0
    assert 1000 * np.linalg.norm(again.joints - motion.joints, axis=-1).mean() < 0.1
    fast = Motion.load(motion.save(tmp_path / "b.npz", layout=layout))
    np.testing.assert_allclose(fast.joints[::3], again.joints[::2], atol=1e-4)


def test_smplcodec_reads_it(motion: Motion, tmp_path: Path) -> None:
    smplcodec = pytest.importorskip("smplcodec", reason="pip install smplcodec")
    body = smplcodec.SMPLCodec.from_amass_npz(str(motion.save(tmp_path / "a.npz", layout="smplx")))
    assert body.body_translation.shape == (61, 3)


def test_archives_that_are_no_motion(tmp_path: Path) -> None:
    path = tmp_path / "a.npz"
    np.savez(path, poses=np.zeros((3, 156)), trans=np.zeros((3, 3)))
    with pytest.raises(ValueError, match="no mocap_framerate"):
        Motion.load(path)
    np.savez(path, poses=np.zeros((3, 12)), trans=np.zeros((3, 3)), mocap_framerate=30)
    with pytest.raises(ValueError, match="not SMPL's"):
        Motion.load(path)


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
