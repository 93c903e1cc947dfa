import dataclasses
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from synthetic_clips import jump, kick, mirror, raise_hand, squat, standing, step_feet, travel

from ram_sdk.mirrored_text import mirror_text
from training.open_data.attributes import measure
from training.open_data.captions import (
    captions_for,
    check_caption,
    text_line,
    verb_phrases,
    wordings,
)
from training.open_data.clip import ClipInfo

pytestmark = pytest.mark.slow

_WALK = step_feet(travel(4, forward=1.2), 8)
_LEFT_TURN = step_feet(travel(5, forward=1.1, turn=90), 10)
_LEFT_WAVE = raise_hand(standing(4), 0, waves=4)


def clip_info(*actions: str, clip_id: str = "100001", manner: str = "", **fields: object) -> ClipInfo:
    clip = ClipInfo(clip_id, "cmu", "07_01", "", 0.0, 4.0, "", "", "", "", actions, manner)
    return dataclasses.replace(clip, **fields)


def test_captions_of_a_walk() -> None:
    captions = captions_for(clip_info("walk", manner="sad"), _WALK)
    assert 8 <= len(captions) <= 28
    assert len(set(captions)) == len(captions)
    assert len(captions[0].split()) <= 12
    assert all(
        caption == caption.lower() and "  " not in caption and "{" not in caption for caption in captions
    )
    many = " ".join(
        t for n in range(10) for t in captions_for(clip_info("walk", manner="sad", clip_id=str(n)), _WALK)
    )
    assert any(word in many for word in ("sad", "heart", "gloom", "spirits", "droop", "deject"))


def test_captions_are_the_same_in_every_process() -> None:
    code = (
        "import sys; sys.path[:0] = ['tests', 'tests/open_data/captions', '.']\n"
        "from test_build import *; from test_build import _WALK\n"
        "print(*captions_for(clip_info('walk', manner='happy'), _WALK), sep='|')"
    )
    run = subprocess.run(
        [sys.executable, "-c", code],
        cwd=Path(__file__).parents[3],
        capture_output=True,
        text=True,
        check=True,
    )
    assert run.stdout.strip().split("|") == captions_for(clip_info("walk", manner="happy"), _WALK)


def test_clips_of_one_action_are_described_differently() -> None:
    captions = {text for n in range(40) for text in captions_for(clip_info("walk", clip_id=str(n)), _WALK)}
    assert len(captions) > 250


@pytest.mark.parametrize("action", ["walk", "wave", "jump", "sit_down", "punch"])
def test_all_kinds_are_used_alike(action: str) -> None:
    joints = {"walk": _WALK, "wave": _LEFT_WAVE}.get(action, jump(standing(3), 1))
    captions = [t for n in range(30) for t in captions_for(clip_info(action, clip_id=str(n)), joints)]
    commands = {re.split(r"[ !]", t.removeprefix("("))[0] for t in wordings.seen(action)["command"]}
    share = sum(text.split()[0].rstrip("!") in commands for text in captions) / len(captions)
    assert 0.08 < share < 0.45


def test_nothing_unseen_is_used() -> None:
    for action in ("walk", "wave", "jump", "clap"):
        joints = _WALK if action == "walk" else _LEFT_WAVE
        for n in range(15):
            assert not any(map(wordings.is_unseen, captions_for(clip_info(action, clip_id=str(n)), joints)))


@pytest.mark.parametrize(
    ("action", "joints", "wrong"),
    [
        ("walk_turn", mirror(_LEFT_TURN), "left"),
        ("walk_turn", _LEFT_TURN, "right"),
        ("wave", _LEFT_WAVE, "right (hand|arm)"),
        ("raise_hand", mirror(_LEFT_WAVE), "left (hand|arm)"),
        ("kick", kick(standing(3), 0), "right (foot|leg)"),
        ("jump", jump(standing(4), 2), "three|once|one time"),
    ],
)
def test_slots_say_what_is_measured(action: str, joints: np.ndarray, wrong: str) -> None:
    captions = [t for n in range(10) for t in captions_for(clip_info(action, clip_id=str(n)), joints)]
    assert not [caption for caption in captions if re.search(rf"\b({wrong})\b", caption)]


def test_what_is_measured_beats_the_label() -> None:
    for action in ("jump", "walk_back"):
        joints = standing(4) if action == "jump" else _WALK
        for caption in captions_for(clip_info(action), joints):
            assert check_caption(caption, measure(joints)) == []


def test_several_actions_are_told_in_their_order() -> None:
    joints = np.concatenate([_WALK, squat(np.repeat(_WALK[-1:], 60, axis=0), 0.4)])
    captions = captions_for(clip_info("walk", "squat"), joints)
    assert len(captions) >= 8
    told = [caption for caption in captions if re.search(r"\bsquat", caption)]
    assert told
    assert not [caption for caption in told if re.search(r"squat.*\b(walk|stroll|strid|step)", caption)]


def test_a_clip_without_actions_is_told_by_what_is_measured() -> None:
    captions = captions_for(clip_info(), _WALK)
    assert len(captions) >= 4
    assert any("walk" in caption for caption in captions)


def test_unknown_actions_and_manners_are_refused() -> None:
    with pytest.raises(ValueError, match="'fly_to"):
        captions_for(clip_info("fly_to_the_moon"), _WALK)
    with pytest.raises(ValueError, match="choose one of"):
        captions_for(clip_info("walk", manner="purple"), _WALK)


def test_people_s_sentences_come_first_and_are_checked() -> None:
    written = ["a person strolls along", "a person walks backward", "make the character walk"]
    captions = captions_for(clip_info("walk"), _WALK, written)
    assert captions[1] == "a person strolls along"
    assert not {"a person walks backward", "make the character walk"} & set(captions)


def test_women_are_no_men() -> None:
    captions = [
        t for n in range(20) for t in captions_for(clip_info("walk", clip_id=str(n), woman=True), _WALK)
    ]
    assert any(re.search(r"\b(woman|lady|girl)\b", caption) for caption in captions)
    assert not any(re.search(r"^(a|the) (man|guy) ", caption) for caption in captions if "walks" in caption)


def test_verb_phrases_begin_with_a_verb_and_say_the_side() -> None:
    phrases = verb_phrases(clip_info("wave"), _LEFT_WAVE)
    assert len(phrases) >= 10
    assert len(set(phrases)) == len(phrases)
    assert all(re.match(r"[a-z-]+s |[a-z-]+s$", phrase) for phrase in phrases)
    assert any("left" in phrase for phrase in phrases)
    assert phrases == verb_phrases(clip_info("wave"), _LEFT_WAVE)
    assert verb_phrases(clip_info(), _LEFT_WAVE) == []


@pytest.mark.parametrize("joints", [_LEFT_TURN, _LEFT_WAVE, kick(standing(3), 1), travel(3, left=0.5)])
def test_captions_of_a_clip_fit_its_mirror_image_when_mirrored(joints: np.ndarray) -> None:
    captions = captions_for(clip_info("walk_turn"), joints)
    attributes = measure(mirror(joints))
    assert all(not check_caption(mirror_text(caption), attributes) for caption in captions)


def test_most_words_of_the_captions_have_a_tag() -> None:
    captions = [text for n in range(30) for text in captions_for(clip_info("walk", clip_id=str(n)), _WALK)]
    tokens = " ".join(text_line(caption).split("#")[1] for caption in captions).split()
    assert sum(token.endswith("/OTHER") for token in tokens) < 0.12 * len(tokens)
