"""`benchmark regression` compares two checkouts; here this one with itself."""

from pathlib import Path

import pytest

import ram_sdk
from training.benchmarks.regression import measure

CHECKOUT = Path(ram_sdk.__file__).parents[1]


@pytest.mark.slow
def test_a_checkout_is_as_fast_as_itself(capsys):
    assert measure(CHECKOUT, repeats=2) == pytest.approx(1.0, abs=0.5)
    assert "this revision takes" in capsys.readouterr().out


def test_another_folder_is_refused(tmp_path):
    with pytest.raises(ValueError, match="expected a checkout"):
        measure(tmp_path, repeats=1)


@pytest.mark.slow
def test_a_checkout_that_fails_is_named(tmp_path, capfd):
    (tmp_path / "ram_sdk").mkdir()
    (tmp_path / "ram_sdk" / "__init__.py").write_text("raise RuntimeError('broken')")
    with pytest.raises(ValueError, match="could not generate a motion"):
        measure(tmp_path, repeats=1)
    assert "broken" in capfd.readouterr().err
