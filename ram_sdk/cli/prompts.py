"""Prompts from the command line, files and standard input."""

import sys
from pathlib import Path

from ram_sdk import text_files

_TABLES = (".csv", ".tsv")
_COLUMNS = ("prompt", "caption", "text")


def gather(prompts: list[str], file: Path | None) -> list[str]:
    """All prompts of a call: those given, a file's and, in place of "-", those of standard input.

    Raises:
        ValueError: there is none, or what should hold them is not text.
        OSError: a file cannot be read.
    """
    texts = [prompt for prompt in prompts if prompt != "-"]
    if file is not None:
        texts += read(file)
    if "-" in prompts:
        texts += _standard_input()
    if not texts:
        raise ValueError("no prompt: give one in quotes, --prompt-file FILE, or - to read standard input")
    return texts


def read(path: Path) -> list[str]:
    """Prompts of a text file, one a line, or of a `.csv` or `.tsv` table with a column `prompt`."""
    text = text_files.read_text(path)
    if path.suffix.lower() in _TABLES:
        return _cleaned(text_files.column(text, _COLUMNS, str(path)))
    return _cleaned(text.splitlines())


def _standard_input() -> list[str]:
    if sys.stdin is None:
        raise ValueError("standard input is closed: give the prompts in quotes or as --prompt-file FILE")
    source = getattr(sys.stdin, "buffer", None)
    if source is None:
        return _cleaned(sys.stdin.read().splitlines())
    content = source.read(text_files.MAX_BYTES + 1)
    return _cleaned(text_files.decode(content, "standard input").splitlines())


def _cleaned(lines: list[str]) -> list[str]:
    """Lines without tabs, and without the semicolons that spreadsheets leave behind; empty ones go."""
    texts = (" ".join(line.split()).rstrip("; ") for line in lines)
    return [text for text in texts if text]
