"""Each kind of composed motion, made of small clips: it shows what its captions say."""

import random
from collections import Counter

import numpy as np
import pytest
from composition_parts import LANGUAGE, source
from simple_motions import bones_off, standing, walking, waving

from training.open_data.attributes import measure
from training.open_data.captions.wordings import is_unseen
from training.open_data.composition import KINDS, Pool, compose
from training.open_data.composition.count import draft_count
from training.open_data.composition.cycles import event_frames
from training.open_data.composition.draft import Rejected
from training.open_data.composition.overlay import draft_while
from training.open_data.composition.sources import canonical
from training.open_data.composition.tempo import draft_tempo
from training.open_data.composition.then import join_sources


@pytest.fixture(scope="module")
def pool():
    clips = [source(walking(frames), "walk", clip_id=f"11{frames:05d}") for frames in (90, 120, 150)]
    clips += [source(waving(frames), "wave", clip_id=f"12{frames:05d}") for frames in (80, 90, 110)]
    clips += [source(waving(frames), "raise_hand", clip_id=f"14{frames:05d}") for frames in (70, 100)]
    clips += [source(standing(frames), "stand", clip_id=f"13{frames:05d}") for frames in (60, 90)]
    return Pool(clips, LANGUAGE)


def drafts(draft, pool, count):
    found = []
    for number in range(10 * count):
        try:
            found.append(draft(pool, random.Random(number)))
        except Rejected:
            continue
    return found[:count]


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_gives_motions_on_the_uniform_skeleton_with_captions(kind, pool):
    made = [composed for _, composed in compose(pool, kind, range(4), Counter())]
    assert len(made) >= 3
    for composed in made:
        assert bones_off(composed.joints) < 1e-3
        assert 41 <= len(composed.joints) <= 197
        assert len(composed.captions) >= 2
        assert not any(map(is_unseen, composed.captions))
        assert {action for action in composed.actions} - {""}
        assert all(0 <= start < stop for _, start, stop in composed.sources)


def test_what_is_too_short_for_its_seams_is_not_joined():
    walk, short = source(walking(60), "walk"), source(standing(20), "stand")
    assert len(join_sources((walk, short, walk), (10, 10)).joints) == 120
    with pytest.raises(Rejected, match="shorter than its seams"):
        join_sources((walk, short, walk), (10, 11))


def test_the_same_number_gives_the_same_motion(pool):
    once, again = (dict(compose(pool, "then", range(3), Counter())) for _ in range(2))
    later = dict(compose(pool, "then", range(2, 3), Counter()))
    assert once.keys() == again.keys()
    assert all(np.array_equal(once[n].joints, again[n].joints) for n in once)
    assert once[2].captions == again[2].captions == later[2].captions


def test_while_walks_and_waves(pool):
    for draft in drafts(draft_while, pool, 3):
        if draft.actions == ("walk", "wave"):
            shown = measure(canonical(draft.joints))
            assert shown.forward > 0.5
            assert shown.left_hand.above_shoulder > 0.0 > shown.right_hand.above_shoulder


@pytest.mark.slow
def test_count_shows_as_many_as_its_captions_say(pool):
    numbers = {"once": 1, "one": 1, "twice": 2, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6}
    found = [draft for draft in drafts(draft_count, pool, 12) if draft.actions == ("wave",)]
    assert len({len(event_frames("wave", draft.joints)) for draft in found}) >= 2
    for draft in found:
        said = {
            numbers[word]
            for text in draft.write_captions(draft.joints)
            for word in text.split()
            if word in numbers
        }
        assert said == {len(event_frames("wave", draft.joints))}


def test_tempo_changes_the_speed_of_walking(pool):
    speeds = [
        measure(canonical(draft.joints)).speed / draft.sources[0].attributes.speed
        for draft in drafts(draft_tempo, pool, 12)
        if draft.actions == ("walk",)
    ]
    assert min(speeds) < 0.9
    assert max(speeds) > 1.1
    assert all(0.65 < speed < 1.5 for speed in speeds)
