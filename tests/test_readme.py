"""The README keeps its word: it is short, its picture moves, its test command is what CI runs."""

import pytest
from PIL import Image

from tests.documents import OTHERS, ROOT, SITE, anchors, links

README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_ci_runs_the_readmes_test_command():
    command = (ROOT / ".ci" / "run").read_text(encoding="utf-8").splitlines()[-1]
    assert command.endswith("python -m pytest")
    assert f"```sh\n{command}\n```" in README


def test_readme_is_short():
    assert len(README.splitlines()) <= 100


def test_its_picture_moves_and_is_small():
    file = ROOT / "docs" / "pictures" / "people.webp"
    assert f"]({file.relative_to(ROOT).as_posix()})" in README
    assert file.stat().st_size <= 1_500_000
    with Image.open(file) as picture:
        assert picture.n_frames >= 24


@pytest.mark.parametrize("document", OTHERS + SITE, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_links_lead_somewhere(document):
    """Links of the site to cards and into the API are held by `mkdocs build --strict`."""
    for link in links(document):
        target, _, anchor = link.partition("#")
        if target.startswith("http") or "cards/" in (document.parent / target).as_posix():
            continue
        path = (document.parent / target).resolve() if target else document
        assert path.exists(), link
        if anchor and path.suffix == ".md":
            assert anchor in anchors(path), link
