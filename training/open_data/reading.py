"""Sentences with the actions that they ask for, to train a prompt reader on.

They are the data set's captions, the wordings of every action with any words in their slots, and pairs of
wordings joined. Wordings and joins that are held out from training make the sentences that it is tested on.
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass

from ram_sdk.models.reader import Relation
from training.data.folder import MotionTextFolder, read_listing
from training.open_data.captions.grammar import MAN, WOMAN, Subject, expand
from training.open_data.captions.inflect import base_form, gerund
from training.open_data.captions.measured import PACE
from training.open_data.captions.wordings import actions, families, is_unseen, read_table, seen, unseen
from training.open_data.composition.wording import fill, table

_JOINED: dict[Relation, int] = {"then": 16_000, "while": 14_000}
_JOINED_UNSEEN = 600
_FRAMED = 10  # sentences of each action in a phrasing that fits any
_CAPTIONS = 6  # of a clip
_SAME_ACTION, _SAME_PAIR = 90, 8  # clips' captions of one action, and of the same two
_AND = 0.3  # share of joins by a mere "and" or comma, which people write most
_BESIDE = 0.4  # share of "while" that says with a phrase what the arms do, where there is one
_AND_FORMS = (
    "{S} {third_legs} and {third_arms}",
    "{S} {third_arms} and {third_legs}",
    "{base_legs} and {base_arms}",
    "{base_arms} and {base_legs}",
    "{S} is {gerund_legs} and {gerund_arms}",
    "{gerund_legs} and {gerund_arms}",
    "{S} {third_legs}, {third_arms}",
)
_AND_THEN_FORMS = (
    "{S} {third_a} and {third_b}",
    "{S} {third_a}, {third_b}",
    "{base_a} and {base_b}",
    "{gerund_a} and {gerund_b}",
    "{S} is {gerund_a} and {gerund_b}",
)
_GOERS = ("walk", "run", "sprint", "crawl", "sneak", "skip")  # actions that people do to get to a chair
_GOING = 0.35  # share of "then" in which one of the two goes somewhere, as in most that people write
_SLOTS = {
    "side": ("left", "right"),
    "hand": ("the left hand", "the right hand", "{their} left hand", "both hands", "one hand"),
    "foot": ("the left foot", "the right foot", "{their} left foot", "{their} right foot"),
    "times": ("once", "twice", "two times", "three times", "four times"),
    "count": ("one", "two", "three", "four"),
    "steps": ("two steps", "three steps", "four steps", "five steps"),
    "height": ("high", "above the head", "to shoulder height"),
    "how": ("happily", "angrily", "tiredly", "carefully", "proudly"),
    "turn": ("90 degrees", "180 degrees"),
    "path": ("in a straight line", "forward", "in a curve"),
    "goal": (
        "to the chair", "to the table", "over to the door", "up to the window", "to the other side", "away",
        "across the room", "towards the camera", "to somebody", "into the room", "a few steps", "home",
    ),
    "way": ("forward", "backward"),
    "object": ("a box", "a ball", "a cup"),
    "pace": tuple(words for tempo in PACE.values() for words in tempo),
}  # fmt: skip
_TWO: dict[Relation, tuple[str, str]] = {"then": ("a", "b"), "while": ("legs", "arms")}  # slots in a join


@dataclass(frozen=True)
class Labelled:
    """A sentence, and the actions that it asks for."""

    text: str
    relation: Relation
    actions: tuple[str, ...]


def training_sentences(data: MotionTextFolder, seed: int = 0) -> list[Labelled]:
    """Sentences to train a reader on; the same for the same seed."""
    rng = random.Random(seed)
    found = [*_worded(rng, held_out=False), *_captioned(data, rng)]
    for relation, number in _JOINED.items():
        found += _joined(rng, relation, number, held_out=False)
    return [one for one in dict.fromkeys(found) if not is_unseen(one.text)]


def unseen_sentences(seed: int = 0) -> list[Labelled]:
    """Sentences of wordings and joins that are held out from training; the same for the same seed."""
    rng = random.Random(seed)
    found = list(_worded(rng, held_out=True))
    for relation in _JOINED:
        found += _joined(rng, relation, _JOINED_UNSEEN, held_out=True)
    return list(dict.fromkeys(found))


def arms_actions() -> list[str]:
    """The actions that arms can do while the legs do another."""
    return [name for name in table("roles")["arms"] if name in actions()]


def _worded(rng: random.Random, held_out: bool) -> Iterator[Labelled]:
    """Every wording, those with choices twice, and some in phrasings that fit any action."""
    for action in actions():
        templates = [t for own in (unseen if held_out else seen)(action).values() for t in own]
        for template in templates:
            for _ in range(1 + ("(" in template or template.count("{") > template.count("{S}"))):
                if text := _filled(template, rng.choice(MAN + WOMAN), rng):
                    yield Labelled(text, "one", (action,))
        verbs = _verb_phrases(action, held_out)
        for form in rng.choices(families("unseen" if held_out else "seen"), k=_FRAMED if verbs else 0):
            subject = rng.choice(MAN + WOMAN)
            if phrase := _filled(rng.choice(verbs), subject, rng):
                slots = {"base": (base_form(phrase),), "gerund": (gerund(phrase),), "third": (phrase,)}
                if text := expand(form, {**slots, **subject.slots}, rng):
                    yield Labelled(text, "one", (action,))


def _joined(rng: random.Random, relation: Relation, number: int, held_out: bool) -> Iterator[Labelled]:
    """Pairs of actions: any for "then", one of the legs and one of the arms for "while"."""
    legs, arms = [name for name in table("roles")["legs"] if name in actions()], arms_actions()
    first, second = (legs, arms) if relation == "while" else (list(actions()), list(actions()))
    forms = table("joins")["while" if relation == "while" else "then2"]["unseen" if held_out else "seen"]
    going = [name for name in read_table("measures")["speed"]["travel"] if name in actions()]
    for _ in range(number):
        pair = rng.choice(first), rng.choice(second)
        if relation == "then" and not held_out and rng.random() < _GOING:
            pair = (rng.choice(going), pair[1]) if rng.random() < 0.7 else (pair[0], rng.choice(going))
        verbs = [_verb_phrases(action, held_out) for action in pair]
        if not all(verbs):
            continue
        plain = _AND_FORMS if relation == "while" else _AND_THEN_FORMS
        form = rng.choice(plain if not held_out and rng.random() < _AND else forms)
        together = " and {" in form or form in _AND_THEN_FORMS
        if relation == "then" and together and pair[0] in legs and pair[1] in arms:
            continue  # a mere "and" of legs and arms means both at once
        neutral = Subject("", "their", "them", "they")
        phrases = [[_filled(rng.choice(own), neutral, rng) or ""] for own in verbs]
        beside = table("meanwhile")
        if relation == "while" and not held_out and pair[1] in beside["phrases"] and rng.random() < _BESIDE:
            form = rng.choice(beside["forms"]).replace("{with}", rng.choice(beside["phrases"][pair[1]]))
        parts = dict(zip(_TWO[relation], phrases, strict=True))
        if text := fill(form, parts, rng.random() < 0.3, base_form, gerund, rng):
            yield Labelled(text, relation, pair)


def _captioned(data: MotionTextFolder, rng: random.Random) -> Iterator[Labelled]:
    """Captions of the training split's clips of one action, or of two that were composed."""
    listing = read_listing(data.root)
    taken: dict[tuple[str, ...], int] = {}
    relations: dict[str, Relation] = {"then": "then", "while": "while"}
    for clip in rng.sample(data.ids("train"), len(data.ids("train"))):
        asked = tuple(listing[clip]["actions"])
        composed = listing[clip].get("composed", "")
        if not asked or len(asked) > 2 or (len(asked) == 2 and composed not in relations):
            continue
        texts = [caption.text for caption in data.captions(clip)]
        for text in rng.sample(texts, min(_CAPTIONS, len(texts))):
            if taken.get(asked, 0) < (_SAME_ACTION if len(asked) == 1 else _SAME_PAIR):
                taken[asked] = taken.get(asked, 0) + 1
                yield Labelled(text, "one" if len(asked) == 1 else relations[composed], asked)


def _verb_phrases(action: str, held_out: bool) -> list[str]:
    """Templates of what is said about the action after its subject."""
    plain = (unseen if held_out else seen)(action)["plain"]
    verbs = [template.removeprefix("{S} ") for template in plain if template.startswith("{S} ")]
    if action in _GOERS and not held_out:
        verbs += [f"{min(verbs, key=len)} {{goal}}"] * (len(verbs) // 3)
    return verbs


def _filled(template: str, subject: Subject, rng: random.Random) -> str | None:
    return expand(template, {**_SLOTS, **subject.slots}, rng)
