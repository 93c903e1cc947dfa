"""Reading folders in HumanML3D's layout, and helpers to write one.

The official sets are read as distributed: `new_joints/`, `new_joint_vecs/`, `texts/`, the
split lists and `Mean.npy`, `Std.npy` in one folder. HumanML3D has 263 features a frame, 20 fps and metres;
KIT-ML 251 features, 12.5 fps and millimetres.
"""

import json
import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ram_sdk.array_files import read_npy
from ram_sdk.files import replacing
from ram_sdk.skeleton.joints import HUMANML3D, KIT_ML, Skeleton

SPLITS = ("train", "val", "test")

# Widths of the groups of features over which HumanML3D averages the standard deviation: yaw velocity, ground
# velocity, height, positions, rotations, velocities, contacts (`cal_mean_variance.ipynb`).
_GROUPS = (1, 2, 1, 63, 126, 66, 4)
_TOO_LONG = 200  # frames; HumanML3D's loader skips clips of this length or longer
_UNIT = 4  # frames; the loader crops clips to multiples of it
_MAX_VALUE = 1e6  # of a feature, in millimetres too
_TAG_FPS = 20  # the loader's frame rate for time tags, for KIT-ML too although that has 12.5 fps


@dataclass(frozen=True)
class Caption:
    """A sentence that describes a clip, or its part from `start` to `end` seconds (both 0: all of it)."""

    text: str
    tokens: tuple[str, ...]  # word/TAG, as the official evaluator reads them
    start: float
    end: float


def crop(frames: int, max_frames: int, rng: np.random.Generator) -> tuple[int, int]:
    """Draw a random crop of a clip as HumanML3D's loader does: one time in three, it is four frames shorter.

    Args:
        frames: length of the clip.
        max_frames: maximum length of the crop.
        rng: draws the length, then the start.

    Returns:
        First frame and length.
    """
    units = frames // _UNIT - int(rng.integers(3) == 0)
    length = min(max(units, 1) * _UNIT, max_frames)
    return int(rng.integers(frames - length + 1)), length


class MotionTextFolder:
    """A data set in HumanML3D's layout.

    Args:
        root: the folder.

    Raises:
        FileNotFoundError: the folder lacks `Mean.npy` or `Std.npy`.
        ValueError: the statistics fit neither HumanML3D (263) nor KIT-ML (251).
    """

    def __init__(self, root: str | Path) -> None:
        self.root = Path(root)
        self.mean = _load(self.root / "Mean.npy")
        self.std = _load(self.root / "Std.npy")
        skeletons = {(skeleton.num_features,): skeleton for skeleton in (HUMANML3D, KIT_ML)}
        if self.mean.shape != self.std.shape or self.mean.shape not in skeletons:
            raise ValueError(
                f"{self.root}: Mean.npy {self.mean.shape} and Std.npy {self.std.shape}; expected (263,) for "
                "HumanML3D or (251,) for KIT-ML"
            )
        self.skeleton: Skeleton = skeletons[self.mean.shape]

    @property
    def metre(self) -> float:
        """One metre in the set's unit: KIT-ML is in millimetres."""
        return self.skeleton.metre

    def ids(self, split: str) -> list[str]:
        """Ids in `<split>.txt`, in the file's order.

        Raises:
            FileNotFoundError: the file does not exist.
        """
        return (self.root / f"{split}.txt").read_text(encoding="utf-8").split()

    def clips(self, split: str) -> Iterator[tuple[str, NDArray[np.float32], list[Caption]]]:
        """Id, features `(frames, width)` and captions of each clip.

        A clip that is damaged or holds NaN (HumanML3D has some) is skipped with a message.
        """
        for clip_id in self.ids(split):
            try:
                features, captions = self.features(clip_id), self.captions(clip_id)
                self._check_features(clip_id, features)
            except FileNotFoundError:
                raise
            except (ValueError, OSError) as error:
                print(f"{self.root}: clip {clip_id} is skipped: {error}")
                continue
            yield clip_id, features, captions

    def items(
        self, split: str, min_frames: int
    ) -> Iterator[tuple[str, NDArray[np.float32], tuple[Caption, ...]]]:
        """The clips that HumanML3D's loader (also MDM's) uses for training and evaluation.

        A clip outside `min_frames` to 199 frames is skipped with all its captions. Each caption with a time
        tag becomes an item of its own, with the part that it describes, if the part is within these limits.

        Args:
            split: "train", "val" or "test".
            min_frames: 40 for HumanML3D, 24 for KIT-ML.

        Yields:
            Clip id, features `(frames, width)` and captions of each item.

        Raises:
            FileNotFoundError: the folder lacks the split or one of its files.
            ValueError: no item is left.
        """
        usable = range(min_frames, _TOO_LONG)
        empty = True
        for clip_id, features, captions in self.clips(split):
            if len(features) not in usable:
                continue
            whole = tuple(caption for caption in captions if not (caption.start or caption.end))
            tagged = [caption for caption in captions if caption.start or caption.end]
            parts = [features[int(c.start * _TAG_FPS) : int(c.end * _TAG_FPS)] for c in tagged]
            items = [(features, whole)] * bool(whole)
            items += [(part, (c,)) for part, c in zip(parts, tagged, strict=True) if len(part) in usable]
            for part, part_captions in items:
                empty = False
                yield clip_id, part, part_captions
        if empty:
            raise ValueError(f"{split}.txt of {self.root.name} lists no clip of {min_frames} to 199 frames")

    def features(self, clip_id: str) -> NDArray[np.float32]:
        """Features `(frames, width)` of a clip, in real units."""
        return _load(self.root / "new_joint_vecs" / f"{clip_id}.npy")

    def _check_features(self, clip_id: str, features: NDArray[np.float32]) -> None:
        name = f"new_joint_vecs/{clip_id}.npy"
        if features.ndim != 2 or features.shape[1] != self.skeleton.num_features:
            raise ValueError(
                f"{name} has the shape {features.shape}, not (frames, {self.skeleton.num_features})"
            )
        if not np.isfinite(features).all():
            raise ValueError(f"{name} holds NaN or infinite numbers")
        if features.size and np.abs(features).max() > _MAX_VALUE:
            raise ValueError(f"{name} holds {np.abs(features).max():.2g}, too large for any motion")

    def joints(self, clip_id: str) -> NDArray[np.float32]:
        """Joint positions `(frames, joints, 3)` of a clip, in the set's unit."""
        return _load(self.root / "new_joints" / f"{clip_id}.npy")

    def captions(self, clip_id: str) -> list[Caption]:
        """Captions of a clip.

        Raises:
            FileNotFoundError: the clip has no text file.
            ValueError: a line is not `caption#tokens#start#end`; the message names it.
        """
        path = self.root / "texts" / f"{clip_id}.txt"
        captions = []
        try:
            lines = path.read_text(encoding="utf-8").splitlines()
        except UnicodeDecodeError as error:
            raise ValueError(f"{path} is not UTF-8: {error.reason} at byte {error.start}") from error
        for number, line in enumerate(lines, start=1):
            if not line.strip():
                continue
            try:
                text, tokens, start, end = line.split("#")
                captions.append(Caption(text.strip(), tuple(tokens.split()), _seconds(start), _seconds(end)))
            except ValueError:
                raise ValueError(
                    f"{path}, line {number}: {line!r} is not caption#word/TAG ...#start#end"
                ) from None
        return captions


def _seconds(field: str) -> float:
    """A time tag; in the official files, nan means "not given"."""
    value = float(field)
    if math.isinf(value):
        raise ValueError("an infinite time")
    return 0.0 if math.isnan(value) else value


def _load(path: Path) -> NDArray[np.float32]:
    try:
        return np.asarray(read_npy(path), dtype=np.float32)
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from error


def read_listing(root: Path) -> dict[str, dict[str, Any]]:
    """The entries of `clips.json`, which `build` writes, by clip id; empty if there is no such file.

    Raises:
        ValueError: the file has another format.
    """
    path = root / "clips.json"
    if not path.is_file():
        return {}
    try:
        listing = json.loads(path.read_text(encoding="utf-8"))
    except (ValueError, RecursionError) as error:
        raise ValueError(f"{path} is not JSON: {error}") from error
    if not isinstance(listing, dict) or not all(isinstance(entry, dict) for entry in listing.values()):
        raise ValueError(f"{path}: expected an object with one object for each clip")
    return listing


def save_array(path: Path, array: NDArray[np.float32]) -> None:
    """Write an `.npy` file atomically."""
    with replacing(path) as temporary, temporary.open("wb") as file:
        np.save(file, array)


def feature_statistics(paths: Iterable[Path]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Mean and standard deviation of feature files, the latter averaged within groups as in HumanML3D.

    Args:
        paths: `.npy` files of `(frames, 263)`.

    Returns:
        Two arrays `(263,)`.

    Raises:
        ValueError: there are no files.
    """
    frames = 0
    total = np.zeros(sum(_GROUPS))
    squares = np.zeros(sum(_GROUPS))
    for path in paths:
        features = _load(path).astype(np.float64)
        frames += len(features)
        total += features.sum(0)
        squares += np.square(features).sum(0)
    if frames == 0:
        raise ValueError("no clips to compute the mean and standard deviation from")
    mean = total / frames
    std = np.sqrt(np.maximum(squares / frames - mean**2, 0.0))
    for start, width in zip(np.cumsum((0, *_GROUPS[:-1])), _GROUPS, strict=True):
        std[start : start + width] = std[start : start + width].mean()
    return mean.astype(np.float32), std.astype(np.float32)
