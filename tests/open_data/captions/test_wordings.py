import random
import re

import pytest

from training.open_data.captions import wordings
from training.open_data.captions.grammar import MAN, expand

_SLOTS = {
    "S", "their", "them", "they", "side", "way", "pace", "turn", "hand", "foot", "times", "count", "steps",
    "how", "height", "path", "object",
}  # fmt: skip


@pytest.mark.parametrize("action", wordings.actions())
def test_an_action_has_wordings_of_every_kind(action: str) -> None:
    seen, unseen = wordings.seen(action), wordings.unseen(action)
    assert wordings.about(action)
    assert all(len(seen[kind]) >= 3 for kind in wordings.KINDS)
    assert sum(map(len, seen.values())) + sum(map(len, unseen.values())) >= 35
    for template in (t for kind in (*seen.values(), *unseen.values()) for t in kind):
        assert set(re.findall(r"\{(\w+)\}", template)) <= _SLOTS, template
        assert template == template.lower().replace("{s}", "{S}"), template


@pytest.mark.parametrize("action", wordings.actions())
def test_unseen_wordings_are_not_seen_ones(action: str) -> None:
    seen = {t for kind in wordings.seen(action).values() for t in kind}
    assert not seen & {t for kind in wordings.unseen(action).values() for t in kind}


def test_unseen_wordings_are_recognised_when_filled() -> None:
    filled = {slot: ("left",) for slot in _SLOTS - {"S"}}
    rng = random.Random(0)
    for action in ("walk", "wave", "jump", "clap", "sit_down"):
        for template in (t for kind in wordings.unseen(action).values() for t in kind):
            sentence = expand(template, {**filled, "S": (MAN[0].noun,)}, rng)
            assert sentence is not None
            assert wordings.is_unseen(sentence), sentence
    assert not wordings.is_unseen("a person walks forward")


@pytest.mark.parametrize(
    ("text", "held_back"),
    [
        ("make the character wave", True),
        ("can you show someone waving", True),
        ("i want to see a man dance", True),
        ("there is a person waving", False),
        ("animation of a man dancing", False),
        ("a person makes a turn", False),
    ],
)
def test_unseen_families(text: str, held_back: bool) -> None:
    assert wordings.in_unseen_family(text) is held_back


def test_seen_families_are_not_unseen_ones() -> None:
    assert not any(map(wordings.in_unseen_family, wordings.families("seen")))
    forms = [
        form.format(S="a person", base="wave", gerund="waving", third="waves")
        for form in wordings.families("unseen")
    ]
    assert all(map(wordings.in_unseen_family, forms))


def test_manners_have_a_dozen_phrasings() -> None:
    for manner in wordings.read_table("manners"):
        phrases = wordings.manner_phrases(manner)
        assert len({*phrases["how"], *phrases["gait"]}) >= 12, manner


def test_measures_are_of_known_actions() -> None:
    for name, table in wordings.read_table("measures").items():
        if name != "about":
            groups = table.values() if isinstance(table, dict) else [table]
            assert {action for group in groups for action in group} <= set(wordings.actions())
