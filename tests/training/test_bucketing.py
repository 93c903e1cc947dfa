"""`bucketing` decides whether clips of similar lengths share a batch; never which clips an epoch has."""

import dataclasses

import numpy as np
import pytest
import torch

from tests.training.tiny_training import config
from training.dataset import Batches, CaptionStates, Clip

SIZE, CLIPS = 4, 128


@pytest.fixture(scope="module")
def states(pipeline, tmp_path_factory) -> CaptionStates:
    return CaptionStates(["a person walks"], pipeline.text_backbone, tmp_path_factory.mktemp("captions"))


def lengths_of_an_epoch(states: CaptionStates, bucketing: bool) -> np.ndarray:
    """Frames of each clip, `(batches, clips)`; a clip's features hold its number."""
    clips = [Clip(np.full((40 + i, 263), i, dtype=np.float32), ("a person walks",)) for i in range(CLIPS)]
    settings = dataclasses.replace(config(f"batch_size={SIZE}"), bucketing=bucketing)
    batches = Batches(clips, states, torch.zeros(263), torch.ones(263), settings)
    epoch = [batches.at(step).motion.amax((1, 2)) for step in range(CLIPS // SIZE)]
    return torch.stack(epoch).numpy()


@pytest.mark.parametrize("bucketing", [True, False])
def test_an_epoch_has_every_clip_once(states, bucketing):
    assert sorted(lengths_of_an_epoch(states, bucketing).ravel()) == list(range(CLIPS))


def test_batches_without_bucketing_mix_all_lengths(states):
    spread = {on: np.ptp(lengths_of_an_epoch(states, on), axis=1).mean() for on in (True, False)}
    assert spread[True] == SIZE - 1  # the set fits into one bucket: neighbours in length
    expected = CLIPS * (SIZE - 1) / (SIZE + 1)  # of four numbers drawn from 128
    assert spread[False] == pytest.approx(expected, rel=0.15)
