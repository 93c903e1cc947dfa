"""`RAMPipeline.from_pretrained` with two denoising steps: what documents show, at a size for tests."""

import copy
from functools import cache
from typing import Any

from ram_sdk import RAMPipeline, RAMScheduler
from ram_sdk.shipped import DEFAULT

STEPS = 2
_from_pretrained = RAMPipeline.from_pretrained


@cache
def _default() -> RAMPipeline:
    return _from_pretrained()


def from_pretrained(source: Any = DEFAULT, **options: Any) -> RAMPipeline:
    """A pipeline of one's own; networks of the default checkpoint are read once and shared."""
    pipeline = copy.copy(_default()) if source == DEFAULT else _from_pretrained(source, **options)
    pipeline.scheduler = RAMScheduler.from_config(pipeline.scheduler, num_inference_steps=STEPS)
    return pipeline


def install() -> None:
    """Use it in this process, such as the kernel of a notebook."""
    RAMPipeline.from_pretrained = from_pretrained
