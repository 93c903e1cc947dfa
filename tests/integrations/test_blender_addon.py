"""The add-on in Blender's Python package, with a real server: installed from its zip, motions on armatures.

Without the package these skip:  pip install bpy
"""

import io
import json
import os
import subprocess
import sys
import tomllib
import zipfile
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import ram_sdk
from ram_sdk import RAMPipeline
from tests.studio.serving import serving
from training.benchmarks.retargeting.rigs import STYLES, make_rig
from training.commands import runner
from training.tools.blender_addon import SOURCES, blender_addon

RIGS = ("mixamo", "rigify")


def test_its_file_is_made_by_a_command(tmp_path: Path) -> None:
    out = tmp_path / "new" / "addon.zip"
    assert runner.main(["tools", "blender-addon", "--out", str(out)]) == 0
    assert out.read_bytes() == blender_addon()
    with zipfile.ZipFile(io.BytesIO(out.read_bytes())) as archive:
        assert {path.name for path in SOURCES.glob("*.py")} < set(archive.namelist())
        manifest = tomllib.loads(archive.read("blender_manifest.toml").decode())
        assert b"Apache License" in archive.read("LICENSE")
    assert manifest["version"] == ram_sdk.__version__
    assert manifest["license"] == ["SPDX:Apache-2.0"]


@pytest.fixture(scope="module")
def seen(pipeline: RAMPipeline, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What Blender saw; see `in_blender.py`."""
    if find_spec("bpy") is None:
        pytest.skip("needs Blender's Python package: pip install bpy")
    from ram_sdk.studio.app import create_app

    folder = tmp_path_factory.mktemp("blender")
    (folder / "addon.zip").write_bytes(blender_addon())
    for name in RIGS:
        (folder / f"{name}.glb").write_bytes(make_rig(STYLES[name]).to_bytes())
    pipeline.set_progress_bar_config(disable=True)
    script = Path(__file__).with_name("in_blender.py")
    own = {**os.environ, "BLENDER_USER_RESOURCES": str(folder / "user")}
    with serving(create_app(pipeline)) as address:
        command = [sys.executable, str(script), "--", str(folder / "addon.zip"), address, str(folder)]
        ran = subprocess.run(command, env=own, timeout=600, capture_output=True, text=True)
    assert ran.returncode == 0, ran.stderr[-3000:]
    return json.loads((folder / "result.json").read_text())


@pytest.mark.slow
def test_it_installs_and_goes(seen: dict[str, Any]) -> None:
    assert seen["modules"] == ["bl_ext.user_default.ram_sdk"]
    assert seen["unregistered"]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("case", "said"),
    [
        ("down", "no server responds at http://127.0.0.1:1"),
        ("no address", "expected an address such as"),
        ("elsewhere", "allow online access"),
        ("no armature", "no armature is active"),
        ("prompt", "prompt: "),
        ("too long", "duration"),
        ("no keys", "select bones of Hips"),
        ("controls", "follow its controls, such as 'DEF-"),
    ],
)
def test_what_is_wrong_is_said_in_one_line(seen: dict[str, Any], case: str, said: str) -> None:
    assert said in seen["refused"][case]
    assert len(seen["refused"][case].splitlines()) == 1


@pytest.mark.slow
def test_a_new_armature(seen: dict[str, Any]) -> None:
    new = seen["new"]
    assert new["action"] == "a person walks"
    assert new["frames"] == [1, 20]
    assert len(new["meshes"]) == 1
    assert moved(new["ours"]) > 0.05


@pytest.mark.slow
@pytest.mark.parametrize("name", RIGS)
def test_ones_own_rig(seen: dict[str, Any], name: str) -> None:
    """Bones go where Blender's own importer shows them; nothing but the action is new."""
    on_rig = seen["rigs"][name]
    assert on_rig["untouched"]
    assert on_rig["action"].startswith("a person walks")
    assert on_rig["seed"] == "5"
    assert on_rig["former"]
    assert on_rig["frames"] == [1, 20]
    assert moved(on_rig["ours"]) > 0.05
    names = list(on_rig["ours"][0])
    ours, importers = (places(on_rig[key], names) for key in ("ours", "importers"))
    np.testing.assert_allclose(ours, importers, atol=1e-4)


@pytest.mark.slow
def test_keys_are_constraints(seen: dict[str, Any]) -> None:
    (joints,) = seen["constraints"]
    assert joints["kind"] == "Joints"
    assert joints["times"] == pytest.approx([0, 0.7])
    x, y, z = np.array(seen["keyed"]).T
    np.testing.assert_allclose(joints["positions"]["left_hand"], np.stack((x, z, -y), axis=-1), atol=1e-5)
    without = places([seen["new"]["ours"][frame] for frame in (0, 14)], ["LeftHand"])[:, 0]
    assert np.abs(np.array(seen["kept"]) - without).max() > 0.01  # same seed, other motion


@pytest.mark.slow
def test_the_button_works_aside_and_can_be_cancelled(seen: dict[str, Any]) -> None:
    assert "FINISHED" in seen["pressed"]
    assert "CANCELLED" in seen["cancelled"]
    assert "Error: cancelled" in seen["cancelled"]
    assert seen["added"] == 0


def places(frames: list[dict[str, Any]], names: list[str]) -> np.ndarray:
    """(frames, bones, 3)"""
    return np.array([[one[name] for name in names] for one in frames])


def moved(frames: list[dict[str, Any]]) -> float:
    """The farthest that a bone gets from its first place, metres."""
    at = places(frames, list(frames[0]))
    return float(np.linalg.norm(at - at[:1], axis=-1).max())
