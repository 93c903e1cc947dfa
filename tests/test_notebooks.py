"""The notebooks run from top to bottom, and are kept without what they put out."""

import nbformat
import pytest
from nbclient import NotebookClient

from tests.documents import ROOT

NOTEBOOKS = sorted((ROOT / "docs" / "notebooks").glob("*.ipynb"))
SMALL = f"""
import sys
sys.path.insert(0, {str(ROOT)!r})
from tests import few_steps
few_steps.install()
"""


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_outputs_are_stripped(path) -> None:
    cells = nbformat.read(path, as_version=4).cells
    assert cells
    assert not any(cell.get("outputs") or cell.get("execution_count") for cell in cells)


@pytest.mark.slow
@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_notebook_runs(path, tmp_path) -> None:
    notebook = nbformat.read(path, as_version=4)
    notebook.cells.insert(0, nbformat.v4.new_code_cell(SMALL))
    NotebookClient(notebook, timeout=120, kernel_name="python3").execute(cwd=str(tmp_path))
    shown = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    assert any("text/html" in output.get("data", {}) for output in shown)  # the player
    if "matplotlib" in path.read_text(encoding="utf-8"):
        assert sum("image/png" in output.get("data", {}) for output in shown) >= 4
