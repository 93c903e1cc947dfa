"""Timelines: what is refused and what is said then, and files there and back."""

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ram_sdk import Motion
from ram_sdk.control.timeline import Kept, Segment, Timeline
from ram_sdk.control.wording import with_subject
from tests.synthetic_motion import natural_poses

WALK = Segment("a person walks", 0, 3)


@pytest.fixture
def clip() -> Motion:
    return Motion(natural_poses(40).joints.float().numpy())


@pytest.mark.parametrize(
    ("segments", "message"),
    [
        ((), "has no prompt"),
        ((WALK, Segment("sits", 2.5, 5)), "'sits' .* overlaps .*start it at 3 s"),
        ((WALK, Segment("sits", 3.5, 5)), "gap before .*'sits' .*start it at 3 s"),
        ((Segment("sits", 1, 5),), "before .*'sits'.*stands still' from 0 to 1 s"),
        ((Segment("waves", 0, 1, "arms"),), "whole body, only parts: add a segment .*still' from 0 to 1 s"),
        ((WALK, Segment("waves", 2, 4, "arms")), "ends after the whole body does: end it by 3 s"),
        (
            (WALK, Segment("waves", 0, 2, "arms"), Segment("points", 1, 3, "left arm")),
            "'points' .* of the left arm overlaps .*'waves'.*start it at 2 s",
        ),
        ((Segment("walks", 0, 4000),), "at most 3600 s"),
    ],
)
def test_timelines_that_cannot_be(segments: tuple[Segment, ...], message: str) -> None:
    with pytest.raises(ValueError, match=message) as error:
        Timeline(segments)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ((" ", 0, 1), "say what the person does"),
        ((None, 0, 1), "say what the person does"),
        (("walks", -1, 1), "starts before 0 s"),
        (("walks", 1, 1.2), "at least 0.5 s after the start"),
        (("walks", 2, 1), "at least 0.5 s after the start"),
        (("walks", math.nan, 1), "start nan: expected a number"),
        (("walks", 0, math.inf), "end inf: expected a number"),
        (("walks", 0, "1"), "end '1': expected a number"),
        (("walks", False, 1), "start False: expected a number"),
        (("walks", 0, 1, "legs"), "part 'legs': use one of whole body, upper body"),
    ],
)
def test_segments_that_cannot_be(values: tuple[Any, ...], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Segment(*values)


@pytest.mark.parametrize("seconds", [math.nan, -1.0, 0.4, 4000.0, None])
def test_a_duration_that_cannot_be_is_blamed_itself(seconds: float | None) -> None:
    with pytest.raises(ValueError, match=r"^duration .*: expected (a number|0\.5 to 3600 seconds)$"):
        Timeline.of(["walks", "sits"], [2.0, seconds])


def test_numbers_of_numpy_are_seconds(clip: Motion) -> None:
    segment = Segment("a person walks", np.float32(0), np.int64(3))
    assert segment == WALK
    assert json.dumps(Timeline((segment,)).entries())
    assert Kept(clip, np.float64(1), np.float32("nan")).end == 3.0


def test_kept_motions_are_checked(clip: Motion) -> None:
    assert Kept(clip, 1.0).end == 3.0
    with pytest.raises(ValueError, match="has only 2 s"):
        Kept(clip, 0.0, 2.5)
    with pytest.raises(ValueError, match="put a prompt between"):
        Timeline((Kept(clip, 0.0), Kept(clip, 2.0), Segment("sits", 4, 6)))
    with pytest.raises(ValueError, match="has no prompt"):
        Timeline((Kept(clip, 0.0),))
    with pytest.raises(ValueError, match="which stays as it is: move it"):
        Timeline((Kept(clip, 0.0), Segment("waves", 0.5, 3, "arms"), Segment("sits", 2, 4)))


def test_the_caption_tells_of_gestures_and_of_a_kept_motion_once(clip: Motion) -> None:
    wave, sit, walk = Segment("waves", 1, 2, "right arm"), Segment("sits", 3, 5), Segment("walks on", 5, 7)
    assert Timeline((WALK, wave, sit, walk)).caption == (
        "a person walks (right arm: waves), then sits, then walks on"
    )
    said = Motion(clip.joints, prompt="a person turns")
    around = Timeline.of([said[:20], "jumps", said[20:]], [None, 2, None])
    assert around.caption == "a person turns, then jumps"
    assert Timeline.of(["walks", "turns", "walks"], [2, 2, 2]).caption == "walks, then turns, then walks"


def test_segments_are_put_in_order_and_apart() -> None:
    wave = Segment("waves", 1, 2, "right arm")
    sit = Segment("sits", 3, 5)
    timeline = Timeline((sit, wave, WALK))
    assert timeline.body == (WALK, sit)
    assert timeline.parts == (wave,)
    assert timeline.duration == 5


@pytest.mark.parametrize("suffix", [".json", ".yaml", ".yml"])
def test_files_there_and_back(clip: Motion, tmp_path: Path, suffix: str) -> None:
    clip.save(tmp_path / "clip.npz")
    kept = Kept(clip[10:30], 3.0, 4.0, "clip.npz", 0.5)
    timeline = Timeline((WALK, Segment("waves — ça va", 1, 2, "arms"), kept, Segment("sits", 4, 6)))
    read = Timeline.load(timeline.save(tmp_path / f"timeline{suffix}"))
    assert read.entries() == timeline.entries()
    assert read.parts == timeline.parts
    again = read.body[1]
    assert isinstance(again, Kept)
    np.testing.assert_array_equal(again.motion.joints[:20], clip.joints[10:30])
    assert sorted(path.name for path in tmp_path.iterdir()) == ["clip.npz", f"timeline{suffix}"]


def test_a_kept_motion_without_a_file_is_not_saved(clip: Motion, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="name it as Kept"):
        Timeline((Kept(clip, 0.0), Segment("sits", 2, 4))).save(tmp_path / "x.json")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "not JSON"),
        ("{}", "expected {.segments"),
        ('{"segments": []}', "expected {.segments"),
        ('{"segments": 5}', "expected {.segments"),
        ('[{"prompt": "walks", "start": 0}]', "has no end"),
        ('[{"start": 0, "end": 1}]', "expected a prompt or a motion"),
        ('[{"prompt": "a", "motion": "b", "start": 0, "end": 1}]', "expected a prompt or a motion"),
        ('[{"prompt": "walks", "start": 0, "end": 2, "duration": 1}]', "it has duration; known: prompt"),
        ('[{"prompt": "walks", "start": 0, "end": NaN}]', "end nan"),
        ('[{"prompt": "walks", "start": 0, "end": 1e999}]', "end inf"),
        ('[{"prompt": "walks", "start": 0, "end": 1' + "0" * 400 + "}]", "expected a number"),
        ('["walks"]', "segment 'walks'"),
        ("[" * 5000, "recursion|JSON"),
        ('[{"motion": 3, "start": 0, "end": 1}]', "name of a file"),
    ],
)
def test_files_that_hold_no_timeline(tmp_path: Path, content: str, message: str) -> None:
    path = tmp_path / "bad.json"
    path.write_text(content)
    with pytest.raises(ValueError, match=message) as error:
        Timeline.load(path)
    assert str(error.value).startswith("bad.json: ")
    assert "\n" not in str(error.value)


def test_yaml_makes_no_objects(tmp_path: Path) -> None:
    path = tmp_path / "bad.yaml"
    path.write_text(f"segments: !!python/object/apply:os.mkdir ['{tmp_path}/made']\n")
    with pytest.raises(ValueError, match=r"bad.yaml: not YAML"):
        Timeline.load(path)
    assert not (tmp_path / "made").exists()


def test_other_files(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"use a file ending in .json"):
        Timeline.load(tmp_path / "x.txt")
    with pytest.raises(FileNotFoundError):
        Timeline.load(tmp_path / "x.json")
    path = tmp_path / "x.json"
    path.write_text(json.dumps([{"motion": "none.npz", "start": 0, "end": 1}]))
    with pytest.raises(FileNotFoundError, match=r"none.npz"):
        Timeline.load(path)


@pytest.mark.parametrize(
    ("prompt", "sentence"),
    [
        ("sits down", "a person sits down"),
        ("then slowly sits down", "a person slowly sits down"),
        ("and then, waves", "a person waves"),
        ("walking backwards", "a person is walking backwards"),
        ("a man sits down", "a man sits down"),
        ("someone waves", "someone waves"),
        ("their arms swing", "their arms swing"),
        ("sit down", "sit down"),
        ("press a button", "press a button"),
        ("Then he jumps", "he jumps"),
        ("then", "then"),
        ("kids play", "kids play"),
        ("dogs run", "dogs run"),
        ("everybody jumps", "everybody jumps"),
        ("she's walking", "she's walking"),
        ("they\u2019re dancing", "they\u2019re dancing"),
        ("Standing still, a man waves", "Standing still, a man waves"),
        ("standing still, waving", "a person is standing still, waving"),
        ("sits, the arms crossed", "a person sits, the arms crossed"),
        ("swing your arms", "swing your arms"),
        ("morning stretch", "morning stretch"),
        ("backwards walk", "backwards walk"),
    ],
)
def test_who_does_it(prompt: str, sentence: str) -> None:
    assert with_subject(prompt) == sentence


def test_times_that_are_almost_the_same_are_the_same() -> None:
    timeline = Timeline((Segment("walks", 0, 3.0249), Segment("sits", 3.0251, 6)))
    assert [one.start for one in timeline.segments] == [0.0, 3.0249]
