"""What the tests of training share."""

from pathlib import Path

import pytest

from tests.training.tiny_training import write_data


@pytest.fixture(scope="session")
def data(tmp_path_factory) -> Path:
    """A folder in HumanML3D's layout; do not change it."""
    folder = tmp_path_factory.mktemp("data")
    write_data(folder)
    return folder
