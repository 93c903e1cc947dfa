"""`captions_per_clip`: L_align sees several captions of a clip, everything else one."""

import dataclasses

import numpy as np
import torch

from tests.training.test_objective import losses, make
from tests.training.tiny_training import config
from training.dataset import Batches, CaptionStates, Clip
from training.objective import Batch, ObjectiveConfig, latent_alignment

WORDS = [
    "walks",
    "jumps",
    "kicks",
    "circle",
    "up",
    "word",
    "with",
    "man",
]  # which the tiny backbone tells apart
SAID = {40 + i: (f"a person {word}", word) for i, word in enumerate(WORDS)}


def test_a_batch_holds_captions_of_its_own_clips_in_blocks(pipeline, tmp_path):
    captions = [text for texts in SAID.values() for text in texts]
    states = CaptionStates(captions, pipeline.text_backbone, tmp_path)
    clips = [Clip(np.full((n, 263), n, dtype=np.float32), texts) for n, texts in SAID.items()]
    settings = dataclasses.replace(config("batch_size=4"), captions_per_clip=3, token_dropout=0.0)
    batches = Batches(clips, states, torch.zeros(263), torch.ones(263), settings)
    whole = batches.at(0)
    assert len(whole.text) == 12
    for row, (tokens, mask) in enumerate(zip(whole.text, whole.text_mask, strict=True)):
        length = int(whole.motion[row % 4].max())
        assert any(torch.equal(tokens[mask], states[text].float()) for text in SAID[length])
    parts = [batches.at(0, part, 2) for part in range(2)]
    expected = torch.stack([part.text.unflatten(0, (3, 2)) for part in parts], 1).flatten(0, 2)
    torch.testing.assert_close(expected, whole.text)


def test_further_captions_change_the_alignment_alone():
    torch.manual_seed(3)
    objective = make(ObjectiveConfig()).eval()
    motion, mask = torch.randn(3, 12, 5), torch.ones(3, 12, dtype=torch.bool)
    text, text_mask = torch.randn(6, 4, 6), torch.ones(6, 4, dtype=torch.bool)
    one = losses(objective, Batch(motion, mask, text[:3], text_mask[:3]))
    two = losses(objective, Batch(motion, mask, text, text_mask))
    torch.testing.assert_close(one["generation"], two["generation"])
    z_m = objective.motion_encoder(motion, mask)
    each = [latent_alignment(objective.text_encoder(t, text_mask[:3]), z_m, 0.01) for t in text.chunk(2)]
    torch.testing.assert_close(two["alignment"], torch.stack(each).mean())
    assert not torch.isclose(one["alignment"], two["alignment"])
