"""The metrics against the original formulas, and what they must do on sets whose answer is known."""

from pathlib import Path

import numpy as np
import pytest
import torch

from training.evaluation.metrics import (
    Interval,
    Moments,
    diversity,
    draw_pairs,
    duplicate_limit,
    frechet_distance,
    matching_distance,
    multimodality,
    r_precision,
)

ORACLE = Path(__file__).parents[1] / "data" / "metrics_mdm.npz"
CHANCE = 1 / 32


@pytest.fixture(scope="module")
def oracle() -> dict[str, torch.Tensor]:
    with np.load(ORACLE) as stored:
        return {key: torch.from_numpy(np.asarray(stored[key])) for key in stored}


def normal(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def test_every_metric_equals_the_original(oracle):
    text, motion, generated = oracle["text"], oracle["motion"], oracle["generated"]
    pairs = {name: torch.stack((oracle[f"{name}_first"], oracle[f"{name}_second"])) for name in
             ("diversity", "multimodality")}  # fmt: skip
    ours = {
        "r_precision_top123": r_precision(text, motion),
        "mm_dist": matching_distance(text, motion),
        "fid_motion_generated": frechet_distance(motion, generated),
        "diversity": diversity(motion, pairs["diversity"]),
        "multimodality": multimodality(oracle["multimodal"], pairs["multimodality"]),
    }
    for name, value in ours.items():
        torch.testing.assert_close(
            torch.as_tensor(value, dtype=torch.float64), oracle[name].double(), rtol=1e-6, atol=1e-6, msg=name
        )


def test_moments_of_batches_are_those_of_the_whole():
    embeddings = normal(101, 8) * 3 + 50
    moments = Moments()
    for batch in embeddings.split(17):
        moments.add(batch)
    assert moments.count == 101
    torch.testing.assert_close(moments.mean, embeddings.mean(0))
    torch.testing.assert_close(moments.covariance, torch.cov(embeddings.T))
    assert frechet_distance(moments, embeddings) == pytest.approx(0, abs=1e-10)


def test_frechet_distance_with_fewer_samples_than_dimensions():
    a, b = normal(20, 64), normal(30, 64, seed=1) * 2 + 1
    deviations = [(x - x.mean(0)) / (len(x) - 1) ** 0.5 for x in (a, b)]
    shared = torch.linalg.matrix_norm(deviations[0] @ deviations[1].T, "nuc")
    expected = (a.mean(0) - b.mean(0)).square().sum() - 2 * shared
    expected = expected + sum(x.square().sum() for x in deviations)
    assert frechet_distance(a, b) == pytest.approx(float(expected), rel=1e-7)
    assert frechet_distance(a, a) == pytest.approx(0, abs=1e-6)


def test_frechet_distance_of_halves_is_near_zero_and_noise_raises_it():
    embeddings = normal(4000, 16)
    halves = frechet_distance(embeddings[::2], embeddings[1::2])
    noisy = [
        frechet_distance(embeddings, embeddings + s * normal(4000, 16, seed=2)) for s in (0, 0.3, 0.6, 1.2)
    ]
    assert 0 <= halves < 0.1
    assert noisy[0] < halves
    assert noisy == sorted(noisy)
    assert noisy[-1] > 10 * halves


def test_shuffled_captions_have_chance_r_precision():
    motion = normal(6400, 16)
    text = motion + 0.1 * normal(6400, 16, seed=1)
    matched = r_precision(text, motion)
    shuffled = r_precision(text[torch.randperm(6400, generator=torch.Generator().manual_seed(0))], motion)
    assert matched[0] > 0.99
    torch.testing.assert_close(shuffled, CHANCE * torch.arange(1.0, 4.0).double(), atol=0.01, rtol=0)


def test_motions_that_are_all_alike_score_as_chance():
    assert r_precision(normal(320, 4), torch.ones(320, 4)).tolist() == pytest.approx(
        [CHANCE, 2 * CHANCE, 3 * CHANCE]
    )


def test_samples_beyond_the_last_group_do_not_count():
    text, motion = normal(70, 4), normal(70, 4, seed=1)
    assert r_precision(text, motion).equal(r_precision(text[:64], motion[:64]))


def test_captions_of_one_class_count_as_right():
    text = torch.tensor([[0.0], [0.1], [10.0], [10.1]])
    motion = torch.tensor([[0.1], [0.0], [30.0], [10.0]])
    assert r_precision(text, motion, 2, 4).tolist() == [0.25, 0.75]
    assert r_precision(text, motion, 2, 4, labels=("a", "a", "b", "b")).tolist() == [1, 1]
    # All different classes are the plain metric.
    assert r_precision(text, motion, 2, 4, labels="abcd").tolist() == [0.25, 0.75]


def test_the_best_evaluator_reaches_the_duplicate_limit_and_no_more():
    captions = ["walk"] * 3 + ["jump"] + ["run"] * 2 + ["sit"] * 2 + ["left over"]
    limit = duplicate_limit(captions, 3, 4)
    # Groups (walk, walk, walk, jump), (run, run, sit, sit).
    assert limit.tolist() == [4 / 8, 7 / 8, 8 / 8]
    place = {caption: float(i) for i, caption in enumerate(dict.fromkeys(captions))}
    perfect = torch.tensor([[place[caption]] for caption in captions])
    assert r_precision(perfect, perfect, 3, 4).equal(limit)
    assert r_precision(perfect, perfect, 3, 4, labels=captions).tolist() == [1, 1, 1]


def test_pairs_are_drawn_without_replacement_and_by_seed():
    pairs = draw_pairs(300, 300, np.random.default_rng(7))
    assert pairs.sort(dim=1).values.equal(torch.arange(300).expand(2, 300))
    assert not pairs[0].equal(pairs[1])
    assert pairs.equal(draw_pairs(300, 300, np.random.default_rng(7)))
    with pytest.raises(ValueError, match="at least 301"):
        draw_pairs(300, 301, np.random.default_rng(7))


def test_an_interval_is_the_fields():
    interval = Interval.of([1.0, 2.0, 3.0, 6.0])
    assert (interval.mean, interval.replications) == (3.0, 4)
    assert interval.half_width == pytest.approx(1.96 * 3.5**0.5 / 2)
    assert str(interval) == "3.000 ± 1.833"
    assert Interval.of([0.5]).half_width == 0


def test_broken_embeddings_are_refused():
    broken = torch.tensor([[1.0], [float("nan")]])
    with pytest.raises(ValueError, match="NaN"):
        frechet_distance(broken, torch.ones(2, 1))
    with pytest.raises(ValueError, match="at least 2"):
        frechet_distance(torch.ones(1, 2), torch.ones(5, 2))
    with pytest.raises(ValueError, match="one each"):
        matching_distance(torch.ones(4, 2), torch.ones(3, 2))
    with pytest.raises(ValueError, match="at least 32 samples"):
        r_precision(torch.ones(31, 2), torch.ones(31, 2))
