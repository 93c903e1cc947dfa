"""Forms of a verb phrase: 'walks forward' as 'walk forward' and 'walking forward'."""

import functools
import itertools
import re
from collections.abc import Callable

from training.open_data.captions.wordings import actions, seen, unseen

_BASES = {"is": "be", "has": "have", "does": "do", "lies": "lie", "ties": "tie", "tiptoes": "tiptoe"}
_GERUNDS = {"be": "being", "lie": "lying", "tie": "tying", "tiptoe": "tiptoeing"}
_DOUBLE_L = {"signal", "travel", "level", "control", "swivel"}
# Verbs that double their last consonant, after a short stressed vowel: 'jog', 'begin', but not 'cartwheel'.
_DOUBLES = re.compile(
    r"(?:\b|-)[^aeiou]*(?:qu)?[aeiou][bdgklmnprt]$|(?:step|flip|cut|spin)$|(?:begin|forget|zigzag|pedal)$"
)
_HELPERS = ("is", "are")


def base_form(phrase: str) -> str:
    """The phrase as an imperative: 'waves with the left hand' becomes 'wave with the left hand'.

    Args:
        phrase: a verb phrase in the third person without a subject, 'walks forward' or 'is walking forward'.
    """
    return _inflected(phrase, lambda base: base)


def gerund(phrase: str) -> str:
    """The phrase as a gerund: 'waves with the left hand' becomes 'waving with the left hand'.

    Args:
        phrase: a verb phrase in the third person without a subject, 'walks forward' or 'is walking forward'.
    """
    return _inflected(phrase, _ing)


def _inflected(phrase: str, form: Callable[[str], str]) -> str:
    words = phrase.split(" ")
    if words[0] in _HELPERS:
        return _without_helper(words, form)
    place = 0 if words[0].rstrip(",").endswith("s") else 1  # 'salsa dances', 'slowly walks'
    verb, comma = words[place].rstrip(","), words[place].endswith(",")
    words[place] = form(_base(verb)) + ("," if comma else "")
    head, rest = " ".join(words[: place + 1]), words[place + 1 :]
    return " ".join([head, *_second_verbs(rest, verb, form)])


def _without_helper(words: list[str], form: Callable[[str], str]) -> str:
    """'is walking slowly' as 'walk slowly', 'is on the phone' as 'be on the phone'."""
    place = next((n for n, word in enumerate(words[1:3], start=1) if word.rstrip(",").endswith("ing")), None)
    if place is None:
        return " ".join([form("be"), *words[1:]])
    before = [word for word in words[1:place] if word != "just"]
    verb = words[place].rstrip(",")
    inflected = form(_base_of_gerund(verb)) + words[place][len(verb) :]
    return " ".join([*before, inflected, *words[place + 1 :]])


def _second_verbs(words: list[str], first: str, form: Callable[[str], str]) -> list[str]:
    """Inflect verbs after 'then' and 'and' ('raises a hand and waves it'), not nouns ('hands and knees')."""
    previous = first
    for place, (word, verb) in enumerate(itertools.pairwise(words)):
        joins = word == "then" or (word == "and" and (previous == first or not previous.endswith("s")))
        if joins and verb in _third_person_verbs():
            words[place + 1] = form(_base(verb))
        previous = word
    return words


def _base(verb: str) -> str:
    if verb in _BASES:
        return _BASES[verb]
    if not verb.endswith("s"):
        return verb
    if verb.endswith("ies"):
        return verb[:-3] + "y"
    if re.search(r"(?:ss|sh|ch|x|zz|tz|o)es$", verb):
        return verb[:-2]
    return verb[:-1]


def _ing(base: str) -> str:
    if base in _GERUNDS:
        return _GERUNDS[base]
    if base in _DOUBLE_L or (_DOUBLES.search(base) and not base.endswith(("w", "x", "y"))):
        return f"{base}{base[-1]}ing"
    if base.endswith("e") and not base.endswith(("ee", "oe", "ye")):
        return f"{base[:-1]}ing"
    return f"{base}ing"


def _base_of_gerund(word: str) -> str:
    """The base form of a gerund."""
    return _gerunds().get(word, word.removesuffix("ing"))


@functools.cache
def _third_person_verbs() -> frozenset[str]:
    """The first verbs of the plain wordings: 'walks', 'waves'."""
    verbs = set()
    for action in actions():
        for template in (*seen(action)["plain"], *unseen(action).get("plain", ())):
            for text in re.sub(r"^\{S\} ", "", template).strip("(").split("|"):
                word = re.match(r"\w[\w-]*", text)
                if word and word[0].endswith("s") and word[0] != "is":
                    verbs.add(word[0])
    return frozenset(verbs)


@functools.cache
def _gerunds() -> dict[str, str]:
    bases = {_base(verb) for verb in _third_person_verbs()}
    return {"freezing": "freeze"} | {_ing(base): base for base in bases}
