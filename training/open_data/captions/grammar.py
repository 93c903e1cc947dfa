"""Sentence templates: `(a|b)` chooses, `{slot}` is filled, and what comes out is plain text."""

import random
import re
from collections.abc import Iterator, Mapping, Sequence

_CHOICE = re.compile(r"\(([^()]*)\)")
_SLOT = re.compile(r"\{(\w+)\}")

# A speaker is a subject and the possessive that goes with it; what is common is listed twice.
Speaker = tuple[str, str]
_NEUTRAL: tuple[Speaker, ...] = (
    ("a person", "their"), ("a person", "their"), ("a person", "his"), ("someone", "their"),
    ("the person", "their"), ("a figure", "its"), ("the figure", "its"), ("a human", "their"),
    ("an individual", "their"),
)  # fmt: skip
MAN: tuple[Speaker, ...] = (*_NEUTRAL, ("a man", "his"), ("the man", "his"), ("a guy", "his"))
WOMAN: tuple[Speaker, ...] = (*_NEUTRAL[:1], *_NEUTRAL[3:6], ("a woman", "her"), ("the woman", "her"))


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
    text = re.sub(r"\b(\w+) \1\b", r"\1", text)
    return re.sub(r"\ba ([aeiou])", r"an \1", text)


def sentences(
    templates: Sequence[str],
    slots: Mapping[str, Sequence[str]],
    speakers: Sequence[Speaker],
    rng: random.Random,
    tries: int = 8,
) -> Iterator[Iterator[str]]:
    """For each template, in random order, the sentences that it can give.

    Besides the given slots, `{S}` is the subject and `{their}` its possessive.
    """
    for template in rng.sample(list(templates), len(templates)):
        yield _attempts(template, slots, speakers, rng, tries)


def _attempts(
    template: str,
    slots: Mapping[str, Sequence[str]],
    speakers: Sequence[Speaker],
    rng: random.Random,
    tries: int,
) -> Iterator[str]:
    for _ in range(tries):
        subject, possessive = rng.choice(speakers)
        sentence = expand(template, {**slots, "S": (subject,), "their": (possessive,)}, rng)
        if sentence is not None:
            yield sentence
