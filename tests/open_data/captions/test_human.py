import dataclasses
import json
from pathlib import Path

import pytest

from training.open_data.captions import HumanCaption, covered, human_windows, read_human_captions
from training.open_data.clip import ClipInfo

_CLIP = ClipInfo("200001", "cmu", "07_01", "", 0.0, 4.0, "07", "walk", "", "", ("walk",))


def test_human_captions_cover_only_what_a_clip_shows(tmp_path: Path) -> None:
    path = tmp_path / "kit_ml_cmu.json"
    row = {"trial": "07_01", "annotations": [{"text": " A person  walks. ", "start": 0.0, "end": 8.0}]}
    path.write_text(json.dumps({"02700": row}))
    captions = read_human_captions(tmp_path)["07_01"]
    assert captions == [HumanCaption(" A person  walks. ", 0.0, 8.0)]
    assert covered(captions, dataclasses.replace(_CLIP, end_seconds=7.0)) == ["a person walks"]
    assert covered(captions, _CLIP) == []


def test_other_human_caption_files_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "kit_ml_cmu.json"
    path.write_text('{"02700": {"annotations": []}}')
    with pytest.raises(ValueError, match="expected sentences by trial"):
        read_human_captions(tmp_path)


def test_sentences_of_humanml3d_belong_to_our_files(tmp_path: Path) -> None:
    (tmp_path / "cmu_on_our_trials.csv").write_text(
        "our_file,start_s,end_s,caption,fits\n"
        "cmu-salsa/01.bvh,6.0,16.0,a man dances,yes\ncmu/35_01,0.0,3.0,a man walks,our file is cut short\n"
    )
    (tmp_path / "accad_on_our_bvh.csv").write_text(
        "bvh,start_s,end_s,bvh_seconds,caption\n"
        "Male1_A1.bvh,0.5,3.0,3.1,he stands\nMale1_A2.bvh,0,9,4.0,he runs\n"
    )
    assert read_human_captions(tmp_path) == {
        "01": [HumanCaption("a man dances", 6.0, 16.0)],
        "Male1_A1": [HumanCaption("he stands", 0.5, 3.0)],
    }
    assert read_human_captions(tmp_path / "nowhere") == {}


def test_the_best_covered_sentences_come_first() -> None:
    captions = [HumanCaption("a part", 1.0, 2.0), HumanCaption("the whole", 0.0, 4.0)]
    assert covered(captions, _CLIP) == ["the whole", "a part"]


def test_described_stretches_become_clips() -> None:
    captions = [
        HumanCaption("is a piece already", 0.0, 4.1),
        HumanCaption("across two pieces", 2.0, 6.0),
        HumanCaption("the same again", 2.0, 6.0),
        HumanCaption("long", 0.0, 10.0),
        HumanCaption("short", 1.0, 2.0),
        HumanCaption("mostly after the last piece", 9.0, 14.0),
    ]
    pieces = [(0, 80), (80, 200)]
    assert human_windows(captions, pieces, []) == [(40, 120), (0, 196)]
    assert human_windows(captions, pieces, [3.0]) == []
    assert human_windows(captions, [], []) == []
