"""Motion: slices, features, and the plain formats; bad files and places lose nothing."""

import errno
import os
import pickle
from pathlib import Path

import numpy as np
import pytest

from ram_sdk import Motion, formats

OFFICIAL = Path(__file__).parent / "data" / "humanml3d_012314.npz"


@pytest.fixture
def motion() -> Motion:
    with np.load(OFFICIAL) as stored:
        return Motion.from_features(stored["features"], prompt="a person plays tennis", settings={"seed": 4})


def test_from_features(motion):
    assert len(motion) == 170
    assert motion.duration == 8.5
    with np.load(OFFICIAL) as stored:
        np.testing.assert_allclose(motion.joints, stored["joints"], atol=1e-5)


def test_slice_keeps_place_and_features(motion):
    part = motion[30:90]
    assert len(part) == 60
    np.testing.assert_array_equal(part.joints, motion.joints[30:90])
    np.testing.assert_array_equal(part.features, motion.features[30:90])
    assert part.prompt == motion.prompt


def test_arrays_cannot_be_written_to(motion):
    given = motion.joints.copy()
    bare = Motion(given)
    for array in (
        *(bare.joints, bare.features, motion.features, motion[3:9].joints, motion.mirror().joints),
        *(bare.pose.rotations, bare.pose.root, bare.pose.offsets),
    ):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 0
    given[:] = 0
    np.testing.assert_array_equal(bare.joints, motion.joints)
    assert np.shares_memory(motion[3:9].joints, motion.joints)


def test_features_of_bare_joints(motion):
    bare = Motion(motion.joints)
    assert bare.features.shape == (170, 263)
    np.testing.assert_allclose(bare.features[:100, :67], motion.features[:100, :67], atol=2e-3)


@pytest.mark.parametrize("suffix", [".npy", ".npz", ".json"])
def test_round_trip(motion, tmp_path, suffix):
    path = motion.save(tmp_path / f"clip{suffix}")
    loaded = Motion.load(path)
    np.testing.assert_allclose(loaded.joints, motion.joints, atol=1e-5)
    assert loaded.fps == 20
    if suffix != ".npy":
        assert loaded.prompt == motion.prompt
        assert loaded.settings == {"seed": 4}
    assert os.listdir(tmp_path) == [path.name]


def test_npy_of_features_is_read(motion, tmp_path):
    np.save(tmp_path / "vecs.npy", motion.features)
    np.testing.assert_array_equal(Motion.load(tmp_path / "vecs.npy").joints, motion.joints)


@pytest.mark.parametrize(
    ("joints", "message"),
    [
        (np.zeros((5, 23, 3)), r"\(5, 23, 3\): expected \(frames >= 1, 22 or 21, 3\)"),
        (np.zeros((0, 22, 3)), "frames >= 1"),
        (np.full((5, 22, 3), np.nan), "NaN or infinite"),
    ],
)
def test_bad_joints(joints, message):
    with pytest.raises(ValueError, match=message):
        Motion(joints)


def test_bad_slices(motion):
    with pytest.raises(TypeError, match="without a step"):
        motion[::2]
    with pytest.raises(TypeError, match="give a span"):
        motion[3]
    with pytest.raises(TypeError, match="there are 20 in a second"):
        motion[0.5:1]
    with pytest.raises(ValueError, match="is empty"):
        motion[500:]


def test_places_that_cannot_be_written(motion, tmp_path):
    with pytest.raises(ValueError, match=r"'.*clip.xyz': use one of the suffixes .npy"):
        motion.save(tmp_path / "clip.xyz")
    (tmp_path / "folder.npy").mkdir()
    with pytest.raises(IsADirectoryError, match="it is a folder"):
        motion.save(tmp_path / "folder.npy")


def test_a_failed_write_leaves_the_old_file(motion, tmp_path):
    path = motion.save(tmp_path / "clip.json")
    before = path.read_bytes()
    broken = Motion(motion.joints, settings={"not json": object()})
    with pytest.raises(ValueError, match="type object, which JSON cannot hold"):
        broken.save(path)
    assert path.read_bytes() == before
    assert os.listdir(tmp_path) == ["clip.json"]


@pytest.mark.parametrize("suffix", [".npy", ".npz", ".json"])
@pytest.mark.parametrize("content", [b"", b"not a motion", pickle.dumps({"joints": [1]})])
def test_bad_files(tmp_path, suffix, content):
    path = tmp_path / f"bad{suffix}"
    path.write_bytes(content)
    with pytest.raises(ValueError, match="bad"):
        Motion.load(path)


def test_pickled_arrays_are_refused(tmp_path):
    np.save(tmp_path / "objects.npy", np.array([{"a": 1}], dtype=object), allow_pickle=True)
    with pytest.raises(ValueError, match="holds pickled Python objects"):
        Motion.load(tmp_path / "objects.npy")


def test_unknown_and_absent_files(tmp_path):
    with pytest.raises(FileNotFoundError, match="there is no such file"):
        Motion.load(tmp_path / "absent.npy")
    with pytest.raises(ValueError, match="use one of the suffixes"):
        Motion.load(tmp_path / "clip.xyz")


@pytest.mark.skipif(not Path("/proc/self").is_dir(), reason="needs Linux's /proc")
def test_places_where_no_file_can_be_made_are_refused_early():
    for place in ("/proc/a.bvh", "/proc/there/a.npz"):
        with pytest.raises(
            OSError, match=rf"cannot write '{place}': no file can be made in '/proc' \(No such"
        ):
            formats.check_writable(place)


def test_a_folder_that_vanishes_meanwhile_gives_an_error_about_the_file(motion, tmp_path):
    folder = tmp_path / "here"

    class Slow(Motion):
        @property
        def pose(self):
            folder.rmdir()
            return motion.pose

    with pytest.raises(FileNotFoundError, match=r"cannot write '.*here/a.bvh': No such file") as caught:
        Slow(motion.joints).save(folder / "a.bvh")
    assert "ram_sdk-" not in str(caught.value)
    assert caught.value.errno == errno.ENOENT
