"""The example runs and writes what it says."""

import runpy
from pathlib import Path

import pytest

EXAMPLE = Path(__file__).resolve().parents[2] / "examples" / "constraints.py"


@pytest.mark.slow
def test_the_example_runs(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    runpy.run_path(str(EXAMPLE))
    names = {"s_curve", "stop", "reach", "loop", "gap", "wave"}
    assert {path.stem for path in tmp_path.glob("*.png")} == names
