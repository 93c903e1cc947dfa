"""The table of a batch: `.csv`, `.tsv` or `.jsonl` with the columns prompt, duration, seed, num and name."""

import csv
import io
import json
import math
import re
import reprlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ram_sdk.notices import warn
from ram_sdk.text_files import read_text

COLUMNS = ("prompt", "duration", "seed", "num", "name")
SUFFIXES = (".csv", ".tsv", ".jsonl")
_ALIASES = {"caption": "prompt", "text": "prompt"}
_MAX_BYTES = 256 << 20  # millions of prompts
_MAX_NUM = 10_000
_MAX_NAME = 200  # bytes; a number and a suffix come after it
_MAX_SEED = 2**63 - 1
_RESERVED = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?", re.IGNORECASE)  # of Windows


@dataclass(frozen=True)
class Row:
    """One prompt of a table.

    Attributes:
        number: of the row, from 1; rows that cannot be read count, too.
        prompt: what the person does.
        duration: seconds; None: what the text says, or else estimated from it.
        seed: of its first motion, the others count up from it; None: derived from the row's number.
        num: motions.
        name: of its files, without suffix; "" is made of number and prompt.
    """

    number: int
    prompt: str
    duration: float | None = None
    seed: int | None = None
    num: int = 1
    name: str = ""


@dataclass(frozen=True)
class BadRow:
    """A row that is skipped.

    Attributes:
        number: of the row, from 1.
        reason: what is wrong with it.
    """

    number: int
    reason: str


def read_table(path: Path) -> tuple[list[Row], list[BadRow]]:
    """Read a table; empty lines are skipped.

    Returns:
        The rows, and the invalid ones.

    Raises:
        OSError: the file cannot be read.
        ValueError: not such a table, or no row in it.

    Warns:
        UserWarning: columns with other names, which are ignored.
    """
    suffix = path.suffix.lower()
    if suffix not in SUFFIXES:
        raise ValueError(f"cannot read {str(path)!r}: a table of prompts is one of {', '.join(SUFFIXES)}")
    text = read_text(path, _MAX_BYTES)
    cells = _json_lines(text) if suffix == ".jsonl" else _table(text, str(path))
    rows: list[Row] = []
    bad: list[BadRow] = []
    unknown: dict[str, None] = {}
    for number, entry in enumerate(cells, 1):
        try:
            if isinstance(entry, ValueError):
                raise entry
            renamed = {name: entry[alias] for alias, name in _ALIASES.items() if alias in entry}
            named = renamed | {key: value for key, value in entry.items() if key not in _ALIASES}
            unknown |= dict.fromkeys(named.keys() - set(COLUMNS))
            rows.append(_row(number, named))
        except ValueError as error:
            bad.append(BadRow(number, str(error)))
    if not rows and not bad:
        raise ValueError(f"{str(path)!r} holds no prompt")
    if unknown:
        warn(
            f"{path.name}: {', '.join(sorted(unknown))}: not read; columns are {', '.join(COLUMNS)}",
            stacklevel=2,
        )
    return rows, bad


def _table(text: str, where: str) -> Iterator[Mapping[str, Any] | ValueError]:
    """The rows below the header, by column."""
    head = next(filter(str.strip, text.split("\n")), "")
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=max(",;\t", key=head.count))
    reader = (cells for cells in rows if any(map(str.strip, cells)))
    try:
        header = [cell.strip().lower() for cell in next(reader, [])]
        if not {"prompt", *_ALIASES} & set(header):
            raise ValueError(f"{where!r} has the columns {', '.join(header)}: call one 'prompt'")
        for cells in reader:
            if any(cell.strip() for cell in cells[len(header) :]):
                yield ValueError(f"{len(cells)} cells for {len(header)} columns: put the prompt in quotes")
            else:
                yield {key: cell.strip() for key, cell in zip(header, cells, strict=False) if key}
    except csv.Error as error:
        raise ValueError(f"{where!r} is no table: {error}") from error


def _json_lines(text: str) -> Iterator[Mapping[str, Any] | ValueError]:
    """One object a line."""
    for line in filter(str.strip, text.split("\n")):  # other ends of lines may stand in a text
        try:
            entry = json.loads(line)
        except (ValueError, RecursionError) as error:
            yield ValueError(f"not JSON: {error}")
            continue
        if isinstance(entry, dict):
            yield {str(key).strip().lower(): value for key, value in entry.items()}
        else:
            yield ValueError(f'expected {{"prompt": "..."}}, not {line[:40]}')


def _row(number: int, cells: Mapping[str, Any]) -> Row:
    prompt = cells.get("prompt")
    if prompt is not None and not isinstance(prompt, str):
        raise ValueError(f"prompt {reprlib.repr(prompt)} is not text")
    if prompt is None or not prompt.strip():
        raise ValueError("no prompt")
    num = _whole("num", cells, 1, _MAX_NUM) or 1
    seed = _whole("seed", cells, 0, _MAX_SEED - num + 1)  # the last motion's must be one, too
    return Row(number, " ".join(prompt.split()), _seconds(cells), seed, num, _name(cells))


def _seconds(cells: Mapping[str, Any]) -> float | None:
    value = cells.get("duration")
    if value in (None, ""):
        return None
    try:
        seconds = float(str(value).replace(",", "."))
    except ValueError:
        seconds = math.nan
    if isinstance(value, bool) or not 0 < seconds < math.inf:
        raise ValueError(f"duration {value!r}: expected seconds")
    return seconds


def _whole(column: str, cells: Mapping[str, Any], low: int, high: int) -> int | None:
    value = cells.get(column)
    if value in (None, ""):
        return None
    number = int(str(value)) if re.fullmatch(r"\d{1,19}", str(value)) else low - 1
    if not low <= number <= high:
        raise ValueError(f"{column} {value!r}: expected a whole number from {low} to {high}")
    return number


def _name(cells: Mapping[str, Any]) -> str:
    value = cells.get("name")
    if value is not None and (isinstance(value, bool) or not isinstance(value, str | int)):
        raise ValueError(f"name {value!r}: expected a text")
    name = "" if value is None else str(value).strip()
    if re.search(r'[\x00-\x1f/\\:*?"<>|\ud800-\udfff]', name) or name.startswith(".") or name.endswith("."):
        raise ValueError(f"name {name!r}: expected a file's name without folder and suffix")
    if _RESERVED.fullmatch(name) or len(name.encode()) > _MAX_NAME:
        raise ValueError(f"name {name[:40]!r}: too long, or reserved by Windows")
    return name
