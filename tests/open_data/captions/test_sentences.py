import dataclasses
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from synthetic_clips import jump, kick, mirror, raise_hand, standing, step_feet, travel

from training.open_data.attributes import measure
from training.open_data.captions import fitting, read_sentences, wordings
from training.open_data.captions import sentences as module
from training.open_data.captions.sentences import parse_sentence, supports
from training.open_data.clip import ClipInfo

_WALK = step_feet(travel(4, forward=1.2), 8)
_BACK = step_feet(travel(4, forward=-0.7), 8)
_LEFT_TURN = step_feet(travel(5, forward=1.1, turn=90), 10)
_CIRCLE = step_feet(travel(9, forward=1.0, turn=390), 16)
_LEFT_WAVE = raise_hand(standing(4), 0, waves=4)


def clip_info(*actions: str, clip_id: str = "1", manner: str = "") -> ClipInfo:
    return ClipInfo(clip_id, "cmu", "07_01", "", 0.0, 4.0, "", "", "", "", actions, manner)


@pytest.mark.parametrize(
    ("text", "actions", "joints", "fits"),
    [
        ("a person walks forward", ("walk",), _WALK, True),
        ("a person walks backwards", ("walk",), _WALK, False),
        ("a person walks backwards", ("walk_back",), _BACK, True),
        ("a person walks forward", ("walk_back",), _BACK, False),
        ("a person runs forward", ("walk",), _WALK, False),
        ("a person walks", ("run",), _WALK, False),
        ("a person takes eight steps forward", ("walk",), _WALK, True),
        ("a person takes four steps forward", ("walk",), _WALK, False),
        ("a person walks forward and then stops", ("walk",), _WALK, False),
        ("a person walks and turns left", ("walk_turn",), _LEFT_TURN, True),
        ("a person walks and turns right", ("walk_turn",), _LEFT_TURN, False),
        ("a person walks and turns right", ("walk_turn",), mirror(_LEFT_TURN), True),
        ("a person walks forward", ("walk_turn",), _LEFT_TURN, False),
        ("a man walks in a counterclockwise circle", ("walk_circle",), _CIRCLE, True),
        ("a man walks in a clockwise circle", ("walk_circle",), _CIRCLE, False),
        ("a man walks in a circle", ("walk",), _WALK, False),
        ("the person waves with his left hand", ("wave",), _LEFT_WAVE, True),
        ("the person waves with his right hand", ("wave",), _LEFT_WAVE, False),
        ("the person waves", ("wave", "bow"), _LEFT_WAVE, False),
        ("a person raises both arms", ("raise_hand",), _LEFT_WAVE, False),
        ("a person jumps twice", ("jump",), jump(standing(4), 2), True),
        ("a person jumps three times", ("jump",), jump(standing(4), 2), False),
        ("a person kicks with their right leg", ("kick",), kick(standing(3), 1), True),
        ("a person kicks with their left leg", ("kick",), kick(standing(3), 1), False),
        ("a person kicks with their left hand", ("kick",), kick(standing(3), 0), False),
        ("a woman walks forward", ("walk",), _WALK, False),
    ],
)
def test_every_claim_must_hold(text: str, actions: tuple[str, ...], joints: np.ndarray, fits: bool) -> None:
    sentence = parse_sentence(text)
    assert sentence is not None
    assert supports(sentence, clip_info(*actions), measure(joints)) is fits


@pytest.mark.parametrize(
    "text",
    [
        "a person walks forward holding an umbrella",
        "a person frobnicates",
        "a person walks after he jumped",
        "a person",
        "a person walks with a limp",
    ],
)
def test_what_is_not_understood_is_not_used(text: str) -> None:
    assert parse_sentence(text) is None


def test_a_manner_must_be_the_clip_s() -> None:
    sentence = parse_sentence("a person walks angrily")
    assert sentence is not None
    assert supports(sentence, clip_info("walk", manner="angry"), measure(_WALK))
    assert not supports(sentence, clip_info("walk", manner="happy"), measure(_WALK))
    assert not supports(sentence, clip_info("walk"), measure(_WALK))


def test_actions_are_told_in_their_order() -> None:
    sentence = parse_sentence("a person jumps and then waves")
    joints = np.concatenate([jump(standing(2), 1), _LEFT_WAVE])
    assert sentence is not None
    assert supports(sentence, clip_info("jump", "wave"), measure(joints))
    assert not supports(sentence, clip_info("wave", "jump"), measure(joints))


def test_sentences_are_read_once_without_those_of_our_trials(tmp_path: Path) -> None:
    (tmp_path / "humanml3d_sentences.txt").write_text(
        "A person walks forward.\na person walks forward\na man walks\nhe walks\na person can do magic\n"
    )
    (tmp_path / "accad_on_our_bvh.csv").write_text(
        "bvh,start_s,end_s,bvh_seconds,caption\nMale1_A1.bvh,0.0,3.0,3.0,a man walks\n"
    )
    assert [s.text for s in read_sentences(tmp_path)] == ["a person walks forward", "he walks"]
    assert read_sentences(tmp_path / "nowhere") == ()


def test_no_clip_and_no_sentence_is_used_too_often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "clips_of", lambda action: 400)
    texts = [f"{s} {v}" for s in ("a person", "someone", "he", "the figure") for v in ("walks", "is walking")]
    pool = [sentence for sentence in map(parse_sentence, texts) if sentence]
    a, uses = measure(_WALK), Counter[str]()
    for n in range(400):
        clip = dataclasses.replace(clip_info("walk"), clip_id=str(n))
        found = fitting(pool, clip, a)
        assert len(found) <= 4
        assert found == fitting(pool, clip, a)
        uses.update(found)
    assert max(uses.values()) < 30


def test_claims_name_known_actions_and_manners() -> None:
    table = module._table()
    named = {action for group in table["groups"].values() for action in group} | set(table["demands"])
    for _, claims in table["patterns"]:
        for kind, _, value in (claim.partition(":") for claim in claims.split()):
            if kind == "action":
                named |= set(value.split(",")) - set(table["groups"])
            if kind == "manner":
                assert set(value.split(",")) <= set(wordings.read_table("manners"))
    assert named <= set(wordings.actions())
