"""Pickles of arrays, read without running code from them.

Unpickling calls whatever the file names. Here every name becomes a stand-in that only stores its arguments,
and every name that arrays, sparse matrices and the abandoned package chumpy do not need is refused.
"""

import io
import math
import pickle
import struct
from typing import Any

import numpy as np
from numpy.typing import NDArray

_RENAMED = {"copy_reg": "copyreg", "__builtin__": "builtins"}  # of Python 2
_MAX_ENTRIES = 1 << 27  # of an array that is spread out from fewer numbers
_ERRORS = (
    pickle.UnpicklingError, ArithmeticError, AssertionError, AttributeError, EOFError, ImportError,
    LookupError, MemoryError, NotImplementedError, RecursionError, TypeError, ValueError, struct.error,
)  # fmt: skip


def load_plain(content: bytes) -> Any:
    """The content of a pickle of plain data; turn arrays in it into numpy's with `as_array`.

    Raises:
        ValueError: not a pickle, or one that names anything but arrays.
    """
    try:
        return _Unpickler(io.BytesIO(content), encoding="latin1").load()
    except _ERRORS as error:
        raise ValueError(str(error) or f"a damaged pickle ({type(error).__name__})") from error


def as_array(value: Any) -> NDArray[Any]:
    """The numbers of an array, a sparse matrix or an array of chumpy.

    Raises:
        ValueError: it is none of them, or inconsistent.
    """
    try:
        array = value.array() if isinstance(value, _StandIn) else np.asarray(value)
    except _ERRORS as error:
        raise ValueError(f"an array that does not fit together: {error}") from error
    if not isinstance(array, np.ndarray) or array.dtype.kind not in "biuf":
        raise ValueError("something that is not an array of numbers")
    return array


class _StandIn:
    """An object of a pickle; its arguments are stored in `state`."""

    state: Any = None

    def __init__(self, *arguments: Any) -> None:
        self.arguments = arguments

    def __setstate__(self, state: Any) -> None:
        self.state = state

    def array(self) -> NDArray[Any]:
        raise ValueError("something that is not an array")


class _Dtype(_StandIn):
    """`numpy.dtype(name, align, copy)`, whose state begins with version and byte order."""

    def dtype(self) -> np.dtype[Any]:
        dtype = np.dtype(str(self.arguments[0]))
        if dtype.kind not in "biuf":
            raise ValueError(f"an array of {dtype}")
        return dtype.newbyteorder(">" if self.state and self.state[1] == ">" else "<")


class _Array(_StandIn):
    """`numpy.ndarray`; its state is version, shape, dtype, Fortran order and bytes."""

    def array(self) -> NDArray[Any]:
        _, shape, kind, fortran, content = self.state
        dtype = kind.dtype()
        content = content.encode("latin1") if isinstance(content, str) else bytes(content)
        if math.prod(shape) * dtype.itemsize != len(content):
            raise ValueError(f"an array of shape {shape} with {len(content)} bytes")
        return np.frombuffer(content, dtype).reshape(shape, order="F" if fortran else "C")


class _Buffer(_StandIn):
    """`numpy._frombuffer(bytes, dtype, shape, order)`, with which newer pickles make arrays."""

    def array(self) -> NDArray[Any]:
        content, kind, shape, order = self.arguments
        return np.frombuffer(bytes(content), kind.dtype()).reshape(shape, order=order)


class _Sparse(_StandIn):
    """`scipy.sparse.csc_matrix` or `csr_matrix`: numbers, places, and where columns (rows) begin."""

    by_column = True

    def array(self) -> NDArray[Any]:
        shape = self.state.get("_shape", self.state.get("shape"))
        data, indices, starts = (as_array(self.state[key]) for key in ("data", "indices", "indptr"))
        rows, columns = shape if self.by_column else shape[::-1]
        counts = np.diff(starts)
        fits = len(starts) == columns + 1 and (counts >= 0).all() and starts[0] == 0
        if not fits or counts.sum() != len(data) or len(data) != len(indices):
            raise ValueError("a sparse matrix whose parts do not fit together")
        if not 0 <= rows * columns <= _MAX_ENTRIES:
            raise ValueError(f"a sparse matrix of shape {shape}")
        if len(indices) and not 0 <= indices.min() <= indices.max() < rows:
            raise ValueError("a sparse matrix with entries outside of it")
        dense = np.zeros((rows, columns), data.dtype)
        np.add.at(dense, (indices, np.repeat(np.arange(columns), counts)), data)
        return dense if self.by_column else dense.T


class _SparseByRow(_Sparse):
    by_column = False


class _SparseByEntry(_StandIn):
    """`scipy.sparse.coo_matrix`: numbers with their rows and columns."""

    def array(self) -> NDArray[Any]:
        shape = self.state.get("_shape", self.state.get("shape"))
        places = self.state.get("coords") or (self.state["row"], self.state["col"])
        rows, columns = (as_array(place) for place in places)
        if not 0 <= math.prod(shape) <= _MAX_ENTRIES:
            raise ValueError(f"a sparse matrix of shape {shape}")
        dense = np.zeros(shape)
        np.add.at(dense, (rows, columns), as_array(self.state["data"]))
        return dense


class _Chumpy(_StandIn):
    """chumpy's `Ch` (an array) or `Select` (entries of another one)."""

    def array(self) -> NDArray[Any]:
        if "idxs" not in self.state:
            return as_array(self.state["x"])
        chosen = as_array(self.state["a"]).ravel()[as_array(self.state["idxs"]).ravel()]
        shape = self.state.get("preferred_shape")
        return chosen if shape is None else np.reshape(chosen, shape)


class _Latin1:
    """`_codecs.encode`, with which Python 3 writes bytes into old pickles."""

    def __new__(cls, content: str, encoding: str) -> bytes:  # type: ignore[misc]
        if encoding != "latin1":
            raise ValueError(f"bytes in {encoding!r}")
        return content.encode("latin1")


class _New:
    """`copyreg._reconstructor` or `numpy._reconstruct`: an empty object of a kind."""

    def __new__(cls, kind: type[_StandIn], *arguments: Any) -> _StandIn:  # type: ignore[misc]
        if not (isinstance(kind, type) and issubclass(kind, _StandIn)):
            raise ValueError("an object without a type")
        return kind()


_KINDS: dict[tuple[str, str], type] = {
    ("numpy", "ndarray"): _Array,
    ("numpy", "dtype"): _Dtype,
    ("numpy.core.multiarray", "_reconstruct"): _New,
    ("numpy._core.multiarray", "_reconstruct"): _New,
    ("numpy.core.numeric", "_frombuffer"): _Buffer,
    ("numpy._core.numeric", "_frombuffer"): _Buffer,
    ("numpy.core.multiarray", "scalar"): _StandIn,
    ("numpy._core.multiarray", "scalar"): _StandIn,
    ("copyreg", "_reconstructor"): _New,
    ("builtins", "object"): _StandIn,
    ("_codecs", "encode"): _Latin1,
}
_SPARSE = {"csc_matrix": _Sparse, "csr_matrix": _SparseByRow, "coo_matrix": _SparseByEntry}


class _Unpickler(pickle._Unpickler):
    """Knows stand-ins only. Python's own unpickler, because that in C lets a memo take unbounded memory."""

    def find_class(self, module: str, name: str) -> Any:
        kind = _KINDS.get((_RENAMED.get(module, module), name))
        if module.split(".")[0] == "chumpy":
            kind = _Chumpy
        if module.startswith("scipy.sparse"):
            kind = _SPARSE.get(name)
        if kind is None:
            raise pickle.UnpicklingError(f"it asks for {module}.{name}, which is not plain data")
        return type(name, (kind,), {})  # one of its own: a pickle can change what it names
