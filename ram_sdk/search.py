"""`MotionIndex`: the latents of a folder of motions, kept in one file.

A query compares the text's latent with all of them: one matrix product, a few milliseconds for 100,000 clips,
so that no library of approximate neighbours is needed.
"""

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save
from torch import nn
from tqdm import tqdm

from ram_sdk import formats, inputs
from ram_sdk.checkpoint.lora import fingerprint
from ram_sdk.files import replacing
from ram_sdk.motion import Motion
from ram_sdk.notices import collected, warn

if TYPE_CHECKING:
    from ram_sdk.pipeline.latents import LatentSpace

_FORMAT = "ram_sdk motion index 1"
_BATCH = 64  # windows that are encoded together


class IndexFileError(ValueError):
    """A file that is not a motion index, or is damaged; the message says what to do."""


@dataclass(frozen=True)
class Match:
    """A motion that was found.

    Attributes:
        path: its file.
        start: second at which the part that fits best begins.
        end: second at which it ends.
        similarity: see `RAMPipeline.similarity`.
    """

    path: Path
    start: float
    end: float
    similarity: float


@dataclass(frozen=True)
class IndexedFile:
    """A file of the index: its state when it was read, and the parts of it that have latents."""

    name: str
    size: int
    changed: int  # nanoseconds
    spans: tuple[tuple[float, float], ...]  # seconds; () if it holds no motion that can be encoded


class MotionIndex:
    """Latents of the motions in a folder and its subfolders; long motions are read in overlapping parts.

    Attributes:
        folder: where the motions are.
        encoder: SHA-256 of the motion encoder that made the latents.
        latents: `(parts, latent_dim)` float32 of length 1.
    """

    def __init__(
        self, folder: Path, encoder: str, files: tuple[IndexedFile, ...], latents: NDArray[np.float32]
    ) -> None:
        self.folder = folder
        self.encoder = encoder
        self.latents = latents
        self._files = files
        self._parts = [(file.name, span) for file in files for span in file.spans]

    @classmethod
    def build(
        cls,
        pipeline: "LatentSpace",
        folder: str | os.PathLike[str],
        within: str | os.PathLike[str] | None = None,
    ) -> "MotionIndex":
        """Read every motion file of a folder; a progress bar is shown on a terminal.

        Args:
            pipeline: encodes the motions.
            folder: of the motions; subfolders are searched, too.
            within: links that lead out of this folder are not followed; default: all are.

        Warns:
            UserWarning: files that hold no motion that can be encoded.

        Raises:
            OSError: there is no such folder.
            ValueError: the checkpoint has no motion encoder.
        """
        if pipeline.motion_encoder is None:
            raise ValueError("this checkpoint has no motion encoder: it cannot search motions")
        empty = np.zeros((0, pipeline.motion_encoder.config.latent_dim), dtype=np.float32)
        return cls(Path(folder), fingerprint(pipeline.motion_encoder), (), empty).update(pipeline, within)

    def update(self, pipeline: "LatentSpace", within: str | os.PathLike[str] | None = None) -> "MotionIndex":
        """The index brought up to date with its folder: only new and changed files are read.

        Args:
            pipeline: as for `build`.
            within: as for `build`.

        Warns:
            UserWarning: files that hold no motion that can be encoded.

        Raises:
            OSError: there is no such folder.
            ValueError: the index was made with another motion encoder.
        """
        self.check_encoder(pipeline.motion_encoder)
        if not self.folder.is_dir():
            raise NotADirectoryError(f"{str(self.folder)!r} is not a folder of motions")
        known = {file.name: (file, latents) for file, latents in self._with_latents()}
        kept: dict[str, tuple[IndexedFile, NDArray[np.float32]]] = {}
        todo: list[IndexedFile] = []
        for name, size, changed in _motion_files(self.folder, within):
            if name in known and (known[name][0].size, known[name][0].changed) == (size, changed):
                kept[name] = known[name]
            else:
                todo.append(IndexedFile(name, size, changed, ()))
        kept |= self._encoded(pipeline, todo)
        names = sorted(kept)
        latents = np.concatenate([self.latents[:0], *(kept[name][1] for name in names)])
        return MotionIndex(self.folder, self.encoder, tuple(kept[name][0] for name in names), latents)

    def nearest(self, latent: NDArray[np.float32], count: int) -> tuple[list[int], NDArray[np.float32]]:
        """The parts whose latents are nearest to one, at most one per file.

        Args:
            latent: `(latent_dim,)`, of any length.
            count: how many at most.

        Returns:
            Their numbers, the nearest first, and their cosines.

        Raises:
            ValueError: a count that is not a whole number from 1 up.
        """
        count = inputs.count("count", count)
        cosines = self.latents @ (latent / max(float(np.linalg.norm(latent)), 1e-12))
        best: dict[str, int] = {}
        for part in np.argsort(-cosines, kind="stable"):
            best.setdefault(self._parts[part][0], int(part))
            if len(best) >= count:
                break
        places = list(best.values())
        return places, cosines[places]

    def entry(self, part: int, similarity: float) -> Match:
        """A part by its number, as a match."""
        name, (start, end) = self._parts[part]
        return Match(self.folder / name, start, end, float(similarity))

    def __len__(self) -> int:
        return len(self._files)

    def __repr__(self) -> str:
        return f"MotionIndex({len(self)} files, {len(self._parts)} parts, {str(self.folder)!r})"

    def check_encoder(self, encoder: nn.Module | None) -> None:
        """Raise ValueError unless this encoder made the latents."""
        if encoder is None or fingerprint(encoder) != self.encoder:
            raise ValueError(
                f"the index of {str(self.folder)!r} was made with another checkpoint: build it again"
            )

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the index as one safetensors file, whole or not at all.

        An index inside its folder may be moved with it, one elsewhere has the folder's full path.
        """
        folder, place = (Path(os.path.abspath(where)) for where in (self.folder, Path(path).parent))
        inside = place.is_relative_to(folder)
        files = [[file.name, file.size, file.changed, file.spans] for file in self._files]
        about = {
            "format": _FORMAT,
            "folder": os.path.relpath(folder, place) if inside else str(folder),
            "encoder": self.encoder,
            "files": json.dumps(files),
        }
        with replacing(Path(path)) as temporary:
            temporary.write_bytes(save({"latents": self.latents}, about))  # `save_file` gives it mode 600

    @classmethod
    def load(
        cls, path: str | os.PathLike[str], folder: str | os.PathLike[str] | None = None
    ) -> "MotionIndex":
        """Read an index that `save` wrote.

        Args:
            path: the file.
            folder: where the motions are now; default: see `save`.

        Raises:
            OSError: the file cannot be read.
            IndexFileError: it is not a motion index, or damaged.
        """
        where = f"{Path(path).name!r} is not a motion index, or damaged: make one with MotionIndex.build"
        if not Path(path).is_file():
            raise FileNotFoundError(
                f"there is no index {str(path)!r}: MotionIndex.build(pipe, folder) makes one"
            )
        try:
            with safe_open(path, framework="np") as file:
                about, latents = file.metadata() or {}, file.get_tensor("latents")
            if about.get("format") != _FORMAT:
                raise IndexFileError(where)
            files = tuple(
                IndexedFile(str(name), int(size), int(changed), tuple((float(a), float(b)) for a, b in spans))
                for name, size, changed, spans in json.loads(about["files"])
            )
            saved = os.path.normpath(Path(os.path.abspath(path)).parent / about["folder"])
            folder, encoder = Path(folder or saved), about["encoder"]
        except (SafetensorError, KeyError, ValueError, TypeError, OverflowError, RecursionError) as error:
            raise IndexFileError(where) from error
        if latents.ndim != 2 or len(latents) != sum(len(file.spans) for file in files):
            raise IndexFileError(where)
        return cls(folder, encoder, files, latents.astype(np.float32))

    def _with_latents(self) -> Iterator[tuple[IndexedFile, NDArray[np.float32]]]:
        start = 0
        for file in self._files:
            yield file, self.latents[start : start + len(file.spans)]
            start += len(file.spans)

    def _encoded(
        self, pipeline: "LatentSpace", todo: list[IndexedFile]
    ) -> dict[str, tuple[IndexedFile, NDArray[np.float32]]]:
        """Read files and encode their parts, some files at a time."""
        done: dict[str, tuple[IndexedFile, NDArray[np.float32]]] = {}
        unreadable: list[str] = []
        with tqdm(total=len(todo), desc="indexing", unit="file", disable=None, leave=False) as bar:
            for start in range(0, len(todo), _BATCH):
                batch = todo[start : start + _BATCH]
                read = [_parts(pipeline, self.folder / file.name) for file in batch]
                clips = [clip for parts in read for _, clip in parts]
                latents = pipeline.encode_motion(clips).float().cpu().numpy() if clips else self.latents[:0]
                latents = latents / np.maximum(np.linalg.norm(latents, axis=-1, keepdims=True), 1e-12)
                at = 0
                for file, parts in zip(batch, read, strict=True):
                    spans = tuple(span for span, _ in parts)
                    own = IndexedFile(file.name, file.size, file.changed, spans)
                    done[file.name] = own, latents[at : at + len(parts)]
                    at += len(parts)
                    unreadable += [file.name] * (not parts)
                bar.update(len(batch))
        if unreadable:
            warn(
                f"{len(unreadable)} files hold no motion that can be encoded, such as {unreadable[0]!r}",
                stacklevel=3,
            )
        return done


def _parts(pipeline: "LatentSpace", path: Path) -> list[tuple[tuple[float, float], Motion]]:
    """The parts of a file's motion, each with its seconds: as long as can be encoded, half overlapping."""
    config = pipeline.normalizer.config
    try:
        with collected():
            motion = Motion.load(path)
            if motion.skeleton.name != config.skeleton:
                return []
            motion = motion.resample(config.fps)
    except (ValueError, OSError):
        return []
    longest = config.max_frames
    last = max(len(motion) - longest, 0)
    starts = sorted({*range(0, last, longest // 2), last})
    clips = [(start, motion[start : start + longest]) for start in starts]
    return [((start / config.fps, (start + len(clip)) / config.fps), clip) for start, clip in clips]


def _motion_files(folder: Path, within: str | os.PathLike[str] | None) -> Iterator[tuple[str, int, int]]:
    """Relative path, size and modification time of every file that may hold a motion."""
    limit = None if within is None else Path(within).resolve()
    for path in sorted(folder.rglob("*")):
        if path.suffix.lower() in formats.READABLE and not path.name.startswith(".") and path.is_file():
            if limit is not None and not path.resolve().is_relative_to(limit):
                continue
            status = path.stat()
            yield path.relative_to(folder).as_posix(), status.st_size, status.st_mtime_ns
