"""A packed data set gives the same training set again, to float16."""

import numpy as np
import pytest
from tiny_training import write_data

from ram_sdk.body.retarget import mirror
from training.data.build import write_motion
from training.data.folder import MotionTextFolder
from training.data.packing import _joints_of
from training.dataset import read_split
from training.prepare import main

ROTATIONS, VELOCITIES = slice(67, 193), slice(193, 259)


@pytest.fixture(scope="module")
def moved(tmp_path_factory):
    """A set with a mirrored copy, before and after; another copy is not the mirror image of its original."""
    before, after = tmp_path_factory.mktemp("before"), tmp_path_factory.mktemp("moved") / "after"
    write_data(before)
    (before / "new_joints").mkdir()
    data = MotionTextFolder(before)
    write_motion(before, "M000003", mirror(_joints_of(data.features("000003"))))
    write_motion(before, "M000004", _joints_of(data.features("000004")))
    for name in ("000003", "000004"):
        (before / "texts" / f"M{name}.txt").write_text((before / "texts" / f"{name}.txt").read_text())
    with (before / "train.txt").open("a") as file:
        file.write("M000003\nM000004\n")
    packed = before.parent / "packed.npz"
    assert main(["pack", str(before), str(packed)]) == 0
    assert main(["unpack", str(packed), str(after)]) == 0
    return before, packed, after


def test_packing_keeps_the_training_set(moved):
    before, after = MotionTextFolder(moved[0]), MotionTextFolder(moved[2])
    old, new = (read_split(folder, "train", 20) for folder in (before, after))
    assert len(old) == len(new) == 16
    changed = []
    for a, b in zip(old, new, strict=True):
        assert a.captions == b.captions
        difference = np.abs(a.features - b.features)
        assert difference[:, :67].max() < 0.002
        assert difference[:, ROTATIONS].mean() < 0.002  # float16 bends short bones by a degree
        assert difference[:, VELOCITIES].max() < 0.002
        changed.append(difference[:, 259:].mean())
    assert np.mean(changed) < 0.01
    np.testing.assert_array_equal(before.mean, after.mean)
    np.testing.assert_array_equal(before.std, after.std)
    assert np.abs(after.joints("000003") - after.joints("M000003")).max() > 0.05


def test_packing_is_small_and_leaves_out_what_can_be_made_again(moved):
    before, packed, _ = moved
    features = sum(path.stat().st_size for path in (before / "new_joint_vecs").iterdir())
    assert packed.stat().st_size < features / 4
    with np.load(packed, allow_pickle=False) as stored:
        assert stored["joints"].dtype == np.float16
        assert (
            len(stored["lengths"]) == 16
        )  # 15 clips and the copy that is no mirror image; not the broken one


def test_packing_refuses_folders_that_hold_something(moved, capsys):
    _, packed, after = moved
    assert main(["unpack", str(packed), str(after)]) == 1
    assert "is not empty" in capsys.readouterr().err
