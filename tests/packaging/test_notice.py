"""The licences of everything in the package are in one file, and follow what they are taken from."""

import pytest

from ram_sdk.shipped import ASSETS, SHIPPED
from training.tools.notice import NOTICE, notice

_OWN = {"body.md", "body.npz", "player.html", NOTICE.name}


def test_notice_is_up_to_date():
    assert NOTICE.read_text(encoding="utf-8") == notice(), "run `python -m training tools notice`"


@pytest.mark.parametrize(
    "words",
    [
        "Apache License 2.0",
        "non-commercial use only",
        "mocap.cs.cmu.edu",
        "Bandai Namco",
        "MiniLM",
        "CC0",
        "three.js",
    ],
)
def test_notice_names_what_is_shipped(words):
    assert words in NOTICE.read_text(encoding="utf-8")


def test_nothing_is_shipped_that_it_does_not_cover():
    covered = {*SHIPPED.values(), ASSETS / "text_backbone"}
    for path in ASSETS.rglob("*"):
        if path.is_file() and not any(folder in path.parents for folder in covered):
            assert path.name in _OWN or path.suffix == ".js", path
