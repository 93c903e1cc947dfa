import json
from pathlib import Path

import numpy as np
import pytest
from synthetic_clips import step_feet, travel

from training.open_data.attributes import measure
from training.open_data.captions import action_quantiles, speeds, tempo, write_speeds


def test_tempo_is_judged_by_the_action_s_own_speeds() -> None:
    low, high = action_quantiles("walk"), action_quantiles("run")
    assert low is not None
    assert high is not None
    walk = measure(step_feet(travel(4, forward=1.2), 8))
    assert tempo("walk", walk) == "normal"
    assert tempo("walk", measure(step_feet(travel(4, forward=0.5), 8))) == "slow"
    assert tempo("walk", measure(step_feet(travel(4, forward=2.0), 8))) == "fast"
    assert tempo("run", walk) == "slow"
    assert tempo("no such action", walk) == ""


def test_speeds_are_of_real_training_clips_of_one_action(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(speeds, "_FILE", tmp_path / "speeds.json")
    (tmp_path / "new_joints").mkdir()
    clips = {}
    for n in range(12):
        entry = {"actions": ["walk"], "split": "train", "mirrored": False}
        entry |= {9: {"split": "test"}, 10: {"mirrored": True}, 11: {"actions": ["walk", "wave"]}}.get(n, {})
        clips[str(n)] = entry
        np.save(tmp_path / "new_joints" / f"{n}.npy", travel(2, forward=1.0 if n < 9 else 9.0))
    clips["C1"] = {"actions": ["walk"], "split": "train", "mirrored": False, "composed": "then"}
    (tmp_path / "clips.json").write_text(json.dumps(clips))
    assert write_speeds(tmp_path) == 1
    table = json.loads((tmp_path / "speeds.json").read_text())
    assert table["walk"]["clips"] == 9
    assert table["walk"]["quantiles"] == pytest.approx([1.0] * 5, abs=0.05)
