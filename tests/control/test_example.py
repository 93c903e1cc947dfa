"""The examples of control run and write what they say: most on a small checkpoint, two on a shipped one."""

import runpy
from pathlib import Path

import pytest

from ram_sdk import RAMPipeline
from ram_sdk.checkpoint import add_component
from ram_sdk.models import Matcher, MatcherConfig

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"


def written(name: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """Run an example in an empty folder; what it leaves there."""
    folder.mkdir()
    monkeypatch.chdir(folder)
    runpy.run_path(str(EXAMPLES / f"{name}.py"))
    return {path.name for path in folder.iterdir() if path.stat().st_size}


@pytest.mark.parametrize(
    ("name", "files"),
    [
        ("best_of", {"wave_best_of_1.png", "wave_best_of_8.png"}),
        (
            "compose",
            {"walk_sit_stand.png", "timeline.yaml", "walk_and_wave.png", "continued.png", "replaced.png"},
        ),
        ("interpolate", {*(f"between_{number}.png" for number in range(5)), "walk_again.png"}),
        ("search", {"motions", "motions.index"}),
    ],
)
@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::UserWarning")
def test_it_runs_on_a_small_checkpoint(
    name: str, files: set[str], checkpoint: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    add_component(checkpoint, "matcher", Matcher(MatcherConfig(5.0, 0.0)))
    small = RAMPipeline.from_pretrained(checkpoint)
    monkeypatch.setattr(RAMPipeline, "from_pretrained", lambda: small)
    assert written(name, tmp_path / "out", monkeypatch) == files


@pytest.mark.parametrize(
    ("name", "files"),
    [
        ("constraints", {f"{name}.png" for name in ("s_curve", "stop", "reach", "loop", "gap", "wave")}),
        ("edit", {"walk_round_a_corner.bvh", "walk_then_wave.bvh"}),
    ],
)
@pytest.mark.slow
def test_it_runs_on_a_shipped_checkpoint(
    name: str, files: set[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert written(name, tmp_path / "out", monkeypatch) == files
