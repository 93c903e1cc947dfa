"""The suite's data, sequences, pairs of speeds, and the command from generating to the report."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import puppet as p
import pytest

from ram_sdk import RAMPipeline
from training.evaluation.prompt_checks.body import Body
from training.evaluation.prompt_checks.generate import generate, read_motion
from training.evaluation.prompt_checks.registry import ALSO_RIGHT, CHECKS
from training.evaluation.prompt_checks.report import judge, markdown
from training.evaluation.prompt_checks.suite import (
    Prompt,
    Wording,
    does,
    in_order,
    load_suite,
    ordered,
    together,
)
from training.evaluation.prompt_checks.validate import table, validate


def _body(*parts: p.Array) -> Body:
    """Clips in sequence, each starting where the one before ended."""
    joints, start = [], np.zeros(3)
    for part in parts:
        start = start - part[0, 0] * [1, 0, 1]
        joints.append(part + start)
        start = joints[-1][-1, 0] * [1, 0, 1]
    return Body(np.concatenate(joints))


def _prompt(kind: str, *actions: str, **more: object) -> Prompt:
    return Prompt("x", "x", kind, actions, (), **more)  # type: ignore[arg-type]


def test_the_suite_is_large_and_each_prompt_has_seen_and_unseen_wordings() -> None:
    suite = load_suite()
    assert len({prompt.id for prompt in suite}) == len(suite) >= 70
    for prompt in suite:
        assert len(prompt.wordings) >= 3
        assert {wording.unseen for wording in prompt.wordings} == {True, False}
        assert prompt.meaning
    assert ALSO_RIGHT.keys() <= CHECKS.keys()
    assert {check for checks in ALSO_RIGHT.values() for check in checks} <= CHECKS.keys()


def test_a_suite_that_asks_for_an_unknown_check_is_refused(tmp_path: Path) -> None:
    entry = {"id": "fly", "category": "x", "check": "fly", "seen": ["fly"], "unseen": ["soar"]}
    (tmp_path / "suite.json").write_text(json.dumps([entry]))
    with pytest.raises(ValueError, match=r"suite.json: fly: no check fly"):
        load_suite(tmp_path / "suite.json")
    (tmp_path / "suite.json").write_text(json.dumps([{**entry, "then": ["walk", "run"]}]))
    with pytest.raises(ValueError, match="expected one of check, then"):
        load_suite(tmp_path / "suite.json")


def test_then_demands_both_halves_in_order() -> None:
    checks = [CHECKS["walk"], CHECKS["sit_down"]]
    assert in_order(checks, _body(p.walk(3.0), p.sit_down()))
    assert not in_order(checks, _body(p.sit_down(), p.walk(3.0)))
    assert not in_order(checks, _body(p.walk(3.0)))
    assert not in_order(checks, _body(p.sit_down()))
    assert in_order([CHECKS["jump"], CHECKS["wave"], CHECKS["bow"]], _body(p.jump(), p.wave(), p.bend(45)))
    assert not in_order(
        [CHECKS["jump"], CHECKS["bow"], CHECKS["wave"]], _body(p.jump(), p.wave(), p.bend(45))
    )


def test_while_demands_both_at_the_same_time() -> None:
    checks = [CHECKS["walk"], CHECKS["wave"]]
    assert together(checks, Body(p.walk(3.0, body=p.wave())))
    assert not together(checks, _body(p.walk(3.0), p.wave()))
    assert not together(checks, Body(p.walk(3.0)))
    assert not together(checks, Body(p.wave()))


def test_counts_pass_within_one_but_never_at_none() -> None:
    assert does(_prompt("count", "jump", times=2), Body(p.jump(3)))
    assert not does(_prompt("count", "jump", times=1), Body(p.stand()))
    assert not does(_prompt("count", "jump", times=1), Body(p.jump(3)))


def test_speeds_must_grow_by_a_margin_and_the_action_must_be_done() -> None:
    prompt = _prompt("check", "walk", speed="walk")
    slow, normal, quick = (Body(p.walk(speed=v)) for v in (0.7, 1.0, 1.5))
    assert ordered(prompt, [slow, normal, quick]) == [True, True]
    assert ordered(prompt, [normal, slow, quick]) == [False, True]
    assert ordered(prompt, [slow, slow, quick]) == [False, True]
    assert ordered(prompt, [slow, normal, Body(p.stand())]) == [True, False]


def test_the_report_counts_passes_by_wording_and_false_positives_of_the_others() -> None:
    def wordings(*texts: str) -> tuple[Wording, ...]:
        return tuple(Wording((text,), unseen=i == len(texts) - 1) for i, text in enumerate(texts))

    suite = [
        Prompt("walk", "basic", "check", ("walk",), wordings("walk", "amble")),
        Prompt("jump", "basic", "check", ("jump",), wordings("jump", "hop up")),
    ]
    walk, jump, still = Body(p.walk()), Body(p.jump()), Body(p.stand())
    motions = {"walk": [walk, walk], "amble": [walk, still], "jump": [jump, walk], "hop up": [still, still]}
    report = judge("some checkpoint", suite, motions)
    assert [(r.share(False), r.share(True)) for r in report.prompts] == [(1.0, 0.5), (0.5, 0.0)]
    assert [r.others for r in report.prompts] == [0.25, 0.0]
    assert report.faults == {"frozen": 3, "too fast": 0, "below the floor": 0}
    assert "| basic | 2 | 75% | 25% | 12% |" in markdown(report)


def test_generation_is_resumed_and_refuses_another_checkpoint(pipeline: RAMPipeline, tmp_path: Path) -> None:
    generate(pipeline, ["a person walks", "jump!"], 1, tmp_path)
    first = read_motion(tmp_path, "jump!", 0)
    written = {path: path.stat().st_mtime_ns for path in tmp_path.iterdir()}
    generate(pipeline, ["a person walks", "jump!"], 2, tmp_path)
    assert all(path.stat().st_mtime_ns == time for path, time in written.items())
    assert len(list(tmp_path.glob("*.npy"))) == 4
    np.testing.assert_allclose(first, pipeline("jump!", seed=0).motions[0].joints, atol=1e-4)
    (tmp_path / "checkpoint.txt").write_text("another")
    with pytest.raises(ValueError, match=r"holds motions of another, .* use another --out"):
        generate(pipeline, ["jump!"], 1, tmp_path)


def test_validation_reports_both_rates(tmp_path: Path) -> None:
    (tmp_path / "new_joints").mkdir()
    clips = {}
    for clip_id, joints, label, actions, split in (
        ("1", p.walk(), "walk", ["walk"], "train"),
        ("2", p.stand(), "walk", ["walk"], "test"),
        ("3", p.kick(), "kick", ["kick"], "train"),
    ):
        np.save(tmp_path / "new_joints" / f"{clip_id}.npy", joints.astype(np.float32))
        clips[clip_id] = {"source": "cmu", "file": f"0{clip_id}", "take": "", "label": label}
        clips[clip_id] |= {"actions": actions, "split": split, "mirrored": False}
    (tmp_path / "clips.json").write_text(json.dumps(clips))
    rates = {rate.check: rate for rate in validate(tmp_path)}
    assert (rates["walk"].shown, rates["walk"].held_out) == ((1, 1), (0, 1))
    assert (rates["kick"].shown, rates["kick"].others) == ((1, 1), (0, 2))
    assert "| kick | 100% of 1 | no clip | 0% of 2 |" in table(list(rates.values()))


@pytest.mark.slow
def test_the_command_says_in_one_line_what_is_wrong(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "training", "prompt-checks"]
    for arguments, message in (
        (["run", "--out", str(tmp_path), "--seeds", "0"], "'0' is not a whole number of at least 1"),
        (["validate", "--data", str(tmp_path)], "clips.json"),
    ):
        done = subprocess.run([*command, *arguments], capture_output=True, text=True, check=False)
        assert done.returncode == 2
        assert message in done.stderr
        assert done.stderr.count("\n") == 1
