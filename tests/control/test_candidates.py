"""Best of several: which is chosen, when it is drawn again, and that one candidate changes nothing."""

import numpy as np
import pytest
import torch

from ram_sdk import Motion, RAMPipeline
from ram_sdk.control import Path, candidates
from ram_sdk.models import Matcher, MatcherConfig
from tests.simple_motions import waving


@pytest.fixture(scope="module")
def calibrated(pipeline) -> RAMPipeline:
    return RAMPipeline(**pipeline.components | {"matcher": Matcher(MatcherConfig(5.0, 0.0))})


@pytest.fixture
def no_limits(monkeypatch):
    """Motions of random networks are over every limit."""
    limits = {name: (measure, 1e9) for name, (measure, _) in candidates.LIMITS.items()}
    monkeypatch.setattr(candidates, "LIMITS", limits)


def test_the_best_of_its_candidates_is_returned_and_can_be_made_again(calibrated, no_limits):
    text = "a person jumps"
    (best,) = calibrated(text, 40, num_inference_steps=2, seed=7, num_candidates=4).motions
    seeds = candidates.candidate_seeds(7, 4)
    singles = calibrated([text] * 4, 40, num_inference_steps=2, seed=seeds).motions
    similar = [calibrated.similarity(text, motion) for motion in singles]
    assert best.settings["seed"] == seeds[int(np.argmax(similar))]
    assert best.settings["scores"]["similarity"] == pytest.approx(max(similar), abs=1e-4)
    assert best.settings["num_candidates"] == 4
    np.testing.assert_allclose(best.features, singles[int(np.argmax(similar))].features, atol=2e-4)


def test_every_motion_of_a_batch_has_its_own(calibrated, no_limits):
    together = calibrated(
        ["a person jumps", "someone walks"], [40, 60], num_inference_steps=2, seed=3, num_candidates=3
    )
    alone = calibrated("someone walks", 60, num_inference_steps=2, seed=3, num_candidates=3).motions[0]
    assert together.motions[1].settings["seed"] == alone.settings["seed"]
    assert [len(motion) for motion in together.motions] == [40, 60]


def test_refused_candidates_are_drawn_again_and_not_for_ever(calibrated):
    calls = []

    def draw(rows, seeds):
        calls.append(list(seeds))
        noise = [torch.randn(40, 263, generator=torch.Generator().manual_seed(s % 1000)) for s in seeds]
        return [Motion.from_features(5 * features.numpy()) for features in noise]

    with pytest.warns(UserWarning, match="all 6 candidates of motion 1 have a fault"):
        (chosen,) = candidates.best(calibrated, draw, torch.ones(1, 16), [5], 2)
    assert [seed for call in calls for seed in call] == candidates.candidate_seeds(5, 6)
    assert chosen.drawn == 6
    assert chosen.settings["scores"]["faults"]


def test_broken_limits_rank_first_and_then_similarity_alone():
    def candidate(similarity: float, share: float) -> candidates.Candidate:
        strain = dict.fromkeys(candidates.LIMITS, share)
        return candidates.Candidate(
            Motion(np.zeros((2, 22, 3), np.float32)), 1, candidates.Score(similarity, strain)
        )

    faulty, calm, fitting = candidate(0.9, 1.5), candidate(0.2, 0.1), candidate(0.3, 0.9)
    assert max((faulty, calm, fitting), key=lambda one: one.score.rank) is fitting
    assert fitting.score.entry["plausibility"] == pytest.approx(0.1)


def _broken(fault: str) -> np.ndarray:
    """A calm motion but for one fault."""
    joints = waving()
    frames = len(joints)
    if fault == "sliding":
        joints[..., 2] += np.linspace(0.0, 3.0, frames)[:, None]
    elif fault == "below the floor":
        joints[..., 1] -= 0.05
    elif fault == "jump":
        joints[frames // 2 :, :, 0] += 1.0
    elif fault == "jerk":
        joints[:, 20] += np.random.default_rng(0).normal(0, 0.15, (frames, 3))
        joints[:, 21] += np.random.default_rng(1).normal(0, 0.15, (frames, 3))
    elif fault == "frozen":
        joints[frames // 5 :] = joints[frames // 5]
    elif fault == "cut off":
        joints[-4:, 18:22, 2] += 0.2 * np.arange(1, 5)[:, None]
    return joints.astype(np.float32)


@pytest.mark.parametrize("fault", ["", *candidates.LIMITS])
def test_each_limit_rejects_what_breaks_it(calibrated, fault):
    latent = calibrated.encode_text("a person waves")[0]
    score = candidates.score(calibrated, Motion(_broken(fault)), latent)
    assert score.faults == ((fault,) if fault else ())


def test_what_is_rejected():
    assert set(candidates.LIMITS) == {"sliding", "below the floor", "jump", "jerk", "frozen", "cut off"}


def test_the_scores_are_those_of_the_returned_motion(calibrated, no_limits):
    path = Path([(0, 0), (0, 1), (1, 1)])
    (motion,) = calibrated(
        "a person jumps", 40, num_inference_steps=2, seed=7, num_candidates=3, constraints=path
    ).motions
    score = candidates.score(calibrated, motion, calibrated.encode_text("a person jumps")[0])
    assert motion.settings["scores"] == score.entry


def test_bad_requests_are_refused(pipeline):
    for count in (0, 65):
        with pytest.raises(ValueError, match=f"num_candidates {count}"):
            pipeline("a person jumps", num_candidates=count)
    with pytest.raises(ValueError, match="of 64 candidates in one call"):
        pipeline(["a person jumps"] * 100, num_candidates=64)
    with pytest.raises(ValueError, match=r"training calibrate"):
        pipeline("a person jumps", 40, num_inference_steps=2, num_candidates=2)
