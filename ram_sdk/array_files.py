"""Arrays of numbers and text from `.npy` and `.npz` files of any origin.

`numpy.load` trusts a file's header: it allocates what the header claims and raises whatever the parsers of
zip, of compressed data and of Python literals do. Here a header is checked against the file's size before
anything is allocated, only the requested arrays are unpacked, pickled objects are never opened, and every
fault is a ValueError.
"""

import ast
import math
import os
import zipfile
import zlib
from lzma import LZMAError
from types import TracebackType
from typing import IO, Any, Self

import numpy as np
from numpy.typing import NDArray

MAX_BYTES = 512 << 20
"""The most bytes that the arrays read from one file may take as float64: hours of motion, any body model."""

_MAGIC = b"\x93NUMPY"
_FLOAT64 = 8  # bytes; whatever numbers a file holds, they are computed with as these
_MAX_TEXT = 4 << 20  # characters
_MAX_HEADER = 10_000  # bytes; numpy itself refuses longer ones
_PIECE = 1 << 20  # bytes read at once
_KINDS = "biufU"  # truth values, numbers, text
_BROKEN_ZIP = (
    zipfile.BadZipFile, zlib.error, LZMAError, OSError, EOFError, NotImplementedError, RuntimeError, KeyError,
)  # fmt: skip


def read_npy(path: str | os.PathLike[str], most_frames: int | None = None) -> NDArray[Any]:
    """The array of an `.npy` file.

    Args:
        path: the file.
        most_frames: how long the array may be.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: the file is not an array of numbers or text, or too large; the message does not name the
            file.
    """
    with open(path, "rb") as file:
        return _read_array(file, os.fstat(file.fileno()).st_size, MAX_BYTES, most_frames)


class Archive:
    """An `.npz` file whose arrays, of at most `most_frames` rows, are read one by one.

    Attributes:
        names: of the arrays.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: the file is not such an archive; the message does not name the file.
    """

    def __init__(self, path: str | os.PathLike[str], most_frames: int | None = None) -> None:
        if not os.path.exists(path):
            raise FileNotFoundError(f"{os.fspath(path)!r}: there is no such file")
        try:
            self._zip = zipfile.ZipFile(path)
        except (*_BROKEN_ZIP, ValueError, MemoryError) as error:
            raise ValueError(f"not an archive of arrays: {error}") from error
        self._members = {one.filename.removesuffix(".npy"): one for one in self._zip.infolist()}
        self.names = tuple(self._members)
        self._left = MAX_BYTES
        self._most_frames = most_frames

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._zip.close()

    def __contains__(self, name: str) -> bool:
        return name in self._members

    def __getitem__(self, name: str) -> NDArray[Any]:
        """Read one array.

        Raises:
            ValueError: it is not there, broken, too large, or not of numbers or text.
        """
        if name not in self._members:
            raise ValueError(f"it has no array {name!r}, but {', '.join(self.names[:12]) or 'none'}")
        member = self._members[name]
        try:
            with self._zip.open(member) as file:
                array = _read_array(file, member.file_size, self._left, self._most_frames)
        except _BROKEN_ZIP as error:
            raise ValueError(f"the array {name!r} is damaged: {error}") from error
        except ValueError as error:
            raise ValueError(f"the array {name!r} {error}") from error
        self._left -= _bytes(array.dtype, array.shape)
        return array

    def first(self, *names: str) -> NDArray[Any] | None:
        """The array under the first of these names that the file has, or None."""
        return next((self[name] for name in names if name in self), None)


def number(array: NDArray[Any], name: str) -> float:
    """The single number in an array of any number of dimensions.

    Raises:
        ValueError: it does not hold exactly one finite number.
    """
    if array.size != 1 or array.dtype.kind not in "iuf" or not math.isfinite(value := float(array.item())):
        raise ValueError(f"{name} of shape {array.shape} and type {array.dtype}: expected one number")
    return value


def text(array: NDArray[Any], name: str) -> str:
    """The single string in an array.

    Raises:
        ValueError: it does not hold exactly one string.
    """
    if array.size != 1 or array.dtype.kind != "U":
        raise ValueError(f"{name} of shape {array.shape} and type {array.dtype}: expected a text")
    return str(array.item())


def _bytes(dtype: np.dtype[Any], shape: tuple[int, ...]) -> int:
    """What an array takes in computations."""
    return math.prod(shape) * max(dtype.itemsize, _FLOAT64)


def _read_array(file: IO[bytes], size: int, limit: int, most_frames: int | None) -> NDArray[Any]:
    """An array from a file that has `size` bytes; it may take `limit` and have so many rows."""
    dtype, shape, fortran, start = _read_header(file)
    needed = math.prod(shape) * dtype.itemsize
    if needed > size - start:
        raise ValueError(f"is cut off: its header claims {needed} bytes, {max(size - start, 0)} are there")
    if most_frames is not None and len(shape) > 1 and shape[0] > most_frames:
        raise ValueError(f"has {shape[0]} frames: at most {most_frames} are read; cut it first")
    if (taken := _bytes(dtype, shape)) > limit:
        raise ValueError(f"takes {taken} bytes: at most {MAX_BYTES >> 20} MiB are read from one file")
    if dtype.kind == "U" and needed > 4 * _MAX_TEXT:
        raise ValueError(f"holds {needed // 4} characters: at most {_MAX_TEXT}")
    content = bytearray()
    while part := file.read(min(_PIECE, needed - len(content))):
        content += part
    if len(content) < needed:
        raise ValueError(f"is cut off: its header claims {needed} bytes, {len(content)} are there")
    array = np.frombuffer(content, dtype)
    return array.reshape(shape[::-1]).T if fortran else array.reshape(shape)


def _read_header(file: IO[bytes]) -> tuple[np.dtype[Any], tuple[int, ...], bool, int]:
    """Type, shape and order of the array that follows, and the length of the header."""
    magic = file.read(8)
    if len(magic) < 8 or magic[:6] != _MAGIC or magic[6] not in (1, 2, 3):
        raise ValueError("is not an array file")
    width = 2 if magic[6] == 1 else 4
    length = int.from_bytes(file.read(width), "little")
    if not 0 < length <= _MAX_HEADER:
        raise ValueError("is not an array file: its header is too long")
    try:
        header = ast.literal_eval(file.read(length).decode("utf-8" if magic[6] == 3 else "latin1").strip())
        shape, fortran = header["shape"], bool(header["fortran_order"])
        if not isinstance(header["descr"], str):
            raise TypeError("a table of several columns")
        dtype = np.dtype(header["descr"])
    except (ValueError, TypeError, KeyError, SyntaxError, RecursionError, MemoryError) as error:
        raise ValueError(f"is not an array file: its header is damaged: {error}") from error
    if not isinstance(shape, tuple) or not all(type(count) is int and count >= 0 for count in shape):
        raise ValueError(f"is not an array file: its shape is {shape!r}")
    if len(shape) > 8:
        raise ValueError(f"has {len(shape)} dimensions")
    if dtype.hasobject:
        raise ValueError("holds pickled Python objects, which can run code when they are read: not opened")
    if dtype.kind not in _KINDS or not dtype.itemsize:
        raise ValueError(f"holds {dtype}, not numbers")
    return dtype, shape, fortran, 8 + width + length
