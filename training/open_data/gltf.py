"""Reading the animations of a binary glTF file (GLB): joint positions over time, no meshes."""

import contextlib
import json
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]

_WIDTH = {"SCALAR": 1, "VEC3": 3, "VEC4": 4}
_FLOAT = 5126
_MAX_SECONDS = 600.0  # of an animation
_DAMAGE = (
    ValueError,
    KeyError,
    IndexError,
    TypeError,
    AttributeError,
    OverflowError,
    RecursionError,
    struct.error,
)


@contextlib.contextmanager
def _naming(path: str | Path) -> Iterator[None]:
    """Raise any error of a damaged file as a ValueError that names the file."""
    try:
        yield
    except _DAMAGE as error:
        reason = str(error) if isinstance(error, ValueError) else repr(error)
        raise ValueError(f"{path}: not a GLB file with animations, or damaged: {reason}") from error


class GltfAnimations:
    """The node tree of a GLB file and its animations.

    Args:
        path: the file.

    Raises:
        ValueError: the file is not a GLB version 2 file, is cut off, or is damaged.
    """

    def __init__(self, path: str | Path) -> None:
        with _naming(path):
            self._open(path)

    def _open(self, path: str | Path) -> None:
        data = Path(path).read_bytes()
        if len(data) < 20 or data[:4] != b"glTF" or struct.unpack("<I", data[8:12])[0] != len(data):
            raise ValueError("not a complete GLB file")
        size = struct.unpack("<I", data[12:16])[0]
        self._json: dict[str, Any] = json.loads(data[20 : 20 + size])
        self._buffer = data[28 + size :]
        self._path = path
        self.node_names = tuple(node.get("name", str(i)) for i, node in enumerate(self._json["nodes"]))
        self._parent = {
            child: node
            for node, fields in enumerate(self._json["nodes"])
            for child in fields.get("children", [])
        }
        self._animations = {animation["name"]: animation for animation in self._json["animations"]}

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the animations, in the file's order."""
        return tuple(self._animations)

    def positions(self, name: str, fps: float) -> FloatArray:
        """World positions of every node over one animation.

        Args:
            name: the animation.
            fps: sampling rate; keyframes are interpolated (rotations spherically).

        Returns:
            `(frames, nodes, 3)`, Y up, in metres as glTF prescribes.

        Raises:
            KeyError: no such animation.
            ValueError: an interpolation other than LINEAR and STEP, or a damaged animation.
        """
        animation = self._animations[name]
        with _naming(self._path):
            positions = self._positions(animation, fps)
            if not np.isfinite(positions).all():
                raise ValueError(f"the animation {name} holds numbers that are not finite")
        return positions

    def _positions(self, animation: dict[str, Any], fps: float) -> FloatArray:
        samplers = animation["samplers"]
        duration = max(float(self._accessor(s["input"])[-1, 0]) for s in samplers)
        if not 0 <= duration <= _MAX_SECONDS:
            raise ValueError(f"an animation of {duration} s: expected 0 to {_MAX_SECONDS} s")
        times = np.arange(int(duration * fps + 1e-6) + 1) / fps
        tracks = {
            (channel["target"]["node"], channel["target"]["path"]): self._sample(
                samplers[channel["sampler"]], channel["target"]["path"], times
            )
            for channel in animation["channels"]
        }
        worlds: dict[int, FloatArray] = {}
        for node in range(len(self.node_names)):
            self._world(node, tracks, len(times), worlds)
        return np.stack([worlds[node][:, :3, 3] for node in range(len(self.node_names))], axis=1)

    def _accessor(self, index: int) -> FloatArray:
        accessor = self._json["accessors"][index]
        if accessor["componentType"] != _FLOAT or "sparse" in accessor:
            raise ValueError("animation data must be plain 32-bit floats")
        view = self._json["bufferViews"][accessor["bufferView"]]
        start = view.get("byteOffset", 0) + accessor.get("byteOffset", 0)
        width = _WIDTH[accessor["type"]]
        values = np.frombuffer(self._buffer, "<f4", accessor["count"] * width, start)
        return values.reshape(-1, width).astype(np.float64)

    def _sample(self, sampler: dict[str, Any], path: str, times: FloatArray) -> FloatArray:
        keys, values = self._accessor(sampler["input"])[:, 0], self._accessor(sampler["output"])
        mode = sampler.get("interpolation", "LINEAR")
        if mode not in ("LINEAR", "STEP"):
            raise ValueError(f"interpolation {mode} is not supported: expected LINEAR or STEP")
        left = np.clip(np.searchsorted(keys, times + 1e-6, side="right") - 1, 0, len(keys) - 1)
        right = np.minimum(left + 1, len(keys) - 1)
        if mode == "STEP":
            return values[left]
        span = np.maximum(keys[right] - keys[left], 1e-9)
        weight = np.clip((times - keys[left]) / span, 0.0, 1.0)[:, None]
        if path == "rotation":
            return _slerp(values[left], values[right], weight)
        return (1 - weight) * values[left] + weight * values[right]

    def _world(
        self,
        node: int,
        tracks: dict[tuple[int, str], FloatArray],
        frames: int,
        worlds: dict[int, FloatArray],
    ) -> FloatArray:
        if node in worlds:
            return worlds[node]
        fields = self._json["nodes"][node]
        parts = [
            tracks.get((node, path), np.tile(np.array(fields.get(path, rest), dtype=np.float64), (frames, 1)))
            for path, rest in (("translation", (0, 0, 0)), ("rotation", (0, 0, 0, 1)), ("scale", (1, 1, 1)))
        ]
        local = np.tile(np.eye(4), (frames, 1, 1))
        local[:, :3, :3] = _matrices(parts[1]) * parts[2][:, None, :]
        local[:, :3, 3] = parts[0]
        parent = self._parent.get(node)
        worlds[node] = local if parent is None else self._world(parent, tracks, frames, worlds) @ local
        return worlds[node]


def _slerp(a: FloatArray, b: FloatArray, weight: FloatArray) -> FloatArray:
    dot = (a * b).sum(-1, keepdims=True)
    b = np.where(dot < 0, -b, b)
    angle = np.arccos(np.clip(np.abs(dot), 0.0, 1.0))
    sine = np.maximum(np.sin(angle), 1e-9)
    turned = (np.sin((1 - weight) * angle) * a + np.sin(weight * angle) * b) / sine
    mixed = np.where(angle < 1e-4, (1 - weight) * a + weight * b, turned)
    return np.asarray(mixed / np.linalg.norm(mixed, axis=-1, keepdims=True))


def _matrices(quaternions: FloatArray) -> FloatArray:
    """Quaternions (x, y, z, w) `(n, 4)` to rotation matrices `(n, 3, 3)`."""
    x, y, z, w = (quaternions / np.linalg.norm(quaternions, axis=-1, keepdims=True)).T
    rows = (
        1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y),
        2 * (x * y + w * z), 1 - 2 * (x * x + z * z), 2 * (y * z - w * x),
        2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y),
    )  # fmt: skip
    return np.stack(rows, axis=-1).reshape(-1, 3, 3)
