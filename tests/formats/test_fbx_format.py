import shutil
from importlib.util import find_spec
from pathlib import Path

import pytest

from ram_sdk.motion import Motion
from tests.synthetic_motion import natural_poses

# What Blender makes of the files is looked at in test_blender.py.


@pytest.fixture(scope="module")
def motion() -> Motion:
    return Motion(natural_poses(2).joints.float().numpy())


def test_failures_of_blender_are_told_and_leave_no_file(motion: Motion, tmp_path: Path) -> None:
    with pytest.raises(OSError, match="Blender could not write"):
        motion.save(tmp_path / "a.fbx", blender=shutil.which("false"))
    assert not list(tmp_path.iterdir())


@pytest.mark.skipif(shutil.which("blender") is not None or find_spec("bpy") is not None, reason="has Blender")
def test_without_blender_the_error_says_what_to_install(motion: Motion, tmp_path: Path) -> None:
    with pytest.raises(ImportError, match="pip install bpy"):
        motion.save(tmp_path / "a.fbx")
    assert not list(tmp_path.iterdir())
