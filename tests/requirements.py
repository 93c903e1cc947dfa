"""Programs that pip does not install: without them a test skips, but in CI, which installs them, it fails."""

import os
from typing import NoReturn

import pytest


def skip_without(what: str) -> NoReturn:
    """Skip the running test, or fail it where the environment says `CI=true`."""
    if os.environ.get("CI") == "true":
        pytest.fail(f"CI {what}")
    pytest.skip(what)
