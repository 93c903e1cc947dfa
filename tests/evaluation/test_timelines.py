"""What is measured of composed motions: a seam that jumps is seen, a smooth one is not."""

from pathlib import Path

import numpy as np

from ram_sdk import Motion
from tests.synthetic_motion import natural_poses
from training.commands.runner import main
from training.evaluation.prompt_checks.suite import load_suite
from training.evaluation.timelines import Made, Result, measure


def result_of(joints: np.ndarray) -> Result:
    motion = Motion(joints)
    prompts = tuple(load_suite()[:2])
    alone = (motion[:80], motion[80:])
    return measure([Made(prompts, motion, alone)], 4.0)


def test_a_jump_at_a_seam_is_seen() -> None:
    joints = natural_poses(160).joints.float().numpy()
    smooth = result_of(joints)
    joints[80:, :, 0] += 0.3
    broken = result_of(joints)
    assert (smooth.seams, broken.seams) == (1, 1)
    assert smooth.largest_jump[0] < 0.1
    assert broken.largest_jump[0] > 0.2
    assert abs(broken.largest_jump[1] / smooth.largest_jump[1] - 1) < 1e-4
    assert broken.largest_step[1] > smooth.largest_step[1] + 0.1
    assert broken.fast[0] == 1.0
    assert (smooth.fastest_there, broken.fastest_there) == (0.0, 1.0)
    assert broken.jerk[0] > 2 * smooth.jerk[0]
    assert abs(broken.jerk[1] / smooth.jerk[1] - 1) < 1e-4


def test_the_command_writes_tables_and_sheets(checkpoint: Path, tmp_path: Path) -> None:
    command = ["timelines", "--checkpoint", str(checkpoint), "--out", str(tmp_path / "out"), "--minutes"]
    assert main([*command, "--prompts", "2", "--together", "2", "--seconds", "3", "--seeds", "1"]) == 0
    names = sorted(path.name for path in (tmp_path / "out").iterdir())
    assert names == ["00.npz", "00.png", "timelines.json", "timelines.md"]
    assert "| walk |" in (tmp_path / "out" / "timelines.md").read_text()
