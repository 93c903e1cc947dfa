"""Inputs with which the long run found faults, by reader and number; each is rejected in one line."""

import pytest

from tests.fuzz.harness import bounded, try_input
from tests.fuzz.parsers import PARSERS


@pytest.mark.parametrize(("name", "number"), [("SMPL .pkl", 3677), ("character", 4907)])
def test_faults_that_were_found_stay_fixed(name, number, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    valid = tmp_path / "valid"
    valid.mkdir()
    PARSERS[name].write(valid)
    PARSERS[name].read(valid)
    with bounded():
        assert try_input(PARSERS[name], valid, tmp_path / "damaged-files", number, 0) == (False, None)
