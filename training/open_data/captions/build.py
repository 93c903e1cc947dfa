"""Writing a clip's captions from its actions and measured attributes."""

import hashlib
import random
from collections.abc import Iterable, Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from training.open_data.attributes import Attributes, measure
from training.open_data.captions.check import check_caption
from training.open_data.captions.grammar import MAN, WOMAN, Subject, attempts, expand
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

MAX_CAPTIONS, MAX_HUMAN, MAX_WORDS = 28, 6, 30
_FRAMED = 2  # captions from families of phrasing
# Slots that can be measured for one of several actions; pace and counts are of the whole clip.
_SLOTS_OF_PARTS = ("side", "turn", "hand", "foot", "how", "object")
_NO_SUBJECT = Subject("", "their", "them", "they")


def captions_for(clip: ClipInfo, joints: NDArray[np.floating], written: Sequence[str] = ()) -> list[str]:
    """Captions of a clip, a plain one first, evenly from all kinds.

    The wordings of the clip's actions are filled from its measured attributes, and kept only if these do not
    contradict them; if no action is known, only the attributes are used. Wordings that are held out from
    training (`wordings.unseen`) are never used. The same clip always gets the same captions.

    Args:
        clip: the clip's metadata.
        joints: `(frames, 22, 3)` canonical positions in metres at 20 fps, frame 0 facing +Z, +X the
            body's left.
        written: human-written sentences about this clip or that match it, the best first.

    Returns:
        Up to 28 different captions in lower case without a full stop, at most 6 of them human-written; fewer
        than 8 only if no action is known.

    Raises:
        ValueError: the joints cannot be measured, or an action or manner has no wordings.
    """
    attributes = measure(np.asarray(joints, dtype=np.float64))
    rng = _random(clip, "captions")
    human = _valid((text for text in written if not is_unseen(text)), attributes, MAX_HUMAN)
    candidates = _round_robin(_candidates(clip, attributes, rng))
    own = _valid((text for text in candidates if text not in human), attributes, MAX_CAPTIONS - len(human))
    return [*own[:1], *human, *own[1:]]


def verb_phrases(clip: ClipInfo, joints: NDArray[np.floating]) -> list[str]:
    """Verb phrases that describe a clip: 'walks forward slowly', 'waves with the left hand'.

    Args:
        clip: the clip's metadata.
        joints: as for `captions_for`.

    Returns:
        Different phrases in the third person without a subject, from the wordings that training may use,
        each checked against the clip, in an order that is random but the same for the same clip; empty
        if no action is known.

    Raises:
        ValueError: the joints cannot be measured, or an action or manner has no wordings.
    """
    attributes = measure(np.asarray(joints, dtype=np.float64))
    rng = _random(clip, "phrases")
    if len(set(clip.actions)) == 1:
        found: Iterable[str] = _phrases(clip.actions[0], clip, attributes, _NO_SUBJECT, rng)
    else:
        found = (text.strip() for text in _joined(clip, attributes, [_NO_SUBJECT], rng, "plain"))
    return [text for text in dict.fromkeys(found) if not check_caption(f"a person {text}", attributes)]


def _random(clip: ClipInfo, use: str) -> random.Random:
    return random.Random(hashlib.sha256(f"{use} {clip.clip_id}".encode()).digest())


def _candidates(clip: ClipInfo, a: Attributes, rng: random.Random) -> list[Iterator[str]]:
    """One stream of candidate captions for each kind."""
    subjects = WOMAN if clip.woman else MAN
    if not clip.actions:
        return [_measured(a, subjects, rng)]
    if len(set(clip.actions)) > 1:
        streams = [_joined(clip, a, subjects, rng, kind) for kind in KINDS[:-1]]
    else:
        streams = [_worded(clip.actions[0], kind, clip, a, subjects, rng) for kind in KINDS]
    return [*streams, _framed(clip, a, subjects, rng)]


def _worded(
    action: str, kind: str, clip: ClipInfo, a: Attributes, subjects: Sequence[Subject], rng: random.Random
) -> Iterator[str]:
    """Captions of one kind for an action, each wording once, in the order of `_shuffled`."""
    slots = slots_for(action, clip, a)
    for template in _shuffled(seen(action)[kind], slots, rng):
        yield from attempts(template, slots, subjects, rng, tries=1)


def _shuffled(templates: Sequence[str], slots: Slots, rng: random.Random) -> list[str]:
    """Random order that alternates evenly between wordings with filled slots and those without slots."""
    order = rng.sample(list(templates), len(templates))
    slotted = [t for t in order if any(f"{{{slot}}}" in t and phrases for slot, phrases in slots.items())]
    plain = [t for t in order if not any(f"{{{slot}}}" in t for slot in slots)]
    mixed: list[str] = []
    while slotted or plain:
        source = slotted if not plain or (slotted and rng.random() < 0.5) else plain
        mixed.append(source.pop())
    return mixed


def _phrases(
    action: str, clip: ClipInfo, a: Attributes, subject: Subject, rng: random.Random, part: bool = False
) -> Iterator[str]:
    """Verb phrases of an action, which is the clip's only action or, with `part`, one of several."""
    slots = slots_for(action, clip, a)
    if part:
        slots = {slot: phrases if slot in _SLOTS_OF_PARTS else () for slot, phrases in slots.items()}
    for template in _shuffled(seen(action)["plain"], slots, rng):
        phrase = expand(template.removeprefix("{S} "), {**slots, **subject.slots}, rng)
        unfit = ("cannot", "is ") if part else ("cannot",)  # no imperative; 'walks and is waving'
        if phrase is not None and not phrase.startswith(unfit):
            yield phrase


def _framed(clip: ClipInfo, a: Attributes, subjects: Sequence[Subject], rng: random.Random) -> Iterator[str]:
    """Captions in the seen families of phrasing: 'there is a person waving'."""
    action = clip.actions[0]
    if len(set(clip.actions)) > 1:
        return
    for form in rng.sample(families("seen"), len(families("seen")))[:_FRAMED]:
        subject = rng.choice(subjects)
        phrase = next(_phrases(action, clip, a, subject, rng))
        forms = {"third": (phrase,), "base": (base_form(phrase),), "gerund": (gerund(phrase),)}
        text = expand(form, {**forms, **subject.slots}, rng)
        if text is not None:
            yield text


def _joined(
    clip: ClipInfo, a: Attributes, subjects: Sequence[Subject], rng: random.Random, kind: str
) -> Iterator[str]:
    """Captions that name the clip's actions in order, the first three at most."""
    order = [action for n, action in enumerate(clip.actions) if n == 0 or clip.actions[n - 1] != action][:3]
    forms = joins(len(order), kind)
    for form in rng.sample(forms, len(forms)) * 4 if forms else ():
        subject = rng.choice(subjects)
        slots: dict[str, Sequence[str]] = dict(subject.slots)
        for name, action in zip("abc", order, strict=False):
            phrase = next(_phrases(action, clip, a, subject, rng, part=True))
            slots |= {name: (phrase,), f"{name}_base": (base_form(phrase),), f"{name}_ing": (gerund(phrase),)}
        text = expand(form, slots, rng)
        if text is not None:
            yield text


def _measured(a: Attributes, subjects: Sequence[Subject], rng: random.Random) -> Iterator[str]:
    """Captions of a clip whose action is unknown."""
    for name in (situation(a), "any"):
        for template in situations(name):
            yield from attempts(template, {}, subjects, rng, tries=6)


def _round_robin(streams: Sequence[Iterator[str]]) -> Iterator[str]:
    """One item from each stream in turn, until all are exhausted."""
    waiting = list(streams)
    while waiting:
        for stream in tuple(waiting):
            text = next(stream, None)
            if text is None:
                waiting.remove(stream)
            else:
                yield text


def _valid(candidates: Iterator[str], a: Attributes, limit: int) -> list[str]:
    """The first different captions that agree with the clip."""
    kept: dict[str, None] = {}
    for text in candidates:
        if len(text.split()) <= MAX_WORDS and not in_unseen_family(text) and not check_caption(text, a):
            kept[text] = None
        if len(kept) == limit:
            break
    return list(kept)
