"""The benchmark of training runs both ways, and MDM's way learns."""

import torch
from tiny_training import config

from training.mdm import FRAMES, MDM, MDMTraining
from training.throughput import measure


def test_throughput_of_both_ways():
    settings = config("batch_size=8")
    mdm, plain, mixed = measure(settings, None, steps=1, repeats=1, cpu=True)
    assert "MDM" in mdm.name
    assert plain.operations == mixed.operations
    for result in (mdm, plain, mixed):
        assert result.steps_per_second > 0
        assert 0 < result.share < 1


def test_mdm_training_learns_and_leaves_clip_alone():
    torch.manual_seed(0)
    training = MDMTraining(MDM(5, width=16, feedforward=16, layers=1), torch.device("cpu"))
    clip = [weight.clone() for weight in training._clip.parameters()]
    motion = torch.ones(2, FRAMES, 5)
    mask = torch.arange(FRAMES) < torch.tensor([FRAMES, 50])[:, None]
    losses = [training.step(motion, mask) for _ in range(8)]
    assert losses[-1] < losses[0]
    assert all(torch.equal(a, b) for a, b in zip(clip, training._clip.parameters(), strict=True))
