from pathlib import Path

import numpy as np
import pytest
import trimesh

from ram_sdk.body.embedded import load_body
from ram_sdk.motion import Motion
from tests.synthetic_motion import natural_poses
from tests.synthetic_smpl import smpl_arrays


@pytest.fixture(scope="module")
def motion() -> Motion:
    return Motion(natural_poses(3).joints.float().numpy())


def test_mesh_has_every_frame_of_one_topology(motion: Motion) -> None:
    mesh = motion.to_mesh()
    assert mesh.vertices.shape == (3, len(load_body().vertices), 3)
    assert (len(mesh), mesh.fps) == (3, 20.0)
    shape = mesh.trimesh(1)
    np.testing.assert_allclose(shape.vertices, mesh.vertices[1])
    assert shape.is_watertight


@pytest.mark.parametrize("suffix", [".obj", ".ply", ".stl"])
def test_a_frame_can_be_read_back(motion: Motion, tmp_path: Path, suffix: str) -> None:
    path = motion.save(tmp_path / f"a{suffix}", frame=-1)
    again, expected = trimesh.load(path, process=False), motion.to_mesh().trimesh(2)
    assert len(again.faces) == len(expected.faces)
    np.testing.assert_allclose(again.triangles, expected.triangles, atol=1e-5)
    if suffix != ".stl":
        np.testing.assert_array_equal(again.faces, expected.faces)


def test_all_frames_as_numbered_files(motion: Motion, tmp_path: Path) -> None:
    paths = motion.to_mesh().save_frames(tmp_path / "walk", ".ply")
    assert [path.name for path in paths] == ["0000.ply", "0001.ply", "0002.ply"]
    np.testing.assert_allclose(
        trimesh.load(paths[1], process=False).vertices, motion.to_mesh().vertices[1], atol=1e-5
    )
    with pytest.raises(FileExistsError, match="name a new folder"):
        motion.to_mesh().save_frames(tmp_path / "walk")
    with pytest.raises(ValueError, match=r"choose one of \.obj"):
        motion.to_mesh().save_frames(tmp_path / "other", ".fbx")
    assert [path.name for path in tmp_path.iterdir()] == ["walk"]


def test_body_of_the_users_own_model(motion: Motion, tmp_path: Path) -> None:
    np.savez(tmp_path / "SMPL_NEUTRAL.npz", **smpl_arrays())
    mesh = motion.to_mesh("smpl", tmp_path / "SMPL_NEUTRAL.npz")
    assert mesh.vertices.shape == (3, 6890, 3)
    assert mesh.faces.shape == (13776, 3)
    with pytest.raises(ValueError, match="needs model_path"):
        motion.to_mesh("smpl")
    with pytest.raises(ValueError, match="choose 'embedded' or 'smpl'"):
        motion.to_mesh("skel")  # type: ignore[arg-type]


def test_a_frame_that_is_not_there(motion: Motion, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="has frames 0 to 2"):
        motion.save(tmp_path / "a.obj", frame=3)
    assert not list(tmp_path.iterdir())
