"""The text backbone: whole captions, masks, and the one that ships."""

import pytest
import torch

from ram_sdk.checkpoint import shipped_text_backbone


def test_captions_do_not_depend_on_their_batch(pipeline):
    captions = ["a person jumps", "someone walks forward slowly and then turns left in place"]
    states, mask = pipeline.text_backbone.encode(captions)
    assert mask.sum(1).tolist() == [5, 12]
    alone, _ = pipeline.text_backbone.encode(captions[:1])
    torch.testing.assert_close(states[:1, :5], alone, atol=1e-5, rtol=1e-5)


def test_truncation_in_the_tokenizer_file_is_switched_off(pipeline):
    long = " ".join(["word"] * 40)
    assert pipeline.text_backbone.encode([long])[0].shape[1] == 42
    with pytest.raises(ValueError, match="has 100 tokens: at most 62 can be read; shorten it"):
        pipeline.text_backbone.encode(["a person jumps", " ".join(["word"] * 100)])


def test_shipped_backbone_knows_related_actions():
    backbone = shipped_text_backbone()
    states, mask = backbone.encode(["a person jumps", "someone leaps into the air", "a man sits on a chair"])
    assert states.shape[2] == backbone.config.dim == 384
    means = torch.stack([s[m].mean(0) for s, m in zip(states, mask, strict=True)])
    similarity = torch.nn.functional.cosine_similarity(means[:1], means[1:])
    assert similarity[0] > similarity[1] + 0.1
