"""Arrays from files of any origin: what is there is read, and whatever is wrong is one line."""

import io
import struct
import tracemalloc
import zipfile
from pathlib import Path

import numpy as np
import pytest

from ram_sdk.array_files import Archive, number, read_npy, text


def header(description: str, version: int = 1) -> bytes:
    """The beginning of an `.npy` file."""
    length = struct.pack("<H" if version == 1 else "<I", len(description) + 1)
    return b"\x93NUMPY" + bytes((version, 0)) + length + description.encode() + b"\n"


def saved(array: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, array)
    return buffer.getvalue()


@pytest.mark.parametrize(
    "array",
    [
        np.arange(6.0).reshape(2, 3),
        np.asfortranarray(np.arange(24, dtype=">i2").reshape(2, 3, 4)),
        np.array(True),
        np.array(["walk", "läuft"]),
        np.zeros((0, 22, 3), np.float16),
    ],
)
def test_arrays_come_back(array: np.ndarray, tmp_path: Path) -> None:
    np.save(tmp_path / "a.npy", array)
    np.savez_compressed(tmp_path / "a.npz", one=array)
    with Archive(tmp_path / "a.npz") as archive:
        for read in (read_npy(tmp_path / "a.npy"), archive["one"]):
            np.testing.assert_array_equal(read, array)
            assert read.dtype == array.dtype
        assert archive.names == ("one",)
        assert archive.first("two", "one") is not None
        assert archive.first("two") is None


ODD = {
    "empty": b"",
    "short": b"\x93NUM",
    "zip": b"PK\x03\x04",
    "version": b"\x93NUMPY\x09\x00" + bytes(20),
    "no header": b"\x93NUMPY\x01\x00\x00\x00",
    "long header": b"\x93NUMPY\x02\x00\xff\xff\xff\x7f" + bytes(64),
    "240 TiB": header("{'descr': '<f4', 'fortran_order': False, 'shape': (1000000000000, 22, 3)}")
    + bytes(528),
    "beyond any": header(f"{{'descr': '<f4', 'fortran_order': False, 'shape': ({10**30},)}}") + bytes(528),
    "cut": saved(np.zeros((9, 22, 3)))[:-1],
    "deep": header("(" * 2000),
    "open": header("{'descr': '<f4', 'shape': (3,"),
    "not a literal": header("print('a')"),
    "no type": header("{'fortran_order': False, 'shape': (3,)}") + bytes(24),
    "unknown type": header("{'descr': 'elephant', 'fortran_order': False, 'shape': (3,)}") + bytes(24),
    "negative": header("{'descr': '<f4', 'fortran_order': False, 'shape': (-3,)}") + bytes(24),
    "truth as length": header("{'descr': '<f4', 'fortran_order': False, 'shape': (True, 3)}") + bytes(24),
    "shape is a number": header("{'descr': '<f4', 'fortran_order': False, 'shape': 3}") + bytes(24),
    "columns": saved(np.zeros(3, [("a", "f4"), ("b", "f4")])),
    "times": saved(np.zeros(3, "M8[s]")),
    "complex": saved(np.zeros(3, complex)),
    "objects": saved(np.array([{"a": 1}], dtype=object)),
}


@pytest.mark.parametrize("kind", ODD)
def test_odd_files_are_told(kind: str, tmp_path: Path) -> None:
    path = tmp_path / "odd.npy"
    path.write_bytes(ODD[kind])
    with pytest.raises(ValueError, match=r"^(is|has|holds) "):
        read_npy(path)
    with zipfile.ZipFile(tmp_path / "odd.npz", "w") as archive:
        archive.writestr("joints.npy", ODD[kind])
    with Archive(tmp_path / "odd.npz") as arrays, pytest.raises(ValueError, match=r"^the array 'joints' "):
        arrays["joints"]


@pytest.mark.parametrize("method", [zipfile.ZIP_DEFLATED, zipfile.ZIP_LZMA, zipfile.ZIP_BZIP2])
@pytest.mark.parametrize("place", [0.2, 0.5, 0.8])
def test_damaged_archives_are_told(method: int, place: float, tmp_path: Path) -> None:
    path = tmp_path / "a.npz"
    with zipfile.ZipFile(path, "w", method) as archive:
        archive.writestr("joints.npy", saved(np.random.default_rng(0).normal(size=(30, 66))))
    whole = bytearray(path.read_bytes())
    at = int(len(whole) * place)
    whole[at : at + 40] = bytes(40)
    path.write_bytes(whole)
    with Archive(path) as arrays, pytest.raises(ValueError, match="'joints'"):
        arrays["joints"]
    path.write_bytes(whole[:-60])
    with pytest.raises(ValueError, match="not an archive"):
        Archive(path)


@pytest.mark.parametrize(("offset", "value"), [(4, 99), (8, 77), (6, 1)])
def test_zip_versions_methods_and_passwords_are_told(offset: int, value: int, tmp_path: Path) -> None:
    """Fields of the zip's directory: the version, the compression method, the flag of encryption."""
    path = tmp_path / "a.npz"
    np.savez(path, joints=np.zeros(4))
    whole = bytearray(path.read_bytes())
    local, central = whole.index(b"PK\x03\x04"), whole.index(b"PK\x01\x02")
    whole[central + 2 + offset] = whole[local + offset] = value
    path.write_bytes(whole)
    with pytest.raises(ValueError, match=r"not an archive|is damaged"), Archive(path) as arrays:
        arrays["joints"]


def test_a_bomb_takes_no_memory(tmp_path: Path) -> None:
    """What is not asked for is not unpacked, and what is asked for must fit."""
    path = tmp_path / "bomb.npz"
    size = 1 << 26
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("joints.npy", saved(np.zeros((4, 22, 3))))
        shape = f"{{'descr': '|u1', 'fortran_order': False, 'shape': ({size},)}}"
        archive.writestr("unused.npy", header(shape) + bytes(size))
        claimed = f"{{'descr': '|u1', 'fortran_order': False, 'shape': ({1 << 40},)}}"
        archive.writestr("claims.npy", header(claimed) + bytes(1000))
    tracemalloc.start()
    with Archive(path) as arrays:
        assert arrays["joints"].shape == (4, 22, 3)
        with pytest.raises(ValueError, match="its header claims 1099511627776 bytes, 1000 are there"):
            arrays["claims"]
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 1 << 20


def test_what_is_asked_for_is_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ram_sdk.array_files.MAX_BYTES", 1000)
    np.savez(tmp_path / "a.npz", a=np.zeros(100), b=np.zeros(100))
    np.save(tmp_path / "a.npy", np.zeros(200))
    with Archive(tmp_path / "a.npz") as arrays:
        assert arrays["a"].nbytes == 800
        with pytest.raises(ValueError, match="'b' takes 800 bytes: at most"):
            arrays["b"]
    with pytest.raises(ValueError, match="takes 1600 bytes"):
        read_npy(tmp_path / "a.npy")


def test_small_numbers_count_as_what_they_become(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Bytes of zeros are packed to nothing, and computed with as float64."""
    monkeypatch.setattr("ram_sdk.array_files.MAX_BYTES", 1000)
    np.savez_compressed(tmp_path / "a.npz", a=np.zeros(120, np.uint8), b=np.zeros(6, np.uint8), c="xyz")
    with Archive(tmp_path / "a.npz") as arrays:
        assert arrays["a"].nbytes == 120
        with pytest.raises(ValueError, match="'b' takes 48 bytes: at most"):
            arrays["b"]
    np.save(tmp_path / "a.npy", np.zeros(126, np.uint8))
    with pytest.raises(ValueError, match="takes 1008 bytes"):
        read_npy(tmp_path / "a.npy")


def test_rows_and_texts_are_bounded(tmp_path: Path) -> None:
    np.savez_compressed(tmp_path / "a.npz", a=np.zeros((9, 2)), flat=np.zeros(9), text="x" * (5 << 20))
    with Archive(tmp_path / "a.npz", most_frames=8) as arrays:
        assert arrays["flat"].shape == (9,)
        with pytest.raises(ValueError, match="'a' has 9 frames: at most 8 are read; cut it first"):
            arrays["a"]
        with pytest.raises(ValueError, match="'text' holds 5242880 characters: at most"):
            arrays["text"]


def test_one_number_and_one_text() -> None:
    assert number(np.array([[30]]), "fps") == number(np.float32(30), "fps") == 30.0
    assert text(np.array(["walk"]), "prompt") == "walk"
    for odd in (np.zeros(2), np.zeros(0), np.array("30"), np.array(np.nan), np.array(True)):
        with pytest.raises(ValueError, match=r"fps of shape .* expected one number"):
            number(odd, "fps")
    with pytest.raises(ValueError, match="expected a text"):
        text(np.array(3), "prompt")
