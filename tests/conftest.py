"""Real parts at small size, shared by the tests.

The loopback Hub starts before huggingface_hub is imported, because that library reads its endpoint then.
"""

import os
from pathlib import Path

import pytest
from loopback_hub import LoopbackHub

HUB = LoopbackHub()
os.environ["HF_ENDPOINT"] = HUB.endpoint
os.environ.pop("HF_HUB_OFFLINE", None)
os.environ.pop("HF_TOKEN", None)

from tiny_pipeline import build_tiny_pipeline  # noqa: E402

from ram_sdk import RAMPipeline  # noqa: E402


@pytest.fixture
def hub() -> LoopbackHub:
    """The loopback Hub, empty."""
    HUB.repositories.clear()
    HUB.uploads.clear()
    HUB.requests.clear()
    return HUB


@pytest.fixture(scope="session")
def pipeline(tmp_path_factory) -> RAMPipeline:
    """A whole pipeline of small random networks; do not change it."""
    return build_tiny_pipeline(tmp_path_factory.mktemp("backbone"))


@pytest.fixture
def checkpoint(pipeline, tmp_path) -> Path:
    """A pipeline folder of the user's own."""
    folder = tmp_path / "checkpoint"
    pipeline.save_pretrained(folder)
    return folder
