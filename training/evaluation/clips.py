"""Clips of a split, sampled as in HumanML3D's loader for evaluation: a random caption and crop for each."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from training.data.folder import Caption, MotionTextFolder, crop, read_listing
from training.evaluation.evaluator import Sample

MAX_FRAMES = 196
_SWAPPED = {"left": "right", "right": "left"}
_FUNCTION_WORDS = frozenset(
    {"a", "an", "the", "and", "as", "if", "in", "of", "on", "at", "with", "to", "be", "is", "are"}
    | {"it", "its", "he", "she", "they", "him", "his", "her", "them", "their"}
    | {"person", "man", "woman", "guy", "figure", "human", "individual", "someone", "somebody"}
)


@dataclass(frozen=True)
class LabelledClip:
    """A clip, or the part of one that its captions describe.

    Attributes:
        features: `(frames, features)`, real units.
        captions: at least one.
        action: from `clips.json`, with left and right swapped for mirrored copies; "" without that file.
    """

    features: NDArray[np.float32]
    captions: tuple[Caption, ...]
    action: str


def min_frames(folder: MotionTextFolder) -> int:
    """Minimum clip length in HumanML3D's loader: 40 frames, or 24 for KIT-ML."""
    return 24 if folder.metre > 1 else 40


def read_labelled(folder: MotionTextFolder, split: str, people: bool = False) -> list[LabelledClip]:
    """Read the clips of a split that HumanML3D's loader uses; see `MotionTextFolder.items`.

    Args:
        folder: the data set.
        split: "train", "val" or "test".
        people: only the captions that people wrote of a clip's own capture, "people" of `clips.json`, and
            the clips that have some.

    Raises:
        ValueError: no clip is left.
    """
    about, clips = read_listing(folder.root), []
    for clip_id, features, captions in folder.items(split, min_frames(folder)):
        entry = about.get(clip_id, {})
        if people:
            captions = tuple(caption for caption in captions if caption.text in entry.get("people", ()))
        if captions:
            clips.append(LabelledClip(features, captions, action_of(entry)))
    if not clips:
        raise ValueError(f"{folder.root}: no clip of split {split} has a caption that people wrote of it")
    return clips


def action_of(entry: dict[str, object]) -> str:
    """The action of an entry of `clips.json`, with left and right swapped for mirrored copies."""
    action = str(entry.get("action", ""))
    if entry.get("mirrored"):
        action = re.sub(r"\b(left|right)\b", lambda side: _SWAPPED[side[0]], action)
    return action


def draw(clip: LabelledClip, rng: np.random.Generator) -> Sample:
    """A random crop and a random caption of the clip."""
    start, length = crop(len(clip.features), MAX_FRAMES, rng)
    caption = clip.captions[rng.integers(len(clip.captions))]
    return Sample(caption, clip.features[start : start + length])


def content_words(caption: Caption) -> frozenset[str]:
    """The content words of a caption: without subject, articles and other function words."""
    words = (token.rpartition("/")[0] for token in caption.tokens)
    return frozenset(word for word in words if word not in _FUNCTION_WORDS)


def fits(captions: Sequence[Caption], clips: Sequence[LabelledClip]) -> NDArray[np.bool_]:
    """Which captions fit which clips: a clip fits if one of its captions has the same content words.

    Returns:
        `(captions, clips)`.
    """
    known = [frozenset(content_words(caption) for caption in clip.captions) for clip in clips]
    return np.array([[content_words(caption) in words for words in known] for caption in captions])
