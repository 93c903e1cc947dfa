"""Numbers and booleans that callers give: Python's, or scalars of numpy and torch. No boolean is a number."""

import operator
import reprlib
from typing import SupportsFloat, SupportsIndex

import numpy as np


def whole_number(name: str, value: SupportsIndex) -> int:
    """A Python int from an int, or an integer scalar of numpy or torch.

    Raises:
        ValueError: it is not a whole number.
    """
    if not isinstance(value, bool | np.bool_):
        try:
            return operator.index(value)
        except TypeError:
            pass
    raise ValueError(f"{name} {value!r}: expected a whole number")


def number(name: str, value: SupportsFloat) -> float:
    """A Python float from a number, or a scalar of numpy or torch.

    Raises:
        ValueError: it is not a number.
    """
    if isinstance(value, str | bool | np.bool_):
        raise ValueError(f"{name} {value!r}: expected a number")
    try:
        return float(value)
    except (TypeError, ValueError, RuntimeError, OverflowError) as error:
        raise ValueError(f"{name} {reprlib.repr(value)}: expected a number") from error


def boolean(name: str, value: object) -> bool:
    """A Python bool from a bool, or a boolean scalar of numpy.

    Raises:
        TypeError: it is something else, such as 1.
    """
    if not isinstance(value, bool | np.bool_):
        raise TypeError(f"{name} {reprlib.repr(value)}: expected True or False")
    return bool(value)
