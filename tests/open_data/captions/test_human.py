import dataclasses
import json
from pathlib import Path

import pytest

from training.open_data.captions import HumanCaption, covered, read_human_captions
from training.open_data.clip import ClipInfo

_CLIP = ClipInfo("200001", "cmu", "07_01", "", 0.0, 4.0, "07", "walk", "", "", ("walk",))


def test_human_captions_cover_only_what_a_clip_shows(tmp_path: Path) -> None:
    path = tmp_path / "kit.json"
    row = {"trial": "07_01", "annotations": [{"text": " A person  walks. ", "start": 0.0, "end": 8.0}]}
    path.write_text(json.dumps({"02700": row}))
    captions = read_human_captions(path)["07_01"]
    assert captions == [HumanCaption(" A person  walks. ", 0.0, 8.0)]
    assert covered(captions, dataclasses.replace(_CLIP, end_seconds=7.0)) == ["a person walks"]
    assert covered(captions, _CLIP) == []


def test_other_human_caption_files_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "kit.json"
    path.write_text('{"02700": {"annotations": []}}')
    with pytest.raises(ValueError, match="KIT-ML"):
        read_human_captions(path)
