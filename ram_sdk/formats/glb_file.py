"""Binary glTF files: the JSON document, the binary part, and arrays in it.

Written by hand rather than with a library: parts of a document that we do not know, such as VRM's extensions,
stay as they are, and so does every byte of the binary part, to which new arrays are appended.
"""

import json
import struct
from dataclasses import dataclass, field
from typing import Any, NoReturn

import numpy as np
from numpy.typing import NDArray

FLOAT, UINT16, UINT8 = 5126, 5123, 5121
"""Component types."""

_COMPONENTS = {5120: "<i1", 5121: "<u1", 5122: "<i2", 5123: "<u2", 5125: "<u4", 5126: "<f4"}
_WIDTHS = {"SCALAR": 1, "VEC2": 2, "VEC3": 3, "VEC4": 4, "MAT4": 16}
_JSON, _BINARY = b"JSON", b"BIN\0"
_MAX_JSON = 16 << 20  # bytes; a character's takes hundreds of thousands
_HEAD, _CHUNK = struct.Struct("<4sII"), struct.Struct("<I4s")


@dataclass
class GlbFile:
    """A GLB file in memory.

    Attributes:
        document: the JSON part.
        binary: the first buffer.
        more: chunks after these two, kept as they are.
    """

    document: dict[str, Any]
    binary: bytearray = field(default_factory=bytearray)
    more: bytes = b""

    @classmethod
    def parse(cls, content: bytes) -> "GlbFile":
        """Read the bytes of a file.

        Raises:
            ValueError: they are not a whole GLB file of version 2.
        """
        if content[:4] != b"glTF":
            raise ValueError("it is not a GLB file: export the character as one binary glTF file (.glb)")
        if len(content) < _HEAD.size + _CHUNK.size:
            raise ValueError("it is cut off")
        _, version, length = _HEAD.unpack_from(content)
        if version != 2 or not _HEAD.size <= length <= len(content):
            raise ValueError(f"it is cut off, or not glTF 2 (version {version}, {length} bytes announced)")
        chunks, place = [], _HEAD.size
        while place < length:
            if place + _CHUNK.size > length:
                raise ValueError("it is cut off in the head of a chunk")
            size, kind = _CHUNK.unpack_from(content, place)
            if place + _CHUNK.size + size > length:
                raise ValueError(f"it is cut off in a chunk of {size} bytes")
            chunks.append((kind, content[place + _CHUNK.size : place + _CHUNK.size + size], place))
            place += _CHUNK.size + size
        if chunks[0][0] != _JSON:
            raise ValueError("its first part is not JSON")
        if len(chunks[0][1]) > _MAX_JSON:
            raise ValueError(f"its JSON part has more than {_MAX_JSON >> 20} MiB: export the character alone")
        binary = chunks[1][1] if len(chunks) > 1 and chunks[1][0] == _BINARY else b""
        known = 2 if binary else 1
        more = content[chunks[known][2] : length] if len(chunks) > known else b""
        return cls(_parsed(chunks[0][1]), bytearray(binary), more)

    def to_bytes(self) -> bytes:
        """The file."""
        if self.binary:
            buffers = self.document.setdefault("buffers", [{}])
            buffers[0]["byteLength"] = len(self.binary)
        text = json.dumps(self.document, separators=(",", ":"), ensure_ascii=False).encode()
        parts = [_chunk(_JSON, text, b" ")]
        if self.binary:
            parts.append(_chunk(_BINARY, bytes(self.binary), b"\0"))
        body = b"".join((*parts, self.more))
        return _HEAD.pack(b"glTF", 2, _HEAD.size + len(body)) + body

    def add(self, array: NDArray[Any], component: int, kind: str, **extra: Any) -> int:
        """Append an array; returns the index of its accessor. `target` belongs to the view."""
        target = {"target": extra.pop("target")} if "target" in extra else {}
        content = np.ascontiguousarray(array).tobytes()
        self.binary += b"\0" * (-len(self.binary) % 4)
        views = self.document.setdefault("bufferViews", [])
        accessors = self.document.setdefault("accessors", [])
        views.append({"buffer": 0, "byteOffset": len(self.binary), "byteLength": len(content), **target})
        self.binary += content
        accessor = {"bufferView": len(views) - 1, "componentType": component, "count": len(array)}
        accessors.append({**accessor, "type": kind, **extra})
        return len(accessors) - 1

    def count(self, accessor: int | None) -> int:
        """How many elements an accessor says that it has; 0 for none."""
        count = 0 if accessor is None else self.document["accessors"][accessor]["count"]
        if not isinstance(count, int) or count < 0:
            raise ValueError(f"its accessor {accessor} has {count!r} elements")
        return count

    def array(self, accessor: int) -> NDArray[Any] | None:
        """Numbers of an accessor `(count, width)`, normalised ones as floats; None if they are compressed.

        Raises:
            ValueError: the accessor does not fit the file.
        """
        try:
            return self._array(self.document["accessors"][accessor])
        except (LookupError, TypeError, AttributeError, struct.error, ValueError) as error:
            raise ValueError(f"its accessor {accessor} is damaged: {error!r}") from error

    def _array(self, accessor: dict[str, Any]) -> NDArray[Any] | None:
        if "bufferView" not in accessor or "sparse" in accessor:
            return None
        view = self.document["bufferViews"][accessor["bufferView"]]
        if view["buffer"] != 0 or "uri" in self.document["buffers"][0] or "extensions" in view:
            return None
        kind, width = np.dtype(_COMPONENTS[accessor["componentType"]]), _WIDTHS[accessor["type"]]
        start = view.get("byteOffset", 0) + accessor.get("byteOffset", 0)
        stride = view.get("byteStride") or kind.itemsize * width
        count = accessor["count"]
        end = start + stride * (count - 1) + kind.itemsize * width
        if start < 0 or count < 1 or stride < 1 or end > len(self.binary):
            raise ValueError("it reaches beyond the file")
        content = bytes(self.binary[start:end])
        numbers = np.ndarray((count, width), kind, content, 0, (stride, kind.itemsize))
        if accessor.get("normalized"):
            return np.asarray(numbers / float(np.iinfo(kind).max))
        return numbers


def _chunk(kind: bytes, content: bytes, filler: bytes) -> bytes:
    content += filler * (-len(content) % 4)
    return _CHUNK.pack(len(content), kind) + content


def _parsed(text: bytes) -> dict[str, Any]:
    def refuse(word: str) -> NoReturn:
        raise ValueError(f"it holds {word}, which is no number in glTF")

    try:
        document = json.loads(text, parse_constant=refuse)
    except (UnicodeDecodeError, json.JSONDecodeError, RecursionError) as error:
        raise ValueError(f"its JSON part is damaged: {error}") from error
    if not isinstance(document, dict):
        raise ValueError("its JSON part is not a glTF document")
    return document
