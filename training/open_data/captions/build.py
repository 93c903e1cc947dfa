"""From a clip's label and its measured attributes to its captions."""

import hashlib
import random
from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from training.open_data.attributes import Attributes, measure
from training.open_data.captions.check import check_caption
from training.open_data.captions.grammar import MAN, WOMAN, sentences
from training.open_data.captions.measured import measured_slots, situation
from training.open_data.captions.phrases import label_phrases, measured_phrases
from training.open_data.clip import ClipInfo

MIN_CAPTIONS, MAX_CAPTIONS, MAX_WORDS = 4, 8, 20
_PLAIN, _WRITTEN, _FULL = 2, 2, 5  # sentences of each kind that a clip is given


def captions_for(clip: ClipInfo, joints: NDArray[np.floating], written: Sequence[str] = ()) -> list[str]:
    """Sentences that describe a clip, the plainest first.

    A sentence comes from the label of the clip's source and is kept only where the measured attributes
    do not contradict it; where the label gives too few, the attributes alone supply the rest. The same
    clip always gets the same sentences.

    Args:
        clip: where the clip comes from.
        joints: `(frames, 22, 3)` canonical positions in metres at 20 fps, frame 0 facing +Z, +X the
            body's left.
        written: sentences that people wrote about this clip (see `covered`).

    Returns:
        4 to 8 different sentences in lower case, without a full stop.

    Raises:
        ValueError: the joints are no such clip, or a Bandai-Namco file has an unknown name.
    """
    attributes = measure(np.asarray(joints, dtype=np.float64))
    rng = random.Random(hashlib.sha256(clip.clip_id.encode()).digest())
    label = label_phrases(clip)
    slots = {**label.slots, **measured_slots(attributes)}
    woman = label.style == "feminine" or clip.performer.lower().startswith("female")
    speakers = WOMAN if woman else MAN

    kept: list[str] = []

    def add(templates: Sequence[str], limit: int) -> None:
        _add(kept, sentences(templates, slots, speakers, rng), attributes, limit)

    add(label.plain, _PLAIN)
    _add(kept, ([text] for text in written), attributes, len(kept) + _WRITTEN)
    add(label.full, len(kept) + _FULL)
    for name in (situation(attributes), "any"):
        phrases = measured_phrases(name)
        add(phrases.plain, 1)
        add((*phrases.full, *phrases.plain), MIN_CAPTIONS)
    return kept


def _add(kept: list[str], candidates: Iterable[Iterable[str]], attributes: Attributes, limit: int) -> None:
    """Append the first new sentence of each group that agrees with the clip, until `kept` holds `limit`."""
    for group in candidates:
        if len(kept) >= min(limit, MAX_CAPTIONS):
            return
        for sentence in group:
            short = len(sentence.split()) <= MAX_WORDS
            if short and sentence not in kept and not check_caption(sentence, attributes):
                kept.append(sentence)
                break
