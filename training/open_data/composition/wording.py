"""Sentences about composed motion: the forms of `joins.json`, filled with phrases about the parts.

A form names its parts by how the verb stands: `{third_a}` ("walks"), `{base_a}` ("walk"), `{gerund_a}`
("walking"); `{S}` is the subject and `{their}` its possessive. Forms under "unseen" are kept out of training.
"""

import functools
import json
import random
import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from training.open_data.captions.grammar import MAN, WOMAN, Speaker, expand
from training.open_data.composition.sources import Language

_FOLDER = Path(__file__).parent
MAX_WORDS = 34
_PRONOUN = re.compile(r"\b(?:their|them|they)\b")
_TRIES = 4  # for each form
_ANYBODY = Speaker("", "their", "them", "they")  # of forms without a subject

Choices = Mapping[str, Sequence[str]]  # third-person phrases by the name of the part


@functools.cache
def table(name: str) -> dict[str, Any]:
    """A data file of this folder."""
    read: dict[str, Any] = json.loads((_FOLDER / f"{name}.json").read_text(encoding="utf-8"))
    return read


def joined_captions(
    kind: str, parts: Choices, woman: bool, language: Language, rng: random.Random, count: int = 4
) -> list[str]:
    """Different sentences that join phrases, each with another form; fewer where the phrases are few.

    Args:
        kind: a key of `joins.json`.
        parts: phrases for each part that the forms name.
        woman: whether the performer is a woman.
        language: inflects the verbs.
        rng: the source of every choice.
        count: how many sentences.
    """
    forms = table("joins")[kind]["seen"]
    said: list[str] = []
    if not all(parts.values()):
        return said
    for form in rng.sample(forms, len(forms)):
        if len(said) == count:
            break
        sentence = _fill(form, parts, woman, language, rng)
        if sentence and sentence not in said:
            said.append(sentence)
    return said


def _fill(form: str, parts: Choices, woman: bool, language: Language, rng: random.Random) -> str:
    """One sentence, or none where every try is too long."""
    inflect: dict[str, Callable[[str], str]] = {
        "third": str,
        "base": language.base,
        "gerund": language.gerund,
    }
    for _ in range(_TRIES):
        speaker = rng.choice(WOMAN if woman else MAN) if "{S}" in form else _ANYBODY
        slots: dict[str, Sequence[str]] = dict(speaker.slots)
        for name, phrases in parts.items():
            phrase = _spoken_of(speaker, expand(rng.choice(phrases), slots, rng) or "")
            slots |= {f"{tense}_{name}": (change(phrase),) for tense, change in inflect.items()}
        sentence = expand(_agreeing(form) if speaker.they == "they" else form, slots, rng)
        if sentence and len(sentence.split()) <= MAX_WORDS:
            return sentence
    return ""


def _spoken_of(speaker: Speaker, phrase: str) -> str:
    """A phrase about anybody, about the speaker: "raises their hand" becomes "raises his hand"."""
    pronouns = {"their": speaker.their, "them": speaker.them, "they": speaker.they}
    return _PRONOUN.sub(lambda match: pronouns[match[0]], phrase)


def _agreeing(form: str) -> str:
    """The form for the pronoun "they", which takes the verb as "we" does."""
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
        phrases: about the straight motion; what they say of manner and speed is kept.
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
    said: list[str] = []
    for way in rng.sample(data[name]["seen"], min(count, len(data[name]["seen"]))):
        for slot, text in (("side", side), ("other", other), ("sense", sense)):
            way = way.replace(f"{{{slot}}}", text)
        going = [f"{gait} {way}" for gait in gaits]
        said.append(_fill(rng.choice(data["frames"]), {"gait": going}, woman, language, rng))
    return list(dict.fromkeys(filter(None, said)))


def count_captions(
    kind: str, number: int, hand: str, woman: bool, rng: random.Random, count: int = 4
) -> list[str]:
    """Sentences that say how often something is done.

    Args:
        kind: a key of `counts.json`.
        number: how often, at least 1.
        hand: "left hand", "right hand" or "hand": which one waves.
        woman: whether the performer is a woman.
        rng: the source of every choice.
        count: how many sentences.
    """
    data = table("counts")
    entry = data[kind]
    slots = {unit: (words[number > 1],) for unit, words in entry["units"].items()}
    slots |= {"n": (data["numbers"][number - 1],), "times": (data["times"][number - 1],), "hand": (hand,)}
    forms = [form for form in entry["seen"] if number > 1 or "in a row" not in form]
    said = []
    for form in rng.sample(forms, min(count, len(forms))):
        said.append(expand(form, {**slots, **rng.choice(WOMAN if woman else MAN).slots}, rng))
    return [text for text in said if text]
