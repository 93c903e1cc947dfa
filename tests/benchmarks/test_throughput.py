"""The benchmark of training measures both loops, and MDM's learns."""

import pytest
import torch

from tests.training.tiny_training import config
from training.benchmarks.mdm import FRAMES, MDM, MDMTraining
from training.benchmarks.throughput import measure


@pytest.mark.slow
def test_throughput_of_both_in_both_precisions():
    results = measure(config("batch_size=8"), None, steps=1, repeats=1, cpu=True)
    assert [(result.name, result.precision) for result in results] == [
        (name, precision) for name in ("MDM", "RAM") for precision in ("fp32", "bf16")
    ]
    for plain, mixed in (results[:2], results[2:]):
        assert plain.operations == mixed.operations
    for result in results:
        assert result.steps_per_second > 0
        assert result.share > 0


@pytest.mark.slow
@pytest.mark.parametrize("bf16", [False, True])
def test_mdm_training_learns_and_leaves_clip_alone(bf16):
    torch.manual_seed(0)
    training = MDMTraining(MDM(5, width=16, feedforward=16, layers=1), torch.device("cpu"), bf16)
    clip = [weight.clone() for weight in training._clip.parameters()]
    motion = torch.ones(2, FRAMES, 5)
    mask = torch.arange(FRAMES) < torch.tensor([FRAMES, 50])[:, None]
    losses = [training.step(motion, mask) for _ in range(8)]
    assert losses[-1] < losses[0]
    assert all(torch.equal(a, b) for a, b in zip(clip, training._clip.parameters(), strict=True))
