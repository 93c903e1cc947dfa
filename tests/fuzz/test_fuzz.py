"""A few damaged files for every reader; `python -m tests.fuzz` tries thousands."""

import warnings

import pytest

from tests.fuzz.harness import bounded, try_input
from tests.fuzz.mutations import KINDS
from tests.fuzz.parsers import PARSERS

_INPUTS = 2 * len(KINDS)


@pytest.fixture
def place(tmp_path, monkeypatch):
    """A working folder, with limited memory and time."""
    monkeypatch.chdir(tmp_path)
    with bounded():
        yield tmp_path


@pytest.mark.parametrize("name", PARSERS)
def test_damaged_files_are_read_or_rejected(name, place):
    parser, valid = PARSERS[name], place / "valid"
    valid.mkdir()
    parser.write(valid)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        parser.read(valid)
        outcomes = [try_input(parser, valid, place / "damaged-files", number, 1) for number in range(_INPUTS)]
    assert [problem for _, problem in outcomes if problem] == []
