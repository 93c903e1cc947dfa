"""Best of n: one motion is the mean of all candidates, the best is the chosen one, the oracle any."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch

from ram_sdk import RAMPipeline
from ram_sdk.models import Matcher, MatcherConfig
from training.commands.runner import main
from training.evaluation.best_of import MetricGain, SuiteGain, spread
from training.evaluation.metrics import GROUP, Moments


def test_shares_of_one_of_the_best_and_of_any() -> None:
    passed = np.array([[True, False, False, False], [False, False, True, True], [False] * 4])
    gain = SuiteGain.of(passed, [0, 1, 2])
    assert (gain.prompts, gain.candidates) == (3, 4)
    assert gain.one == pytest.approx(3 / 12)
    assert gain.best == pytest.approx(1 / 3)
    assert gain.oracle == pytest.approx(2 / 3)
    assert gain.error == pytest.approx(np.std([0.75, -0.5, 0.0], ddof=1) / np.sqrt(3))


def test_metrics_of_the_chosen_motions() -> None:
    generator = torch.Generator().manual_seed(0)
    text = torch.randn(GROUP, 8, generator=generator)
    unlike = torch.randn(GROUP, 8, generator=generator)
    motion = torch.stack((unlike, text), dim=1)
    gain = MetricGain.of(text, motion, [1] * GROUP, Moments.of(text))
    assert gain.r_precision[1] == 1.0
    assert 0.5 <= gain.r_precision[0] < 0.7
    assert gain.fid[1] == pytest.approx(0.0, abs=1e-6)
    assert gain.fid[0] > 0.1


def test_prompts_are_spread_over_the_suite() -> None:
    few, many = spread(5), spread(60)
    assert len({prompt.id for prompt in many}) == 60
    assert len({prompt.category for prompt in few}) > 2
    assert (few[0], few[-1]) == (many[0], many[-1])


def test_the_command_writes_a_table(pipeline: RAMPipeline, tmp_path: Path) -> None:
    matcher = Matcher(MatcherConfig(5.0, 0.0))
    RAMPipeline(**pipeline.components | {"matcher": matcher}).save_pretrained(tmp_path / "checkpoint")
    command = ["best-of", "--checkpoint", str(tmp_path / "checkpoint"), "--out", str(tmp_path / "out")]
    assert main([*command, "--prompts", "2", "--candidates", "2"]) == 0
    suite = json.loads((tmp_path / "out" / "best_of.json").read_text())["suite"]
    assert suite["prompts"] == suite["candidates"] == 2
    assert "| best of 2 |" in (tmp_path / "out" / "best_of.md").read_text()
