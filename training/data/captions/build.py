"""From a clip's label and its measured attributes to its captions."""

import hashlib
import random
from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from training.data.attributes import Attributes, measure
from training.data.clip import ClipInfo

from .bandai import CONTENTS, bandai_label, style_slots
from .check import check_caption
from .grammar import MAN, WOMAN, Speaker, sentences
from .measured import ANY, measured_slots, measured_templates
from .trials import trial_templates

MIN_CAPTIONS, MAX_CAPTIONS = 4, 8
_PLAIN, _WRITTEN, _FULL = 2, 2, 4  # sentences of each kind that a clip is given


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
    slots: dict[str, Sequence[str]] = dict(measured_slots(attributes))
    speakers = MAN
    if clip.source == "bandai-namco":
        content, style = bandai_label(clip.file)
        plain, full = CONTENTS[content]
        slots |= style_slots(style)
        speakers = WOMAN if style == "feminine" else MAN
    else:
        plain, full = trial_templates(clip)
        speakers = WOMAN if clip.performer.lower().startswith("female") else MAN
    kept: list[str] = []
    _add(kept, sentences(plain, slots, speakers, rng), attributes, _PLAIN)
    _add(kept, ([text] for text in written), attributes, len(kept) + _WRITTEN)
    _add(kept, sentences(full, slots, speakers, rng), attributes, len(kept) + _FULL)
    plain, full = measured_templates(attributes)
    if len(kept) == 0:
        _add(kept, sentences(plain, slots, speakers, rng), attributes, 1)
    _add(kept, sentences(full, slots, speakers, rng), attributes, MIN_CAPTIONS)
    _add(kept, sentences(plain, slots, speakers, rng), attributes, MIN_CAPTIONS)
    _add(kept, sentences(ANY, slots, speakers, rng), attributes, MIN_CAPTIONS)
    return kept


def _add(kept: list[str], candidates: Iterable[Iterable[str]], attributes: Attributes, limit: int) -> None:
    """Append the first sentence of each group that is new and agrees with the clip, up to `limit`."""
    for group in candidates:
        if len(kept) >= min(limit, MAX_CAPTIONS):
            return
        for sentence in group:
            if sentence not in kept and not check_caption(sentence, attributes):
                kept.append(sentence)
                break
