"""The numbers of a BVH file, as exporters of all countries write them."""

import math
import re
from array import array
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

_NUMBER = r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?"
_NUMBERS = re.compile(rf"{_NUMBER}(?:[-+](?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)*")


@dataclass
class NumberReader:
    """Reads numbers with points or commas, separate or run together; remembers what it had to assume."""

    assumed: set[str] = field(default_factory=set)

    def read(self, text: str) -> list[float]:
        """The numbers of a line.

        Raises:
            ValueError: a word that is not a finite number; the message holds the word.
        """
        try:
            numbers = [float(word) for word in text.split()]
        except ValueError:
            numbers = [float(number) for word in self._pointed(text).split() for number in self._apart(word)]
        for number, word in zip(numbers, text.split(), strict=False):
            if not math.isfinite(number):
                raise ValueError(f"{word!r} is not a finite number")
        return numbers

    def _pointed(self, text: str) -> str:
        """The text with points for decimal commas, and blanks for commas between numbers."""
        if "," not in text:
            return text
        apart = re.sub(r",(?=\s|$)", " ", text)
        if "," not in apart:
            return apart
        if "." in apart:
            return apart.replace(",", " ")
        if re.search(r",\S*,", apart):
            raise ValueError(f"{apart.split()[0]!r}: commas stand between numbers or in them")
        self.assumed.add("decimal commas are read as points")
        return apart.replace(",", ".")

    def _apart(self, word: str) -> list[str]:
        if not _NUMBERS.fullmatch(word):
            raise ValueError(f"{word!r} is not a number")
        numbers = re.findall(_NUMBER, word)
        if len(numbers) > 1:
            self.assumed.add("numbers that run together at a sign, such as 1.0-2.0, are read as two")
        return numbers


def read_rows(
    text: str, first_line: int, frames: int | None, channels: int, name: str, reader: NumberReader
) -> NDArray[np.float64]:
    """The values `(frames, channels)` after the head of the MOTION section.

    Args:
        text: the rest of the file.
        first_line: the number of its first line.
        frames: the number in the header; None if it has none.
        channels: numbers a frame.
        name: of the file, for messages.
        reader: of numbers.

    Raises:
        ValueError: a word that is not a number, or lines that are not whole frames; the message names the
            line.
    """
    values, counts = array("d"), []
    for number, line in enumerate(text.splitlines(), start=first_line):
        if not line.strip(" \t\0\x1a"):
            continue
        try:
            values.extend(reader.read(line.strip(" \t\0\x1a")))
        except ValueError as error:
            raise ValueError(f"{name}, line {number}: {error}") from None
        counts.append((number, len(values)))
    rows = _rows(counts, frames, channels, name)
    if frames is not None and rows != frames:
        reader.assumed.add(f"the head says {frames} frames, the file has {rows}, which are taken")
    if rows * channels != len(values):
        reader.assumed.add(f"line {counts[-1][0]} is cut off and left out")
    return np.frombuffer(values, dtype=np.float64)[: rows * channels].reshape(rows, channels)


def _rows(ends: list[tuple[int, int]], frames: int | None, channels: int, name: str) -> int:
    """How many whole frames there are; `ends` are line numbers and the count of numbers up to their ends."""
    total = ends[-1][1] if ends else 0
    if total and total == (frames or 0) * channels:
        return total // channels
    before = [0, *(end for _, end in ends)]
    sizes = [end - start for start, end in pairwise(before)]
    if channels in sizes:  # a frame a line
        odd = next((i for i, size in enumerate(sizes) if size != channels), None)
        if odd is None or (odd == len(sizes) - 1 and sizes[odd] < channels):
            return total // channels
        raise ValueError(f"{name}, line {ends[odd][0]}: {sizes[odd]} numbers, but a frame has {channels}")
    if total and total % channels == 0:
        return total // channels
    line = f"line {ends[-1][0]}" if ends else "MOTION section"
    raise ValueError(
        f"{name}, {line}: {total} numbers up to here, but a frame has {channels} channels; the file is cut "
        "off or its header is wrong"
    )
