"""Constraints in files: JSON and YAML, with motions by name."""

from pathlib import Path

import numpy as np
import pytest
from control.test_constraints import examples, walking

from ram_sdk.control import Keep, Pose, load_constraints, to_json


def test_json_is_what_to_json_writes(tmp_path: Path) -> None:
    (tmp_path / "all.json").write_text(to_json(examples()))
    assert to_json(load_constraints(tmp_path / "all.json")) == to_json(examples())


def test_motions_are_named(tmp_path: Path) -> None:
    motion = walking(60)
    motion.save(tmp_path / "walk.npz")
    (tmp_path / "some.yaml").write_text(
        "- {kind: Keep, motion: walk.npz, start: 0, end: 1}\n"
        "- {kind: Pose, time: 2, joints: {motion: walk.npz, time: 1.5}}\n"
    )
    kept, pose = load_constraints(tmp_path / "some.yaml")
    assert isinstance(kept, Keep)
    assert isinstance(pose, Pose)
    np.testing.assert_allclose(kept.motion.joints, motion.joints)
    np.testing.assert_allclose(pose.joints, motion.joints[30])


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("- {kind: Pose, time: 2, joints: {motion: walk.npz, time: 9}}", "walk.npz has 0 to 3 s"),
        ("- {kind: Pose, time: 2, joints: {motion: walk.npz}}", r"or \{motion: FILE, time: SECONDS\}"),
        ("- {kind: Keep, motion: 3}", "Keep.motion: expected"),
        ("- {kind: Stop, place: [.nan, 0], time: 1}", "Stop.place holds NaN"),
        ("kind: Loop", "expected a list of objects"),
        ("- [", "not YAML"),
    ],
)
def test_a_bad_file_is_named_in_one_line(tmp_path: Path, text: str, message: str) -> None:
    walking(60).save(tmp_path / "walk.npz")
    (tmp_path / "bad.yaml").write_text(text)
    with pytest.raises(ValueError, match=rf"bad\.yaml: .*{message}") as error:
        load_constraints(tmp_path / "bad.yaml")
    assert "\n" not in str(error.value)


def test_a_missing_motion_is_an_os_error(tmp_path: Path) -> None:
    (tmp_path / "lost.yml").write_text("- {kind: Keep, motion: none.npz}")
    with pytest.raises(OSError, match=r"none\.npz"):
        load_constraints(tmp_path / "lost.yml")
