"""Prompt files as people have them."""

import io
import sys
from pathlib import Path

import pytest

from ram_sdk.cli import prompts

WANTED = ["a person walks", "café: someone bows"]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_unicode_files(tmp_path: Path, encoding: str, newline: str) -> None:
    path = tmp_path / "prompts.txt"
    path.write_bytes(newline.join([WANTED[0], "", WANTED[1], ""]).encode(encoding))
    assert prompts.read(path) == WANTED


def test_other_bytes_are_read_as_windows_text_with_a_warning(tmp_path: Path) -> None:
    path = tmp_path / "prompts.txt"
    path.write_bytes("\n".join(WANTED).encode("cp1252"))
    with pytest.warns(UserWarning, match=r"prompts\.txt', line 2: not UTF-8"):
        assert prompts.read(path) == WANTED


@pytest.mark.parametrize("content", [b"walk\n\x81\xff", b"\0\0\0\0", b"walks\n\x89PNG\r\n\x1a\n\0\0\0\rIHDR"])
def test_what_is_not_text_is_refused_by_name(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "prompts.txt"
    path.write_bytes(content)
    with pytest.raises(ValueError, match=r"prompts\.txt', line \d: not text"):
        prompts.read(path)


def test_tabs_and_trailing_semicolons_are_no_words(tmp_path: Path) -> None:
    path = tmp_path / "prompts.txt"
    path.write_text("a person\twalks;\n;;\nhe walks; then he sits\n")
    assert prompts.read(path) == ["a person walks", "he walks; then he sits"]


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_tables(tmp_path: Path, delimiter: str) -> None:
    path = tmp_path / "prompts.csv"
    rows = [["id", "Prompt", "seconds"], ["1", WANTED[0], "3"], ["2", f'"{WANTED[1]}"', "4"]]
    path.write_text("\n".join(delimiter.join(row) for row in rows), encoding="utf-8")
    assert prompts.read(path) == WANTED
    path.write_text("\n".join(delimiter.join(row) for row in rows[1:]), encoding="utf-8")
    with pytest.raises(ValueError, match=r"prompts\.csv' has the columns .*call one 'prompt'"):
        prompts.read(path)


def test_a_table_of_one_column_needs_no_header(tmp_path: Path) -> None:
    path = tmp_path / "prompts.csv"
    path.write_text("a person walks;\nsomeone bows;\n")
    assert prompts.read(path) == ["a person walks", "someone bows"]


def test_endless_files_are_refused() -> None:
    with pytest.raises(ValueError, match="'/dev/zero' holds more than 8 MiB"):
        prompts.read(Path("/dev/zero"))


def test_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO("\n".join(WANTED).encode("utf-16"))))
    assert prompts.gather(["first", "-"], None) == ["first", *WANTED]


@pytest.mark.parametrize("asked", [["-"], ["a person walks", "-"], ["-", "-"]])
def test_closed_standard_input(monkeypatch: pytest.MonkeyPatch, asked: list[str]) -> None:
    monkeypatch.setattr(sys, "stdin", None)  # as Python has it after `<&-`
    with pytest.raises(ValueError, match="standard input is closed: give the prompts in quotes"):
        prompts.gather(asked, None)


@pytest.mark.parametrize("source", ["/dev/null", "/dev/zero", "a file for writing"])
def test_standard_input_without_prompts(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, source: str) -> None:
    written = open(tmp_path / "out", "w") if source.startswith("a file") else open(source)  # noqa: SIM115
    monkeypatch.setattr(sys, "stdin", written)
    with written, pytest.raises((ValueError, OSError), match=r"no prompt|more than 8 MiB|not readable|read"):
        prompts.gather(["-"], None)
