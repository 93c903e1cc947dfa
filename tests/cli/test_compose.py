"""`ram-sdk compose`: what it writes and how it refuses."""

from pathlib import Path

import numpy as np
import pytest

from ram_sdk.cli import main
from ram_sdk.motion import Motion

TIMELINE = """
segments:
  - {prompt: a person walks, start: 0, end: 2}
  - {prompt: waves, start: 0.5, end: 1.5, part: left arm}
  - {prompt: jumps, start: 2, end: 3}
"""


def compose(checkpoint: Path, *arguments: object) -> int:
    options = ["--checkpoint", str(checkpoint), "--steps", "2", "--seed", "5"]
    return main(["compose", *options, *map(str, arguments)])


def test_writes_one_motion(checkpoint: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "day.yaml").write_text(TIMELINE)
    outputs = ("-o", tmp_path / "out.npz", "-o", f"{tmp_path}/all/")
    assert compose(checkpoint, tmp_path / "day.yaml", *outputs) == 0
    motion = Motion.load(tmp_path / "out.npz")
    assert len(motion) == 60
    assert motion.prompt == "a person walks (left arm: waves), then jumps"
    assert (tmp_path / "all" / "day.npz").exists()
    printed = capsys.readouterr()
    assert "out.npz  3.00 s  seed 5  3 segments" in printed.out
    assert printed.err == ""


def test_continues_a_file_and_never_writes_over_it(
    checkpoint: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "day.yaml").write_text(TIMELINE)
    compose(checkpoint, tmp_path / "day.yaml", "-o", tmp_path / "day.npz")
    (tmp_path / "next.json").write_text(
        '[{"motion": "day.npz", "start": 0, "end": 2, "from": 1}, {"prompt": "turns", "start": 2, "end": 4}]'
    )
    before = (tmp_path / "day.npz").read_bytes()
    assert compose(checkpoint, tmp_path / "next.json", "-o", tmp_path / "day.npz") == 2
    assert "is a source of this command" in capsys.readouterr().err
    assert (tmp_path / "day.npz").read_bytes() == before
    assert compose(checkpoint, tmp_path / "next.json", "-o", tmp_path / "next.npz") == 0
    assert len(Motion.load(tmp_path / "next.npz")) == 80


def test_clips_may_stand_among_prompts(
    checkpoint: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "day.yaml").write_text(TIMELINE)
    compose(checkpoint, tmp_path / "day.yaml", "-o", tmp_path / "day.npz")
    day, out = tmp_path / "day.npz", tmp_path / "out.npz"
    assert compose(checkpoint, day, "a person turns", "sits", "--duration", "2", "3", "-o", out) == 0
    made = Motion.load(out)
    assert len(made) == 60 + 40 + 60
    np.testing.assert_allclose(made.joints[:60], Motion.load(day).joints, atol=1e-4)
    assert made.settings["timeline"][0]["prompt"] == Motion.load(day).prompt
    capsys.readouterr()
    for wrong, message in (("no.npz", "no such file"), (tmp_path / "day.yaml", "give a timeline alone")):
        assert compose(checkpoint, wrong, "sits", "-o", tmp_path / "none.npz") == 2
        assert message in capsys.readouterr().err
    assert not (tmp_path / "none.npz").exists()


def test_a_bad_timeline_leaves_nothing(
    checkpoint: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "bad.yaml").write_text(TIMELINE.replace("start: 2, end: 3", "start: 2.5, end: 3"))
    assert compose(checkpoint, tmp_path / "bad.yaml", "-o", tmp_path / "out" / "x.npz") == 2
    error = capsys.readouterr().err
    assert error.count("\n") == 1
    assert "bad.yaml: gap before segment 'jumps'" in error
    assert not (tmp_path / "out").exists()


def test_prompts_one_after_the_other(checkpoint: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.npz"
    assert (
        compose(checkpoint, "a person walks", "jumps", "--duration", "2", "--duration", "1.5", "-o", out) == 0
    )
    motion = Motion.load(out)
    assert (motion.prompt, motion.duration) == ("a person walks, then jumps", 3.5)
