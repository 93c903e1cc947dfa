"""Calibration of similarity: the curve of known pairs, and where it is kept."""

import numpy as np
import pytest
import torch

from ram_sdk import RAMPipeline
from training.data.clip import Clip
from training.evaluation.calibration import _logistic, fit, write


def test_the_curve_of_known_odds_is_found():
    torch.manual_seed(0)
    x = torch.rand(20_000, dtype=torch.float64) * 2 - 1
    y = (torch.rand(20_000) < torch.sigmoid(4.0 * x - 1.0)).double()
    scale, bias = _logistic(x, y)
    assert scale == pytest.approx(4.0, abs=0.2)
    assert bias == pytest.approx(-1.0, abs=0.1)


def test_a_checkpoint_is_calibrated_on_its_pairs(pipeline, checkpoint):
    rng = np.random.default_rng(0)
    features = rng.standard_normal((6, 40, 263)).astype(np.float32)
    actions = ["walk", "wave", "jump"] * 2
    clips = [Clip(f, ("a person walks", "someone jumps"), a) for f, a in zip(features, actions, strict=True)]
    matcher = fit(pipeline, clips)
    assert matcher.config.pairs == 12
    write(matcher, checkpoint)
    assert RAMPipeline.from_pretrained(checkpoint).matcher.config == matcher.config
    with pytest.raises(ValueError, match="at least two actions"):
        fit(pipeline, clips[:1])
