"""The real clips of a built set that composed motion is made from."""

import dataclasses
import functools
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from ram_sdk.skeleton.features import canonicalize
from ram_sdk.skeleton.kinematics import PoseSequence
from ram_sdk.skeleton.sequences import Array, pose_of
from training.open_data.attributes import Attributes, measure
from training.open_data.clip import ClipInfo

_ROLES = Path(__file__).with_name("roles.json")


@dataclass(frozen=True)
class Language:
    """The parts of the captions that composed motion needs (see `training.open_data.captions`)."""

    captions: Callable[[ClipInfo, Array], Sequence[str]]  # whole sentences about a clip
    phrases: Callable[[ClipInfo, Array], Sequence[str]]  # "walks forward slowly": without a subject
    base: Callable[[str], str]  # "walk forward slowly"
    gerund: Callable[[str], str]  # "walking forward slowly"
    contradictions: Callable[[str, Attributes], Sequence[str]]
    mirrored: Callable[[str], str]  # the text of the mirrored clip
    unseen: Callable[[str], bool]  # whether a sentence is kept out of training


@dataclass(frozen=True, eq=False)
class Source:
    """A real clip or a part of one.

    Attributes:
        info: what is known about the clip; of a mirrored copy, about the original.
        clip_id: of the clip or its mirrored copy.
        start: first frame of the part.
        joints: `(frames, 22, 3)` of the part, as the clip has them.
    """

    info: ClipInfo
    clip_id: str
    start: int
    joints: Array

    @property
    def mirrored(self) -> bool:
        """Whether this is the mirrored copy of a capture."""
        return self.clip_id.startswith("M")

    @property
    def actions(self) -> tuple[str, ...]:
        """What is done, in order of time."""
        return self.info.actions

    @functools.cached_property
    def pose(self) -> PoseSequence:
        """The part as joint rotations."""
        return pose_of(self.joints)

    @functools.cached_property
    def attributes(self) -> Attributes:
        """What the part shows."""
        return measure(canonical(self.joints))

    def part(self, start: int, stop: int) -> "Source":
        """The frames from `start` to before `stop`."""
        return Source(self.info, self.clip_id, self.start + start, self.joints[start:stop])

    def phrases(self, language: Language) -> list[str]:
        """What this part shows, without a subject; computed once."""
        if "_said" not in self.__dict__:
            self.__dict__["_said"] = phrases_about(self.info, self.joints, self.mirrored, language)
        return list(self.__dict__["_said"])

    @property
    def record(self) -> tuple[str, int, int]:
        """Clip, first frame and one past the last."""
        return self.clip_id, self.start, self.start + len(self.joints)


def phrases_about(info: ClipInfo, joints: Array, mirrored: bool, language: Language) -> list[str]:
    """Phrases about a motion made from the clip; its label describes the original of a mirrored copy."""
    if not mirrored:
        return list(language.phrases(info, canonical(joints)))
    return [language.mirrored(text) for text in language.phrases(info, canonical(flipped(joints)))]


def captions_about(info: ClipInfo, joints: Array, mirrored: bool, language: Language) -> list[str]:
    """Whole sentences, likewise."""
    if not mirrored:
        return list(language.captions(info, canonical(joints)))
    return [language.mirrored(text) for text in language.captions(info, canonical(flipped(joints)))]


def canonical(joints: Array) -> Array:
    """Start at the origin facing +Z, the height unchanged."""
    placed = canonicalize(torch.from_numpy(np.ascontiguousarray(joints))).numpy()
    placed[..., 1] += joints[..., 1].min()
    return np.asarray(placed)


_SIDES = (0, 2, 1, 3, 5, 4, 6, 8, 7, 9, 11, 10, 12, 14, 13, 15, 17, 16, 19, 18, 21, 20)


def flipped(joints: Array) -> Array:
    """Left and right exchanged, the bones too: for measuring, not for training."""
    return joints[:, _SIDES] * (-1.0, 1.0, 1.0)


def read_sources(root: Path) -> list[Source]:
    """The clips of the training split, originals and mirrored copies, in the order of the list.

    Raises:
        OSError: the folder lacks a part.
    """
    listing = json.loads((root / "clips.json").read_text(encoding="utf-8"))
    names = [field.name for field in dataclasses.fields(ClipInfo)]
    found = []
    for clip_id, entry in listing.items():
        if entry["split"] == "train" and entry["actions"] and "composed" not in entry:
            original = {name: entry[name] for name in names}
            original |= {"actions": tuple(entry["actions"]), "clip_id": clip_id.removeprefix("M")}
            joints = np.load(root / "new_joints" / f"{clip_id}.npy", allow_pickle=False).astype(np.float64)
            found.append(Source(ClipInfo(**original), clip_id, 0, joints))
    return found


@functools.cache
def roles() -> dict[str, frozenset[str]]:
    """Which actions may be used for what: the lists of `roles.json`."""
    table: dict[str, Any] = json.loads(_ROLES.read_text(encoding="utf-8"))
    return {role: frozenset(actions) for role, actions in table.items()}


def has_role(source: Source, role: str) -> bool:
    """Whether everything that is done in the source may be used so."""
    return bool(source.actions) and all(action in roles()[role] for action in source.actions)
