"""`ram-sdk retarget`: one motion and several; what cannot be done is said."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from ram_sdk.cli import main
from ram_sdk.motion import Motion
from tests.synthetic_motion import natural_poses
from training.benchmarks.retargeting.glb_reader import GlbReader
from training.benchmarks.retargeting.rigs import STYLES, make_rig


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    Motion(natural_poses(8).joints.float().numpy()).save("wave.npz")
    Path("hero.vrm").write_bytes(make_rig(STYLES["vrm1"]).to_bytes())
    return tmp_path


def test_a_motion_goes_onto_a_character(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["retarget", "wave.npz", "--onto", "hero.vrm", "-o", "out/hero.vrm", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["path"] == "out/hero.vrm"
    assert told["joints"]["left_hip"].endswith("l")
    assert GlbReader(place / "out/hero.vrm").document["animations"][0]["name"] == "wave"


def test_a_bad_motion_does_not_end_the_others(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Path("bad.npz").write_bytes(b"no archive")
    shutil.copy("wave.npz", "again.npz")
    command = ["retarget", "wave.npz", "bad.npz", "again.npz", "--onto", "hero.vrm", "-o", "out/"]
    assert main([*command, "--root", "ground"]) == 2
    assert sorted(path.name for path in Path("out").iterdir()) == ["again.vrm", "wave.vrm"]
    assert "1 of 3 failed: bad.npz" in capsys.readouterr().err
    root = GlbReader(Path("out/wave.vrm")).places(["root"])[:, 0]
    np.testing.assert_allclose(root[:, 1], 0, atol=1e-6)


@pytest.mark.parametrize(
    ("more", "message"),
    [
        (["--onto", "hero.vrm", "-o", "a.fbx"], "goes into .glb or .vrm, or take 'a.fbx/' for a folder"),
        (["--onto", "hero.vrm", "-o", "hero.vrm"], "'hero.vrm': it is read by this command"),
        (["--onto", "nobody.glb", "-o", "a.glb"], "no such file"),
        (["wave.npz", "--onto", "hero.vrm", "-o", "a.glb"], "2 motions do not go into one file"),
    ],
)
def test_what_cannot_be_is_said_before_any_work(
    place: Path, capsys: pytest.CaptureFixture[str], more: list[str], message: str
) -> None:
    before = sorted(place.iterdir())
    assert main(["retarget", "wave.npz", *more]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert message in line
    assert sorted(place.iterdir()) == before


def test_help_has_examples(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="0"):
        main(["retarget", "--help"])
    assert "ram-sdk retarget walk.npz --onto hero.glb -o hero_walks.glb" in capsys.readouterr().out
