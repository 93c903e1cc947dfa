"""From a clip's actions and its measured attributes to its captions."""

import hashlib
import random
from collections.abc import Iterable, Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from training.open_data.attributes import Attributes, measure
from training.open_data.captions.check import check_caption
from training.open_data.captions.grammar import MAN, WOMAN, Speaker, attempts, expand
from training.open_data.captions.inflect import base_form, gerund
from training.open_data.captions.measured import Slots, situation, slots_for
from training.open_data.captions.wordings import (
    KINDS,
    families,
    in_unseen_family,
    is_unseen,
    joins,
    seen,
    situations,
)
from training.open_data.clip import ClipInfo

MAX_CAPTIONS, MAX_PEOPLE, MAX_WORDS = 14, 6, 30
_FRAMED = 2  # captions that a family of asking frames
# What attributes say about one of several actions; pace and counts are the whole clip's.
_SLOTS_OF_PARTS = ("side", "turn", "hand", "foot", "how", "object")
_ANYBODY = Speaker("", "their", "them", "they")


def captions_for(clip: ClipInfo, joints: NDArray[np.floating], written: Sequence[str] = ()) -> list[str]:
    """Captions of a clip, a plain one first, of every kind alike.

    The wordings of the clip's actions are filled with what is measured, and kept only where the measured
    attributes do not contradict them; where no action is known, the attributes alone decide. What is kept
    out of training (`wordings.unseen`) is never used. The same clip always gets the same captions.

    Args:
        clip: where the clip comes from and what it shows.
        joints: `(frames, 22, 3)` canonical positions in metres at 20 fps, frame 0 facing +Z, +X the
            body's left.
        written: sentences that people wrote about this clip or that fit it, the best first.

    Returns:
        Up to 14 different captions in lower case without a full stop, at most 6 of them people's; fewer
        than 8 only where no action is known.

    Raises:
        ValueError: the joints are no such clip, or an action or manner has no wordings.
    """
    attributes = measure(np.asarray(joints, dtype=np.float64))
    rng = _random(clip, "captions")
    people = _kept((text for text in written if not is_unseen(text)), attributes, MAX_PEOPLE)
    candidates = _turns(_candidates(clip, attributes, rng))
    own = _kept((text for text in candidates if text not in people), attributes, MAX_CAPTIONS - len(people))
    return [*own[:1], *people, *own[1:]]


def verb_phrases(clip: ClipInfo, joints: NDArray[np.floating]) -> list[str]:
    """What a clip shows as verb phrases: 'walks forward slowly', 'waves with the left hand'.

    Args:
        clip: where the clip comes from and what it shows.
        joints: as for `captions_for`.

    Returns:
        Different phrases in the third person without a subject, from the wordings that training may use,
        each checked against the clip, in an order that is random but the same for the same clip; empty
        where no action is known.

    Raises:
        ValueError: the joints are no such clip, or an action or manner has no wordings.
    """
    attributes = measure(np.asarray(joints, dtype=np.float64))
    rng = _random(clip, "phrases")
    if len(set(clip.actions)) == 1:
        found: Iterable[str] = _phrases(clip.actions[0], clip, attributes, _ANYBODY, rng)
    else:
        found = (text.strip() for text in _joined(clip, attributes, [_ANYBODY], rng, "plain"))
    return [text for text in dict.fromkeys(found) if not check_caption(f"a person {text}", attributes)]


def _random(clip: ClipInfo, use: str) -> random.Random:
    return random.Random(hashlib.sha256(f"{use} {clip.clip_id}".encode()).digest())


def _candidates(clip: ClipInfo, a: Attributes, rng: random.Random) -> list[Iterator[str]]:
    """Captions without end or until the wordings are used up, one stream for each kind."""
    speakers = WOMAN if clip.woman else MAN
    if not clip.actions:
        return [_measured(a, speakers, rng)]
    if len(set(clip.actions)) > 1:
        streams = [_joined(clip, a, speakers, rng, kind) for kind in KINDS[:-1]]
    else:
        streams = [_worded(clip.actions[0], kind, clip, a, speakers, rng) for kind in KINDS]
    return [*streams, _framed(clip, a, speakers, rng)]


def _worded(
    action: str, kind: str, clip: ClipInfo, a: Attributes, speakers: Sequence[Speaker], rng: random.Random
) -> Iterator[str]:
    """Captions of one kind of an action, every wording once, those that say more than others sooner."""
    slots = slots_for(action, clip, a)
    for template in _shuffled(seen(action)[kind], slots, rng):
        yield from attempts(template, slots, speakers, rng, tries=1)


def _shuffled(templates: Sequence[str], slots: Slots, rng: random.Random) -> list[str]:
    """Random order in which wordings with filled slots come as often as the others."""
    order = rng.sample(list(templates), len(templates))
    slotted = [t for t in order if any(f"{{{slot}}}" in t and phrases for slot, phrases in slots.items())]
    plain = [t for t in order if not any(f"{{{slot}}}" in t for slot in slots)]
    mixed: list[str] = []
    while slotted or plain:
        source = slotted if not plain or (slotted and rng.random() < 0.5) else plain
        mixed.append(source.pop())
    return mixed


def _phrases(
    action: str, clip: ClipInfo, a: Attributes, speaker: Speaker, rng: random.Random, part: bool = False
) -> Iterator[str]:
    """Verb phrases of an action, which is the clip's only one or a part of what the clip shows."""
    slots = slots_for(action, clip, a)
    if part:
        slots = {slot: phrases if slot in _SLOTS_OF_PARTS else () for slot, phrases in slots.items()}
    for template in _shuffled(seen(action)["plain"], slots, rng):
        phrase = expand(template.removeprefix("{S} "), {**slots, **speaker.slots}, rng)
        unfit = ("cannot", "is ") if part else ("cannot",)  # no command; 'walks and is waving'
        if phrase is not None and not phrase.startswith(unfit):
            yield phrase


def _framed(clip: ClipInfo, a: Attributes, speakers: Sequence[Speaker], rng: random.Random) -> Iterator[str]:
    """Captions in the seen families of asking: 'there is a person waving'."""
    action = clip.actions[0]
    if len(set(clip.actions)) > 1:
        return
    for form in rng.sample(families("seen"), len(families("seen")))[:_FRAMED]:
        speaker = rng.choice(speakers)
        phrase = next(_phrases(action, clip, a, speaker, rng))
        forms = {"third": (phrase,), "base": (base_form(phrase),), "gerund": (gerund(phrase),)}
        text = expand(form, {**forms, **speaker.slots}, rng)
        if text is not None:
            yield text


def _joined(
    clip: ClipInfo, a: Attributes, speakers: Sequence[Speaker], rng: random.Random, kind: str
) -> Iterator[str]:
    """Captions that name the clip's actions in their order; of more than three the first three."""
    order = [action for n, action in enumerate(clip.actions) if n == 0 or clip.actions[n - 1] != action][:3]
    forms = joins(len(order), kind)
    for form in rng.sample(forms, len(forms)) * 4 if forms else ():
        speaker = rng.choice(speakers)
        slots: dict[str, Sequence[str]] = dict(speaker.slots)
        for name, action in zip("abc", order, strict=False):
            phrase = next(_phrases(action, clip, a, speaker, rng, part=True))
            slots |= {name: (phrase,), f"{name}_base": (base_form(phrase),), f"{name}_ing": (gerund(phrase),)}
        text = expand(form, slots, rng)
        if text is not None:
            yield text


def _measured(a: Attributes, speakers: Sequence[Speaker], rng: random.Random) -> Iterator[str]:
    """Captions of a clip whose action is not known."""
    for name in (situation(a), "any"):
        for template in situations(name):
            yield from attempts(template, {}, speakers, rng, tries=6)


def _turns(streams: Sequence[Iterator[str]]) -> Iterator[str]:
    """One from each stream in turn, until all are used up."""
    waiting = list(streams)
    while waiting:
        for stream in tuple(waiting):
            text = next(stream, None)
            if text is None:
                waiting.remove(stream)
            else:
                yield text


def _kept(candidates: Iterator[str], a: Attributes, limit: int) -> list[str]:
    """The first different captions that agree with the clip."""
    kept: dict[str, None] = {}
    for text in candidates:
        if len(text.split()) <= MAX_WORDS and not in_unseen_family(text) and not check_caption(text, a):
            kept[text] = None
        if len(kept) == limit:
            break
    return list(kept)
