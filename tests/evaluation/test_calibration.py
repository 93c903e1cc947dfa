"""Calibration of similarity: the curve of known pairs, and where it is kept."""

import warnings

import numpy as np
import pytest
import torch

from ram_sdk import RAMPipeline
from ram_sdk.checkpoint import add_component
from ram_sdk.models import KnownAction, KnownActions, KnownActionsConfig
from training.data.clip import Clip
from training.evaluation.calibration import _logistic, fit, fit_known_actions


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
    add_component(checkpoint, "matcher", matcher)
    assert RAMPipeline.from_pretrained(checkpoint).matcher.config == matcher.config
    with pytest.raises(ValueError, match="at least two actions"):
        fit(pipeline, clips[:1])


def clips_of(captions):
    features = np.zeros((40, 263), np.float32)
    return [Clip(features, tuple(texts), action) for action, texts in captions.items()]


def test_a_checkpoint_says_which_prompts_are_unlike_all_it_knows(pipeline, checkpoint):
    taught = {
        "walk": ["a person walks", "someone walks forward"],
        "kick_high": ["a man kicks", "a person kicks"],
    }
    known = fit_known_actions(
        pipeline, clips_of(taught), clips_of({"walk": ["a man walks", "a person walks"]})
    )
    assert [action.name for action in known.config.actions] == ["kick high", "walk"]
    assert set(known.config.actions[1].examples) == set(taught["walk"])
    tokens, mask = pipeline.text_backbone.encode(["a man walks"])  # the farther of the captions beside
    assert known.config.far == pytest.approx(0.98 * known(tokens, mask).amin().item(), abs=1e-3)
    add_component(checkpoint, "known_actions", known)
    loaded = RAMPipeline.from_pretrained(checkpoint)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        loaded("a person walks", num_frames=40, num_inference_steps=1)
    with pytest.warns(UserWarning, match="'circle up word with' is unlike .* nearest .*: (walk|kick high)"):
        loaded("circle up word with", num_frames=40, num_inference_steps=1)
    loaded.save_pretrained(checkpoint.with_name("again"))
    again = RAMPipeline.from_pretrained(checkpoint.with_name("again"))
    assert torch.equal(again.known_actions.states, known.states)
    assert again.known_actions.config == known.config


def test_examples_are_short_plain_sentences_of_several_clips(pipeline):
    texts = ["walk", "a person is walking along", "a person walks"]
    clips = [c for i in range(2) for text in texts for c in clips_of({"walk": [text], "other": ["x"]})]
    clips += clips_of({"walk": ["a person ambl"]})
    (walk,) = fit_known_actions(pipeline, clips, clips_of({"walk": ["a man walks"]})).config.actions
    assert (walk.name, walk.examples) == (
        "walk",
        ("a person walks", "a person is walking along", "a person ambl"),
    )


def test_distances_are_those_to_the_nearest_text_of_each_action(pipeline):
    config = KnownActionsConfig(2, 0.5, (KnownAction("a", ("x",), 2), KnownAction("b", ("y",), 1)))
    known = KnownActions(config)
    known.states.copy_(torch.tensor([[1.0, 0.0], [0.0, 2.0], [-3.0, 0.0]]))
    tokens = torch.tensor([[[0.0, 5.0], [99.0, 99.0]], [[-1.0, -1.0], [-1.0, -1.0]]])
    mask = torch.tensor([[True, False], [True, True]])
    assert torch.allclose(known(tokens, mask), torch.tensor([[0.0, 1.0], [1 + 0.5**0.5, 1 - 0.5**0.5]]))
    assert known.nearest(tokens, mask, 1) == [(False, ("a",)), (False, ("b",))]


def test_one_in_fifty_of_the_captions_beside_is_called_unlike_all(pipeline):
    walks = clips_of({"walk": ["a person walks", "someone walks forward"]})
    words = ["jumps", "kicks", "runs", "waves", "circle", "word", "with", "man", "left", "right"]
    beside = [f"a {one} {other}" for one in words for other in words]
    known = fit_known_actions(pipeline, walks, clips_of({"other": beside}))
    distances = [known(*pipeline.text_backbone.encode([text])).amin().item() for text in beside]
    assert sum(distance > known.config.far for distance in distances) == 2
