import csv
import dataclasses
import json
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from synthetic_clips import jump, kick, mirror, raise_hand, squat, standing, step_feet, travel

from training.open_data.agreement import measure_agreement
from training.open_data.attributes import measure
from training.open_data.captions import (
    HumanCaption,
    captions_for,
    check_caption,
    covered,
    mirror_text,
    read_human_captions,
    text_line,
)
from training.open_data.captions.measured import measured_slots
from training.open_data.captions.phrases import label_phrases
from training.open_data.clip import ClipInfo

_PHRASES = Path(__file__).parents[1] / "training/open_data/captions/phrases"
_LABELS = Path(__file__).parents[1] / "../shared/data/captions"

_WALK = step_feet(travel(4, forward=1.2), 8)
_LEFT_TURN = step_feet(travel(5, forward=1.1, turn=90), 10)
_RIGHT_TURN = mirror(_LEFT_TURN)
_RISE = np.linspace(0, 0.6, 80)[:, None, None] * np.array([0.0, 1.0, 0.0])
_LEFT_WAVE = raise_hand(standing(4), 0, waves=4)


def clip_info(file: str, source: str = "bandai-namco", label: str = "", clip_id: str = "100001") -> ClipInfo:
    return ClipInfo(clip_id, source, file, "", 0.0, 4.0, "", label, "", "")


def bandai(content: str, style: str = "normal", clip_id: str = "100001") -> ClipInfo:
    return clip_info(f"dataset-2_{content}_{style}_001", clip_id=clip_id)


def test_captions_of_a_walk() -> None:
    captions = captions_for(bandai("walk", "sad"), _WALK)
    assert 4 <= len(captions) <= 8
    assert len(set(captions)) == len(captions)
    assert all(re.search("walk|step|move|stroll|goes", caption) for caption in captions)
    assert len(captions[0].split()) <= 6
    assert all(
        caption == caption.lower() and "  " not in caption and "{" not in caption for caption in captions
    )
    assert any(word in " ".join(captions) for word in ("sad", "heart", "gloom", "spirits", "droop"))


def test_captions_are_the_same_in_every_process() -> None:
    code = (
        "import sys; sys.path[:0] = ['tests', '.']\n"
        "from test_captions import *; from test_captions import _WALK\n"
        "print(*captions_for(bandai('walk', 'happy'), _WALK), sep='|')"
    )
    run = subprocess.run(
        [sys.executable, "-c", code],
        cwd=Path(__file__).parents[1],
        capture_output=True,
        text=True,
        check=True,
    )
    assert run.stdout.strip().split("|") == captions_for(bandai("walk", "happy"), _WALK)


def test_clips_of_one_action_are_described_differently() -> None:
    captions = {text for n in range(40) for text in captions_for(bandai("walk", clip_id=str(n)), _WALK)}
    assert len(captions) > 120


@pytest.mark.parametrize(
    ("content", "joints", "wrong"),
    [
        ("walk-turn-left", _RIGHT_TURN, "left"),
        ("walk-turn-right", _LEFT_TURN, "right"),
        ("wave-right-hand", _LEFT_WAVE, "right"),
        ("raise-up-left-hand", mirror(_LEFT_WAVE), "left"),
        ("raise-up-both-hands", _LEFT_WAVE, "both"),
        ("walk-back", _WALK, "back"),
        ("walk-left", step_feet(travel(4, forward=1.0, left=-0.4), 8), "left"),
    ],
)
def test_what_is_measured_beats_the_label(content: str, joints: np.ndarray, wrong: str) -> None:
    for n in range(10):
        captions = captions_for(bandai(content, clip_id=str(n)), joints)
        assert len(captions) >= 4
        assert not any(wrong in caption for caption in captions), captions


def test_every_content_and_style_has_captions() -> None:
    table = json.loads((_PHRASES / "bandai.json").read_text())
    contents = {*table["contents"], *table["same_content"]} - {"side", "turn", "raise", "wave", "dance"}
    styles = {*table["styles"], *table["same_style"]}
    for content, style in [(content, "giant") for content in contents] + [
        ("walk", style) for style in styles
    ]:
        joints = _LEFT_WAVE if re.search("wave|raise|bye|respond", content) else _WALK
        captions = captions_for(clip_info(f"dataset-1_{content}_{style}_007"), joints)
        assert 4 <= len(captions) <= 8
        assert all(not check_caption(caption, measure(joints)) for caption in captions)


def test_unknown_bandai_names_are_refused() -> None:
    with pytest.raises(ValueError, match="known content and style"):
        captions_for(clip_info("dataset-2_fly_happy_001"), _WALK)


@pytest.mark.parametrize(
    ("clip", "joints", "word"),
    [
        (clip_info("16_05", "cmu", "forward jump"), jump(travel(3, forward=0.5), 1), "jump"),
        (clip_info("16_01", "cmu", "jump"), standing(3), "stand"),
        (clip_info("09_01", "cmu", "run"), step_feet(travel(2, forward=3.0), 6), "run"),
        (clip_info("09_01", "cmu", "run"), _WALK, "walk"),
        (clip_info("Male2_G8_RoundhouseLeft", "accad", "roundhouse left"), kick(standing(3), 0), "kick"),
        (clip_info("HDM_mm_squat1Reps_037_120", "hdm05", "squats"), squat(standing(3), 0.4), "squat"),
        (clip_info("13_19", "cmu-extra"), jump(standing(3), 1), "jump"),
        (clip_info("nothing", "mesh2motion"), standing(3), "stand"),
    ],
)
def test_captions_of_named_trials(clip: ClipInfo, joints: np.ndarray, word: str) -> None:
    captions = captions_for(clip, joints)
    assert len(captions) >= 4
    assert any(word in caption for caption in captions)
    assert all(not check_caption(caption, measure(joints)) for caption in captions)


def test_women_are_no_men() -> None:
    clip = dataclasses.replace(clip_info("Female1_B03_Walk1", "accad", "walk"), performer="Female1")
    for n in range(30):
        for caption in captions_for(dataclasses.replace(clip, clip_id=str(n)), _WALK):
            assert not re.search(r"\b(man|guy|his)\b", caption)


@pytest.mark.parametrize(
    ("caption", "joints", "agrees"),
    [
        ("a person walks forward", _WALK, True),
        ("a person walks backward", _WALK, False),
        ("a person walks straight ahead", _LEFT_TURN, False),
        ("a person walks and turns left", _LEFT_TURN, True),
        ("a person walks and turns to the right", _LEFT_TURN, False),
        ("a person turns around", _LEFT_TURN, False),
        ("someone turns clockwise", _RIGHT_TURN, True),
        ("someone turns counterclockwise", _RIGHT_TURN, False),
        ("the man steps to the left", travel(3, left=0.5), True),
        ("the man steps to the right", travel(3, left=0.5), False),
        ("a person waves with the left hand", _LEFT_WAVE, True),
        ("a person waves the right hand", _LEFT_WAVE, False),
        ("a person raises both hands", _LEFT_WAVE, False),
        ("a person lifts his left arm above his head", _LEFT_WAVE, True),
        ("a person jumps twice", jump(standing(4), 2), True),
        ("a person jumps three times", jump(standing(4), 2), False),
        ("a person jumps", _WALK, False),
        ("a person takes eight steps forward", _WALK, True),
        ("a person takes three steps forward", _WALK, False),
        ("a person kicks with the right foot", kick(standing(3), 1), True),
        ("a person kicks with his left leg", kick(standing(3), 1), False),
        ("a person squats down", squat(standing(3), 0.4), True),
        ("a person lies down", squat(standing(3), 0.4), False),
        ("a person sits down", standing(3), False),
        ("a person runs forward", _WALK, False),
        ("a person stands still", standing(3), True),
        ("a person stands still", _WALK, False),
        ("a person climbs up a ladder", _LEFT_WAVE + _RISE, True),
        ("a person climbs down a ladder", _LEFT_WAVE + _RISE, False),
        ("a person climbs up and down", _LEFT_WAVE + _RISE, False),
        ("a person does jumping jacks", _LEFT_WAVE, False),
        ("a person twists the upper body", _WALK, False),
        ("a person runs rapidly", step_feet(travel(2, forward=4.0), 6), True),
        ("a person walks rapidly", step_feet(travel(4, forward=0.8), 7), False),
        ("a person raises the left hand and lowers it again", _LEFT_WAVE, False),
        ("a person turns one way and then the other", _LEFT_TURN, False),
        ("a person smiles", _WALK, True),
    ],
)
def test_contradictions_are_found(caption: str, joints: np.ndarray, agrees: bool) -> None:
    assert (check_caption(caption, measure(joints)) == []) is agrees


@pytest.mark.parametrize(
    ("caption", "mirrored"),
    [
        ("a person raises the left hand", "a person raises the right hand"),
        ("Left foot, then right foot", "Right foot, then left foot"),
        ("he turns clockwise", "he turns counterclockwise"),
        ("he veers leftwards in a counterclockwise arc", "he veers rightwards in a clockwise arc"),
        ("a person is left alone, upright", "a person is right alone, upright"),
        ("a person walks forward", "a person walks forward"),
    ],
)
def test_mirrored_text(caption: str, mirrored: str) -> None:
    assert mirror_text(caption) == mirrored
    assert mirror_text(mirrored) == caption


@pytest.mark.parametrize("joints", [_LEFT_TURN, _LEFT_WAVE, kick(standing(3), 1), travel(3, left=0.5)])
def test_captions_of_a_clip_fit_its_mirror_image_when_mirrored(joints: np.ndarray) -> None:
    captions = captions_for(bandai("walk-turn-left"), joints)
    attributes = measure(mirror(joints))
    assert all(not check_caption(mirror_text(caption), attributes) for caption in captions)


def test_text_line_parses_like_humanml3d() -> None:
    line = text_line("a person is walking and waves with the left hand")
    caption, tokens, start, end = line.split("#")
    assert caption == "a person is walking and waves with the left hand"
    words, tags = zip(*(token.split("/") for token in tokens.split(" ")), strict=True)
    assert words[:4] == ("a", "person", "be", "walk")
    assert tags[:6] == ("DET", "NOUN", "VERB", "VERB", "CONJ", "VERB")
    assert (float(start), float(end)) == (0.0, 0.0)
    assert text_line("a person frobnicates").split("#")[1].endswith("frobnicates/OTHER")


@pytest.mark.parametrize("caption", ["", "  ", "a # b", "a\nb"])
def test_text_line_refuses_what_would_break_the_file(caption: str) -> None:
    with pytest.raises(ValueError, match="one line of text"):
        text_line(caption)


def test_most_words_of_the_captions_have_a_tag() -> None:
    captions = [text for n in range(30) for text in captions_for(bandai("walk", "proud", str(n)), _WALK)]
    tokens = " ".join(text_line(caption).split("#")[1] for caption in captions).split()
    assert sum(token.endswith("/OTHER") for token in tokens) < 0.03 * len(tokens)


def test_human_captions_cover_only_what_a_clip_shows(tmp_path: Path) -> None:
    path = tmp_path / "kit.json"
    row = {"trial": "07_01", "annotations": [{"text": " A person  walks. ", "start": 0.0, "end": 8.0}]}
    path.write_text(json.dumps({"02700": row}))
    captions = read_human_captions(path)["07_01"]
    assert captions == [HumanCaption(" A person  walks. ", 0.0, 8.0)]
    clip = clip_info("07_01", "cmu")
    assert covered(captions, dataclasses.replace(clip, end_seconds=7.0)) == ["a person walks"]
    assert covered(captions, clip) == []
    assert "a person strolls along" in captions_for(clip, _WALK, ["a person strolls along"])
    assert "a person walks backward" not in captions_for(clip, _WALK, ["a person walks backward"])


def test_other_human_caption_files_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "kit.json"
    path.write_text('{"02700": {"annotations": []}}')
    with pytest.raises(ValueError, match="KIT-ML"):
        read_human_captions(path)


def test_templates_use_known_slots_and_are_short() -> None:
    known = {*measured_slots(measure(_WALK)), "S", "their", "how", "gait"}
    known |= set(json.loads((_PHRASES / "trials.json").read_text())["words"])
    for path in _PHRASES.glob("*.json"):
        if path.stem == "lexicon":
            continue
        text = path.read_text()
        assert set(re.findall(r"\{(\w+)\}", text)) <= known
        for template in re.findall(r'"([^"]*\{S\}[^"]*)"', text):
            assert len(re.sub(r"\|[^)|]*", "", template).split()) <= 16, template


@pytest.mark.parametrize(
    ("source", "file", "label", "sentence"),
    [
        ("cmu", "05_06", "dance - cartwheel-like start, pirouettes, jete", "{S} dances"),
        ("cmu", "49_08", "cartwheels", "{S} does a cartwheel"),
        ("cmu", "29_02", "basketball signals", "{S} gives hand signals"),
        ("hdm05", "HDM_bd_depositFloorR_004_120", "a person bends down", "{S} bends down"),
        ("hdm05", "HDM_bk_throwBasketball_005_120", "a person throws a basketball", "{S} throws something"),
        ("accad", "Male2_B16_WalkTurnChange", "walk turn change", "{S} changes direction"),
        ("accad", "Male1_B17_Walk2Hop2Walk", "walk to hop to walk", "{S} jumps"),
        ("animated-drawings", "cmu_new_walk_side_punch", "", "{S} walks and punches"),
        ("animated-drawings", "cmu_1006_walking001", "", "{S} walks forward"),
        ("cmu-salsa", "07", "", "{S} dances salsa"),
    ],
)
def test_a_label_that_contains_another_is_not_taken_for_it(
    source: str, file: str, label: str, sentence: str
) -> None:
    assert label_phrases(clip_info(file, source, label)).plain[0] == sentence


@pytest.mark.skipif(not _LABELS.is_dir(), reason="the label tables are not beside this checkout")
def test_every_label_has_sentences() -> None:
    with open(_LABELS / "cmu_labels.csv", newline="") as file:
        clips = [clip_info(row["trial"], "cmu", row["motion_description"]) for row in csv.DictReader(file)]
    with open(_LABELS / "accad_hdm05_labels.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    clips += [clip_info(Path(row["file"]).stem, row["source"], row["label"]) for row in rows]
    assert [clip for clip in clips if not label_phrases(clip).plain] == []


def test_agreement_of_a_folder(tmp_path: Path) -> None:
    for name, joints, caption in (
        ("000001", _LEFT_TURN, "a person turns left"),
        ("M000001", _RIGHT_TURN, "a person turns right"),
        ("000002", _WALK, "a person walks backward"),
    ):
        for folder in ("new_joints", "texts"):
            (tmp_path / folder).mkdir(exist_ok=True)
        np.save(tmp_path / "new_joints" / f"{name}.npy", joints)
        lines = [text_line(caption), text_line("a person moves")]
        (tmp_path / "texts" / f"{name}.txt").write_text("\n".join(lines) + "\n")
    agreement = measure_agreement(tmp_path)
    assert (agreement.clips, agreement.captions, agreement.claims, agreement.agreeing) == (3, 6, 3, 2)
    assert agreement.share == pytest.approx(2 / 3)
    assert agreement.most_used[0] == ("a person moves", 3)
    assert agreement.largest_use == 1.0
    assert len(agreement.contradictions) == 1
    assert agreement.contradictions[0].startswith("000002: not backward")


def test_agreement_needs_clips(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="no captions"):
        measure_agreement(tmp_path)
