"""The example runs and writes what it says."""

import runpy
from pathlib import Path

import pytest

from training.benchmarks.retargeting.glb_reader import GlbReader

EXAMPLE = Path(__file__).resolve().parents[2] / "examples" / "retarget.py"


@pytest.mark.slow
def test_the_example_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.argv", ["retarget.py"])
    runpy.run_path(str(EXAMPLE))
    seen = GlbReader(tmp_path / "character_walks.glb")
    root = seen.places(["root"])[:, 0]
    assert root[-1, 2] - root[0, 2] > 1.0
