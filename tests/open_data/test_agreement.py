from pathlib import Path

import numpy as np
import pytest
from synthetic_clips import mirror, step_feet, travel

from training.open_data.agreement import measure_agreement
from training.open_data.captions import text_line

_WALK = step_feet(travel(4, forward=1.2), 8)
_LEFT_TURN = step_feet(travel(5, forward=1.1, turn=90), 10)
_RIGHT_TURN = mirror(_LEFT_TURN)


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
