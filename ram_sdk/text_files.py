"""Users' text files: UTF-8, UTF-16, UTF-32 or Windows-1252; tables with commas, semicolons or tabs."""

import csv
import json
import os
import re
from codecs import BOM_UTF8, BOM_UTF16_BE, BOM_UTF16_LE, BOM_UTF32_BE, BOM_UTF32_LE
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ram_sdk.notices import warn

MAX_BYTES = 8 << 20  # of prompts, tables and settings
MAX_MOTION_BYTES = 1 << 30  # an hour at 120 fps of a skeleton with fingers
_MARKS = {  # UTF-32's little-endian mark begins as UTF-16's does
    BOM_UTF8: "utf-8-sig",
    BOM_UTF32_LE: "utf-32",
    BOM_UTF32_BE: "utf-32",
    BOM_UTF16_LE: "utf-16",
    BOM_UTF16_BE: "utf-16",
}


def read_text(path: str | os.PathLike[str], max_bytes: int = MAX_BYTES) -> str:
    """The text of a file, whose lines end in a line feed, whatever ended them there.

    Args:
        path: the file.
        max_bytes: how much it may hold.

    Raises:
        OSError: the file cannot be read.
        ValueError: it is larger, or not text; the message names the file and the line.
    """
    with open(path, "rb") as file:
        text = decode(file.read(max_bytes + 1), os.fspath(path), max_bytes)
    return text.replace("\r\n", "\n").replace("\r", "\n")


def decode(content: bytes, name: str, max_bytes: int = MAX_BYTES) -> str:
    """Bytes as text: UTF-8, or UTF-16 by its mark or its zeros, or else, with a warning, Windows-1252.

    Args:
        content: what to read.
        name: of the file, for messages.
        max_bytes: how much there may be.

    Raises:
        ValueError: more than that, or not text.
    """
    if len(content) > max_bytes:
        raise ValueError(f"{name!r} holds more than {max_bytes >> 20} MiB: split it")
    encoding = next((code for mark, code in _MARKS.items() if content.startswith(mark)), "utf-8")
    if encoding == "utf-8" and b"\0" in content:
        encoding = "utf-16-le" if content[1::2].count(0) > content[::2].count(0) else "utf-16-be"
    try:
        text = content.decode(encoding)
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        try:
            text = content.decode("cp1252" if encoding == "utf-8" else encoding)
        except UnicodeDecodeError:
            raise ValueError(f"{name!r}, line {line}: not text; save the file as UTF-8") from error
        warn(f"{name!r}, line {line}: not UTF-8; read as Windows-1252 instead", stacklevel=2)
    if "\0" in text:
        raise ValueError(f"{name!r}, line {text.count(chr(10), 0, text.index(chr(0))) + 1}: not text")
    return text


def read_data(path: str | os.PathLike[str]) -> Any:
    """The plain values of a `.json`, `.yaml` or `.yml` file.

    Raises:
        OSError: the file cannot be read.
        ValueError: another suffix, or it is not what its suffix says.
    """
    suffix = data_suffix(path)
    text = read_text(path)
    if suffix == ".json":
        try:
            return json.loads(text)
        except ValueError as error:
            raise ValueError(f"not JSON: {error}") from error
    import yaml

    try:
        return yaml.safe_load(text)
    except (ValueError, yaml.YAMLError) as error:
        raise ValueError(f"not YAML: {' '.join(str(error).split())}") from error


def data_suffix(path: str | os.PathLike[str]) -> str:
    """The suffix of a file of plain values.

    Raises:
        ValueError: it is not `.json`, `.yaml` or `.yml`.
    """
    suffix = Path(path).suffix.lower()
    if suffix not in (".json", ".yaml", ".yml"):
        raise ValueError(f"{os.fspath(path)!r}: use a file ending in .json, .yaml or .yml")
    return suffix


def column(text: str, names: Sequence[str], where: str) -> list[str]:
    """One column of a table with a header; a table of a single column needs none.

    Args:
        text: the table, its cells parted by commas, semicolons or tabs, whichever the first line has most of.
        names: what the column may be called.
        where: the file's name, for messages.

    Raises:
        ValueError: several columns, of which none has such a name, or a row that is too short.
    """
    lines = [line for line in text.splitlines() if line.strip()]
    if not lines:
        return []
    delimiter = max(",;\t", key=lines[0].count)
    try:
        rows = list(csv.reader(lines, delimiter=delimiter))
    except csv.Error as error:
        raise ValueError(f"{where!r} is no table: {error}") from error
    header = [cell.strip().lower() for cell in rows[0]]
    index = next((header.index(name) for name in names if name in header), None)
    if index is None:
        if any(header[1:]):
            raise ValueError(f"{where!r} has the columns {', '.join(header)}: call one {names[0]!r}")
        return [row[0] for row in rows]
    short = next((i for i, row in enumerate(rows) if len(row) <= index), None)
    if short is not None:
        raise ValueError(f"{where!r}, row {short + 1}: it has no {header[index]!r}")
    return [row[index] for row in rows[1:]]


def slug(text: str) -> str:
    """A text as a part of a file's name: "A person walks!" becomes "a-person-walks"."""
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")[:40].rstrip("-") or "motion"
