"""Sentence templates: `(a|b)` is a random choice, `{slot}` is filled; the result is plain text."""

import random
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

_CHOICE = re.compile(r"\(([^()]*)\)")
_SLOT = re.compile(r"\{(\w+)\}")


@dataclass(frozen=True)
class Subject:
    """A subject and its pronouns."""

    noun: str
    their: str
    them: str
    they: str

    @property
    def slots(self) -> dict[str, Sequence[str]]:
        """The slots that a subject fills."""
        return {"S": (self.noun,), "their": (self.their,), "them": (self.them,), "they": (self.they,)}


def _subjects(pronouns: tuple[str, str, str], nouns: str) -> tuple[Subject, ...]:
    return tuple(Subject(noun, *pronouns) for noun in nouns.split(", "))


_THEY, _HE, _SHE = ("their", "them", "they"), ("his", "him", "he"), ("her", "her", "she")
# Common nouns are listed several times.
_NEUTRAL = _subjects(
    _THEY,
    "a person, a person, a person, a person, someone, somebody, the person, a figure, a human, "
    "an individual, the figure, the character, a character, the player",
)
MAN = (*_NEUTRAL, *_subjects(_HE, "a man, a man, the man, a guy, a person"))
WOMAN = (*_NEUTRAL, *_subjects(_SHE, "a woman, a woman, the woman, a lady, a girl"))


def expand(template: str, slots: Mapping[str, Sequence[str]], rng: random.Random) -> str | None:
    """One random sentence from a template.

    Args:
        template: text with `(a|b|)` choices, which may be nested, and `{slot}` names.
        slots: phrases for each slot, which are templates too; an empty sequence means that the slot does not
            apply to the clip.
        rng: the source of every choice.

    Returns:
        The sentence in lower case, or None if one of its slots is empty.
    """
    text = template
    while True:
        text, choices = _CHOICE.subn(lambda match: rng.choice(match[1].split("|")), text)
        slot = _SLOT.search(text)
        if slot is None and choices == 0:
            break
        if slot is not None:
            phrases = slots.get(slot[1], ())
            if not phrases:
                return None
            text = text[: slot.start()] + rng.choice(phrases) + text[slot.end() :]
    text = re.sub(r"\s+", " ", text).replace(" ,", ",").strip(" ,")
    return re.sub(r"\ba ([aeiou])", r"an \1", text)


def attempts(
    template: str,
    slots: Mapping[str, Sequence[str]],
    subjects: Sequence[Subject],
    rng: random.Random,
    tries: int,
) -> Iterator[str]:
    """Random sentences from a template, each with a newly sampled subject."""
    for _ in range(tries):
        sentence = expand(template, {**slots, **rng.choice(subjects).slots}, rng)
        if sentence is not None:
            yield sentence
