"""The numbers of a BVH file, as exporters of all countries write them."""

import math
import re
from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

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


def line_of(text: str, position: int) -> int:
    """The number, from 1, of the line at a position."""
    return text.count("\n", 0, position) + 1


def lines(text: str, start: int = 0) -> Iterator[str]:
    """The lines of a text from a position on, one in memory at a time."""
    while start < len(text):
        end = text.find("\n", start)
        end = len(text) if end < 0 else end
        yield text[start:end]
        start = end + 1


def read_rows(
    text: str, start: int, frames: int | None, channels: int, most: int, name: str, reader: NumberReader
) -> NDArray[np.float64]:
    """The values `(frames, channels)` after the head of the MOTION section.

    Args:
        text: of the file.
        start: where the values begin.
        frames: the number in the header; None if it has none.
        channels: numbers a frame.
        most: frames that are read.
        name: of the file, for messages.
        reader: of numbers.

    Raises:
        ValueError: a word that is not a number, or lines that are not whole frames; the message names the
            line. Or more frames than `most`.
    """
    values, ends, numbers = array("d"), array("q"), array("q")  # ends: of each line with that number
    for number, line in enumerate(lines(text, start), start=line_of(text, start)):
        if not line.strip(" \t\0\x1a"):
            continue
        try:
            values.extend(reader.read(line.strip(" \t\0\x1a")))
        except ValueError as error:
            raise ValueError(f"{name}, line {number}: {error}") from None
        if len(values) > most * channels:
            raise ValueError(f"{name}, line {number}: more than {most} frames: cut it first")
        ends.append(len(values))
        numbers.append(number)
    rows = _rows(np.array(ends), numbers, frames, channels, name)
    if frames is not None and rows != frames:
        reader.assumed.add(f"the head says {frames} frames, the file has {rows}, which are taken")
    if rows * channels != len(values):
        reader.assumed.add(f"line {numbers[-1]} is cut off and left out")
    return np.frombuffer(values, dtype=np.float64)[: rows * channels].reshape(rows, channels)


def _rows(
    ends: NDArray[np.int64], numbers: Sequence[int], frames: int | None, channels: int, name: str
) -> int:
    """How many whole frames there are; `ends` are the counts of numbers up to the ends of lines."""
    total = int(ends[-1]) if len(ends) else 0
    if total and total == (frames or 0) * channels:
        return total // channels
    sizes = np.diff(ends, prepend=0)
    if channels in sizes:  # a frame a line
        odd = np.flatnonzero(sizes != channels)
        if not len(odd) or (odd[0] == len(sizes) - 1 and sizes[-1] < channels):
            return total // channels
        raise ValueError(
            f"{name}, line {numbers[odd[0]]}: {sizes[odd[0]]} numbers, but a frame has {channels}"
        )
    if total and total % channels == 0:
        return total // channels
    line = f"line {numbers[-1]}" if numbers else "MOTION section"
    raise ValueError(
        f"{name}, {line}: {total} numbers up to here, but a frame has {channels} channels; the file is cut "
        "off or its header is wrong"
    )
