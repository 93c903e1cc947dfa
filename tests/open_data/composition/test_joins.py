"""The forms that join phrases: enough of them, a fifth kept out of training, and good grammar."""

import random
import re

import pytest
from composition_parts import LANGUAGE

from training.open_data.composition.wording import count_captions, joined_captions, path_captions, table

NAMED = {"then2": "ab", "then3": "abc", "while": ("legs", "arms")}
PHRASES = ("walks forward", "raises their left hand", "sits down and stands up")


@pytest.mark.parametrize("kind", NAMED)
def test_joins_have_enough_forms_and_a_fifth_is_unseen(kind):
    forms = table("joins")[kind]
    assert len(forms["seen"]) >= 25
    assert 0.18 <= len(forms["unseen"]) / (len(forms["seen"]) + len(forms["unseen"])) <= 0.3
    assert not set(forms["seen"]) & set(forms["unseen"])


@pytest.mark.parametrize("kind", NAMED)
def test_every_form_names_every_part(kind):
    for form in (*table("joins")[kind]["seen"], *table("joins")[kind]["unseen"]):
        for name in NAMED[kind]:
            assert re.search(rf"\{{(?:third|base|gerund)_{name}\}}", form), form


def test_no_unseen_form_is_written():
    unseen = [re.sub(r"\{\w+\}", ".+", form) for form in table("joins")["then2"]["unseen"]]
    parts = {"a": PHRASES[:1], "b": PHRASES[1:2]}
    for seed in range(30):
        for text in joined_captions("then2", parts, False, LANGUAGE, random.Random(seed), count=30):
            assert not any(re.fullmatch(pattern, text) for pattern in unseen), text


def test_verbs_agree_and_pronouns_are_the_speakers():
    parts = {"a": PHRASES[:1], "b": PHRASES[1:2]}
    texts = {
        text
        for seed in range(60)
        for woman in (False, True)
        for text in joined_captions("then2", parts, woman, LANGUAGE, random.Random(seed), count=30)
    }
    assert not [text for text in texts if re.search(r"\bthey (?:raises|walks|is)\b|[{}|]", text)]
    assert not [text for text in texts if re.search(r"\bthe man .*\btheir\b", text)]
    assert any("raise her left hand" in text or "raises her left hand" in text for text in texts)


def test_no_sentence_where_a_part_has_no_phrase():
    assert joined_captions("while", {"legs": PHRASES, "arms": ()}, False, LANGUAGE, random.Random(0)) == []


def test_paths_name_their_side_and_counts_their_number():
    for seed in range(20):
        rng = random.Random(seed)
        ways = path_captions("turn_90", "walk", "left", ["walks straight ahead slowly"], False, LANGUAGE, rng)
        assert ways
        assert all("left" in text and "straight ahead" not in text for text in ways)
        counted = count_captions("jump", 3, "hand", False, rng)
        assert all(re.search(r"\bthree (?:times|jumps)\b", text) for text in counted)
        assert all("row" not in text for text in count_captions("jump", 1, "hand", False, rng))
