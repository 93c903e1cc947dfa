"""The composed part of a set: written in the set's layout, recorded, and the same however it is made."""

import json
from collections import Counter

import numpy as np
import pytest
from composition_parts import LANGUAGE, write_set

from training.open_data.composition import add_composed


def listed(records):
    return [clip for record in records for clip in record["clips"]]


@pytest.mark.slow
def test_composed_clips_are_written_and_recorded(tmp_path):
    write_set(tmp_path)
    clips = listed(add_composed(tmp_path, 24, LANGUAGE, processes=1))
    assert len(clips) >= 14
    assert Counter(clip["split"] for clip in clips) == {"train": len(clips)}
    real = json.loads((tmp_path / "clips.json").read_text())
    for clip in clips:
        assert clip["clip_id"].startswith("C")
        assert all(name in real for name, _, _ in clip["sources"])
        features = np.load(tmp_path / "new_joint_vecs" / f"{clip['clip_id']}.npy")
        assert features.shape == (round(clip["end_seconds"] * 20), 263)
        assert np.load(tmp_path / "new_joints" / f"{clip['clip_id']}.npy").shape == (len(features), 22, 3)
        lines = (tmp_path / "texts" / f"{clip['clip_id']}.txt").read_text().splitlines()
        assert len(lines) >= 2
        assert all(line.count("#") == 3 for line in lines)


@pytest.mark.slow
def test_it_is_the_same_with_two_processes_and_goes_on_where_it_stopped(tmp_path):
    for name in ("one", "two"):
        write_set(tmp_path / name)
    once = add_composed(tmp_path / "one", 18, LANGUAGE, processes=1)
    twice = add_composed(tmp_path / "two", 18, LANGUAGE, processes=2)
    assert once == twice
    gone = tmp_path / "two" / "records" / "composed-then-00000.json"
    gone.unlink()
    assert add_composed(tmp_path / "two", 18, LANGUAGE, processes=1) == once
    for path in sorted((tmp_path / "one" / "new_joint_vecs").glob("C*.npy")):
        assert path.read_bytes() == (tmp_path / "two" / "new_joint_vecs" / path.name).read_bytes()
