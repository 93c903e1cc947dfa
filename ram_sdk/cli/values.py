"""Types of option values: what no checkpoint allows is refused before anything heavy is imported."""

import argparse
import math

from ram_sdk import formats


def count(text: str) -> int:
    """A whole number of at least 1."""
    return _whole(text, 1)


def seed(text: str) -> int:
    """A whole number of at least 0."""
    return _whole(text, 0)


def positive(text: str) -> float:
    """A finite number above 0."""
    value = finite(text)
    if value <= 0:
        raise argparse.ArgumentTypeError(f"{text}: expected a number above 0")
    return value


def finite(text: str) -> float:
    """A finite number."""
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise argparse.ArgumentTypeError(f"{text}: expected a finite number")
    return value


def suffix(text: str) -> str:
    """The suffix of a format that can be written, with its dot; it may be given without."""
    name = f".{text.lstrip('.')}".lower()
    if name not in formats.WRITABLE:
        raise argparse.ArgumentTypeError(f"{text}: use one of {', '.join(formats.WRITABLE)}")
    return name


def timesteps(text: str) -> tuple[int, ...]:
    """Whole numbers of at least 0, separated by commas."""
    return tuple(seed(number) for number in text.split(",") if number.strip())


def _whole(text: str, low: int) -> int:
    try:
        value = int(text)
    except ValueError:
        value = low - 1
    if value < low:
        raise argparse.ArgumentTypeError(f"{text}: expected a whole number of at least {low}")
    return value
