"""The real clips of a built set, as sources of composed motion."""

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
    """The functions of `training.open_data.captions` that composed motion needs."""

    captions: Callable[[ClipInfo, Array], Sequence[str]]  # whole sentences about a clip
    phrases: Callable[[ClipInfo, Array], Sequence[str]]  # "walks forward slowly": without a subject
    base: Callable[[str], str]  # "walk forward slowly"
    gerund: Callable[[str], str]  # "walking forward slowly"
    contradictions: Callable[[str, Attributes], Sequence[str]]
    mirrored: Callable[[str], str]  # the text of the mirrored clip
    unseen: Callable[[str], bool]  # whether a sentence is held out from training


@dataclass(frozen=True, eq=False)
class Source:
    """A real clip or a part of one.

    Attributes:
        info: metadata of the clip; for a mirrored copy, of the original.
        clip_id: of the clip or its mirrored copy.
        start: first frame of the part.
        joints: `(frames, 22, 3)` of the part, in the clip's coordinates.
    """

    info: ClipInfo
    clip_id: str
    start: int
    joints: Array

    @property
    def mirrored(self) -> bool:
        """Whether this is a mirrored copy."""
        return self.clip_id.startswith("M")

    @property
    def actions(self) -> tuple[str, ...]:
        """The clip's actions, in temporal order."""
        return self.info.actions

    @functools.cached_property
    def pose(self) -> PoseSequence:
        """The part as joint rotations."""
        return pose_of(self.joints)

    @functools.cached_property
    def attributes(self) -> Attributes:
        """Measurements of the part."""
        return measure(canonical(self.joints))

    def part(self, start: int, stop: int) -> "Source":
        """The frames from `start` to before `stop`."""
        return Source(self.info, self.clip_id, self.start + start, self.joints[start:stop])

    def phrases(self, language: Language) -> list[str]:
        """Verb phrases that describe this part; computed once."""
        if "_phrases" not in self.__dict__:
            self.__dict__["_phrases"] = phrases_about(self.info, self.joints, self.mirrored, language)
        return list(self.__dict__["_phrases"])

    @property
    def record(self) -> tuple[str, int, int]:
        """Clip, first frame and one past the last."""
        return self.clip_id, self.start, self.start + len(self.joints)


def phrases_about(info: ClipInfo, joints: Array, mirrored: bool, language: Language) -> list[str]:
    """Phrases about a motion made from a clip; `info` describes the original of a mirrored copy."""
    if not mirrored:
        return list(language.phrases(info, canonical(joints)))
    return [language.mirrored(text) for text in language.phrases(info, canonical(flipped(joints)))]


def captions_about(info: ClipInfo, joints: Array, mirrored: bool, language: Language) -> list[str]:
    """Like `phrases_about`, but whole sentences."""
    if not mirrored:
        return list(language.captions(info, canonical(joints)))
    return [language.mirrored(text) for text in language.captions(info, canonical(flipped(joints)))]


def canonical(joints: Array) -> Array:
    """The motion moved to start at the origin facing +Z, with unchanged heights."""
    placed = canonicalize(torch.from_numpy(np.ascontiguousarray(joints))).numpy()
    placed[..., 1] += joints[..., 1].min()
    return np.asarray(placed)


_SIDES = (0, 2, 1, 3, 5, 4, 6, 8, 7, 9, 11, 10, 12, 14, 13, 15, 17, 16, 19, 18, 21, 20)


def flipped(joints: Array) -> Array:
    """The motion with left and right swapped, bone lengths too: for measuring, not for training."""
    return joints[:, _SIDES] * (-1.0, 1.0, 1.0)


def read_sources(root: Path) -> list[Source]:
    """The clips of the training split, originals and mirrored copies, in the order of `clips.json`.

    Raises:
        OSError: a file is missing.
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
    """Actions by role, from `roles.json`."""
    table: dict[str, Any] = json.loads(_ROLES.read_text(encoding="utf-8"))
    return {role: frozenset(actions) for role, actions in table.items()}


def has_role(source: Source, role: str) -> bool:
    """Whether all actions of a source have a role."""
    return bool(source.actions) and all(action in roles()[role] for action in source.actions)
