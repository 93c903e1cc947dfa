"""The benchmark of batches compares ways that make the same motions."""

import torch

from ram_sdk import RAMPipeline
from training.benchmarks.batches import PaddedPipeline, measure


def test_padding_to_the_longest_makes_the_same_motions(pipeline: RAMPipeline) -> None:
    padded = PaddedPipeline(**pipeline.components)
    padded.longest = 60
    options = {"seed": [1, 2], "num_inference_steps": 2, "output_type": "features"}
    plain, wide = (pipe(["a person walks"] * 2, [20, 40], **options).motions for pipe in (pipeline, padded))
    for one, other in zip(plain, wide, strict=True):
        torch.testing.assert_close(one, other, atol=1e-4, rtol=1e-4)


def test_every_way_is_measured(checkpoint) -> None:
    seconds, lengths = measure(str(checkpoint), prompts=5, steps=2, batch_size=2, repeats=1)
    assert list(seconds) == ["sorted by length", "in table order", "all padded to the longest"]
    assert min(min(one) for one in seconds.values()) > 0
    assert len(lengths) == 5
