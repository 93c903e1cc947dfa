"""`ram-sdk edit` and the constraints of `generate`: what they keep, meet and refuse."""

from pathlib import Path

import numpy as np
import pytest
from control.test_constraints import walking

from ram_sdk.cli import main


def run(verb: str, checkpoint: Path, *arguments: object) -> int:
    options = ["--checkpoint", str(checkpoint), "--steps", "2", "--seed", "5"]
    return main([verb, *map(str, arguments), *options])


def joints(path: Path) -> np.ndarray:
    """As they are in the file: `Motion.load` would turn what a random network makes upright."""
    with np.load(path) as archive:
        return np.asarray(archive["joints"])


@pytest.fixture
def clip(tmp_path: Path) -> Path:
    return walking(60).save(tmp_path / "walk.npz")


def test_spans_stay_and_the_rest_is_new(
    checkpoint: Path, clip: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out.npz"
    assert (
        run("edit", checkpoint, clip, "--keep", ":1", "--keep", "2:", "--prompt", "a person jumps", "-o", out)
        == 0
    )
    before, after = joints(clip), joints(out)
    np.testing.assert_allclose(after[:20], before[:20], atol=1e-6)
    np.testing.assert_allclose(after[40:], before[40:], atol=1e-6)
    assert np.abs(after[25:35] - before[25:35]).max() > 0.01
    assert "out.npz  3.00 s  seed 5  a person jumps" in capsys.readouterr().out


def test_half_a_body_stays(checkpoint: Path, clip: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.npz"
    assert run("edit", checkpoint, clip, "--keep", "lower", "--prompt", "a person waves", "-o", out) == 0
    before, after = joints(clip), joints(out)
    np.testing.assert_allclose(after[:, [0, 7, 8]], before[:, [0, 7, 8]], atol=1e-6)


def test_generate_follows_a_path_and_a_file(checkpoint: Path, clip: Path, tmp_path: Path) -> None:
    (tmp_path / "end.yaml").write_text("- {kind: Pose, time: 3, joints: {motion: walk.npz, time: 0}}\n")
    out = tmp_path / "out.npz"
    command = ("generate", checkpoint, "a person jumps", "--duration", 3, "-o", out)
    assert run(*command, "--constraints", tmp_path / "end.yaml") == 0
    np.testing.assert_allclose(joints(out)[-1], joints(clip)[0], atol=1e-5)
    assert run(*command, "--curve", "0,0 0.5,1 0,2") == 0
    assert np.linalg.norm(joints(out)[-1, 0, [0, 2]] - (0, 2)) < 0.5


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--keep", "2-1"], "--keep 2-1: use lower, upper, or spans"),
        (["--keep", ":"], "nothing is left to make"),
        (["--keep", "2:1"], "Keep from 2 to 1 s: expected a span"),
        (["--keep", "0:9"], "within the motion's 3 s"),
        (["--keep", "0-0.5", "--keep", "upper"], "--keep 0-0.5: use lower, upper, or spans"),
        (["--keep", "lower", ":1"], "--keep lower: use lower, upper, or spans"),
        (["--keep", ":1", "--path", "0,0 1;2"], "--path '0,0 1;2': expected points such as"),
        (["--keep", ":1", "--path", "0,0 nan,1"], "Path.points holds NaN"),
        (["--keep", "upper", "--path", "0,0 900,0"], "nobody is faster than 10"),
        (["--keep", ":1", "--constraints", "none.yaml"], "ram-sdk: 'none.yaml': No such file or directory"),
    ],
)
def test_what_is_wrong_is_one_line_and_writes_nothing(
    checkpoint: Path,
    clip: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
    message: str,
) -> None:
    out = tmp_path / "out" / "x.npz"
    assert run("edit", checkpoint, clip, *arguments, "--prompt", "a person jumps", "-o", out) == 2
    error = capsys.readouterr().err
    assert message in error
    assert error.count("\n") == 1
    assert not out.parent.exists()


def test_the_clip_is_never_written_over(
    checkpoint: Path, clip: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = clip.read_bytes()
    assert run("edit", checkpoint, clip, "--keep", ":1", "--prompt", "a person jumps", "-o", clip) == 2
    assert "is a source of this command" in capsys.readouterr().err
    assert clip.read_bytes() == before
