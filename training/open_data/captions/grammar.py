"""Sentence templates: `(a|b)` chooses, `{slot}` is filled, and what comes out is plain text."""

import random
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

_CHOICE = re.compile(r"\(([^()]*)\)")
_SLOT = re.compile(r"\{(\w+)\}")


@dataclass(frozen=True)
class Speaker:
    """A subject and its pronouns."""

    subject: str
    their: str
    them: str
    they: str

    @property
    def slots(self) -> dict[str, Sequence[str]]:
        """The slots that a subject fills."""
        return {"S": (self.subject,), "their": (self.their,), "them": (self.them,), "they": (self.they,)}


def _speakers(pronouns: tuple[str, str, str], subjects: str) -> tuple[Speaker, ...]:
    return tuple(Speaker(subject, *pronouns) for subject in subjects.split(", "))


_THEY, _HE, _SHE = ("their", "them", "they"), ("his", "him", "he"), ("her", "her", "she")
# What is common is listed more often.
_NEUTRAL = _speakers(
    _THEY,
    "a person, a person, a person, a person, someone, somebody, the person, a figure, a human, "
    "an individual, the figure, the character, a character, the player",
)
MAN = (*_NEUTRAL, *_speakers(_HE, "a man, a man, the man, a guy, a person"))
WOMAN = (*_NEUTRAL, *_speakers(_SHE, "a woman, a woman, the woman, a lady, a girl"))


def expand(template: str, slots: Mapping[str, Sequence[str]], rng: random.Random) -> str | None:
    """One sentence from a template.

    Args:
        template: text with `(a|b|)` choices, which may be nested, and `{slot}` names.
        slots: phrases for each slot, themselves templates; an empty sequence means that the clip does
            not show it.
        rng: the source of every choice.

    Returns:
        The sentence in lower case, or None where a slot has nothing to say.
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
    speakers: Sequence[Speaker],
    rng: random.Random,
    tries: int,
) -> Iterator[str]:
    """Sentences that a template can give, each with a newly drawn subject."""
    for _ in range(tries):
        sentence = expand(template, {**slots, **rng.choice(speakers).slots}, rng)
        if sentence is not None:
            yield sentence
