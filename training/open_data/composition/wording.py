"""Sentences about composed motion: the templates of `joins.json`, filled with phrases about the parts.

A template names its parts with their verb form: `{third_a}` ("walks"), `{base_a}` ("walk"), `{gerund_a}`
("walking"); `{S}` is the subject and `{their}` its possessive. Templates under "unseen" are held out from
training.
"""

import functools
import json
import random
import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from training.open_data.captions.grammar import MAN, WOMAN, Subject, expand
from training.open_data.composition.sources import Language

_FOLDER = Path(__file__).parent
MAX_WORDS = 34
_PRONOUN = re.compile(r"\b(?:their|them|they)\b")
_TRIES = 4  # for each template
_NO_SUBJECT = Subject("", "their", "them", "they")

Choices = Mapping[str, Sequence[str]]  # third-person phrases by the name of the part
Inflect = Callable[[str], str]


@functools.cache
def table(name: str) -> dict[str, Any]:
    """A data file of this folder."""
    read: dict[str, Any] = json.loads((_FOLDER / f"{name}.json").read_text(encoding="utf-8"))
    return read


def joined_captions(
    kind: str, parts: Choices, woman: bool, language: Language, rng: random.Random, count: int = 4
) -> list[str]:
    """Different sentences that join phrases, each with another template; fewer if there are few phrases.

    Args:
        kind: a key of `joins.json`.
        parts: phrases for each part in the templates.
        woman: whether the performer is a woman.
        language: inflects the verbs.
        rng: the source of every choice.
        count: how many sentences.
    """
    forms = table("joins")[kind]["seen"]
    sentences: list[str] = []
    if not all(parts.values()):
        return sentences
    for form in rng.sample(forms, len(forms)):
        if len(sentences) == count:
            break
        sentence = fill(form, parts, woman, language.base, language.gerund, rng)
        if sentence and sentence not in sentences:
            sentences.append(sentence)
    return sentences


def fill(form: str, parts: Choices, woman: bool, base: Inflect, gerund: Inflect, rng: random.Random) -> str:
    """One sentence from a template that joins phrases, or "" if every attempt is too long."""
    inflect: dict[str, Inflect] = {"third": str, "base": base, "gerund": gerund}
    for _ in range(_TRIES):
        subject = rng.choice(WOMAN if woman else MAN) if "{S}" in form else _NO_SUBJECT
        slots: dict[str, Sequence[str]] = dict(subject.slots)
        for name, phrases in parts.items():
            phrase = _with_pronouns(subject, expand(rng.choice(phrases), slots, rng) or "")
            slots |= {f"{tense}_{name}": (change(phrase),) for tense, change in inflect.items()}
        sentence = expand(_plural(form) if subject.they == "they" else form, slots, rng)
        if sentence and len(sentence.split()) <= MAX_WORDS:
            return sentence
    return ""


def _with_pronouns(subject: Subject, phrase: str) -> str:
    """The phrase with the subject's pronouns: "raises their hand" becomes "raises his hand"."""
    pronouns = {"their": subject.their, "them": subject.them, "they": subject.they}
    return _PRONOUN.sub(lambda match: pronouns[match[0]], phrase)


def _plural(form: str) -> str:
    """The template with plural verbs after the pronoun "they"."""
    form = re.sub(r"\{they\} \{third_(\w+)\}", r"{they} {base_\1}", form)
    return form.replace("{they} is", "{they} are").replace("{they} does", "{they} do")


_DIRECTION = re.compile(
    r",? \b(?:forwards?|ahead|straight(?: (?:ahead|on|forward))?|in a straight line|onward)\b(?! and)"
)
_OTHER_WAY = re.compile(r"\b(?:turn\w*|left|right|back\w*|around|straight|line|circle|curv\w*|stops?)\b")


def path_captions(
    name: str,
    gait: str,
    side: str,
    phrases: Sequence[str],
    woman: bool,
    language: Language,
    rng: random.Random,
    count: int = 4,
) -> list[str]:
    """Sentences about walking or running along a curve.

    Args:
        name: of the curve, a key of `paths.json`.
        gait: "walk" or "run".
        side: "left" or "right": where the curve turns first.
        phrases: about the straight motion; manner and speed are kept from them.
        woman: whether the performer is a woman.
        language: inflects the verbs.
        rng: the source of every choice.
        count: how many sentences.
    """
    data = table("paths")
    plain = [re.sub(r"\s+", " ", _DIRECTION.sub("", phrase)).strip() for phrase in phrases]
    gaits = [phrase for phrase in plain if not _OTHER_WAY.search(phrase)] + data["gaits"][gait]
    other = {"left": "right", "right": "left"}[side]
    sense = {"left": "counterclockwise", "right": "clockwise"}[side]
    sentences: list[str] = []
    for way in rng.sample(data[name]["seen"], min(count, len(data[name]["seen"]))):
        for slot, text in (("side", side), ("other", other), ("sense", sense)):
            way = way.replace(f"{{{slot}}}", text)
        going = [f"{gait} {way}" for gait in gaits]
        frame = rng.choice(data["frames"])
        sentences.append(fill(frame, {"gait": going}, woman, language.base, language.gerund, rng))
    return list(dict.fromkeys(filter(None, sentences)))


def count_captions(
    kind: str, number: int, hand: str, woman: bool, rng: random.Random, count: int = 4
) -> list[str]:
    """Sentences that state how often an action is done.

    Args:
        kind: a key of `counts.json`.
        number: the count, at least 1.
        hand: the hand that waves: "left hand", "right hand" or "hand".
        woman: whether the performer is a woman.
        rng: the source of every choice.
        count: how many sentences.
    """
    data = table("counts")
    entry = data[kind]
    slots = {unit: (words[number > 1],) for unit, words in entry["units"].items()}
    slots |= {"n": (data["numbers"][number - 1],), "times": (data["times"][number - 1],), "hand": (hand,)}
    forms = [form for form in entry["seen"] if number > 1 or "in a row" not in form]
    sentences = []
    for form in rng.sample(forms, min(count, len(forms))):
        sentences.append(expand(form, {**slots, **rng.choice(WOMAN if woman else MAN).slots}, rng))
    return [text for text in sentences if text]
