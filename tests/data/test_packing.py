"""A packed data set gives the same training set again, to a fifth of a millimetre."""

import numpy as np
import pytest
import torch

from ram_sdk.skeleton.features import decode_features
from tests.training.tiny_training import write_data
from training.commands.runner import main
from training.data.folder import MotionTextFolder
from training.dataset import read_split

ROTATIONS, VELOCITIES = slice(67, 193), slice(193, 259)


@pytest.fixture(scope="module")
def moved(tmp_path_factory):
    """A set, the file that it was packed into, and the set that this was unpacked into."""
    before, after = tmp_path_factory.mktemp("before"), tmp_path_factory.mktemp("moved") / "after"
    write_data(before)
    packed = before.parent / "packed.npz"
    assert main(["prepare", "pack", "--data", str(before), "--out", str(packed)]) == 0
    assert main(["prepare", "unpack", str(packed), "--out", str(after)]) == 0
    return before, packed, after


def test_packing_keeps_the_training_set(moved):
    before, after = MotionTextFolder(moved[0]), MotionTextFolder(moved[2])
    old, new = (read_split(folder, "train", 20) for folder in (before, after))
    assert len(old) == len(new) == 14
    changed = []
    for a, b in zip(old, new, strict=True):
        assert a.captions == b.captions
        difference = np.abs(a.features - b.features)
        assert difference[:, :67].max() < 0.002
        assert difference[:, ROTATIONS].mean() < 0.002
        assert difference[:, VELOCITIES].max() < 0.002
        changed.append(difference[:, 259:].mean())
    assert np.mean(changed) < 0.01
    np.testing.assert_array_equal(before.mean, after.mean)
    np.testing.assert_array_equal(before.std, after.std)
    np.testing.assert_allclose(
        after.joints("000003"), decode_features(torch.from_numpy(before.features("000003"))), atol=0.001
    )


def test_packing_is_small(moved):
    before, packed, _ = moved
    features = sum(path.stat().st_size for path in (before / "new_joint_vecs").iterdir())
    assert packed.stat().st_size < features / 8


def test_packing_refuses_folders_that_hold_something(moved, capsys):
    _, packed, after = moved
    assert main(["prepare", "unpack", str(packed), "--out", str(after)]) == 2
    assert "is not empty" in capsys.readouterr().err
