"""Markdown documents: their blocks of code, their links and their headings."""

import re
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
SITE = sorted(path for path in (ROOT / "docs").rglob("*.md"))
OTHERS = [
    ROOT / name
    for name in (
        "README.md",
        ".github/CONTRIBUTING.md",
        ".github/SECURITY.md",
        "training/README.md",
        "training/data/README.md",
        "viewer/README.md",
        "examples/moves/README.md",
    )
]

_BLOCK = re.compile(r'^```(\w+)(?: title="([^"]+)")?\n(.*?)^```$', re.DOTALL | re.MULTILINE)
_CODE = re.compile(r"^```.*?^```$", re.DOTALL | re.MULTILINE)
_LINK = re.compile(r"\]\(([^)\s]+)\)")


@dataclass(frozen=True)
class Block:
    """A block of code.

    Attributes:
        language: after the fence.
        title: the file that the block shows; "" if it has none.
        text: what is in it.
    """

    language: str
    title: str
    text: str


def blocks(document: Path) -> list[Block]:
    """The blocks of code of a document, in order."""
    return [Block(*found) for found in _BLOCK.findall(document.read_text(encoding="utf-8"))]


def links(document: Path) -> list[str]:
    """Where the links and pictures of a document lead."""
    return _LINK.findall(_CODE.sub("", document.read_text(encoding="utf-8")))


def anchors(document: Path) -> set[str]:
    """The anchors of a document's headings, as GitHub and the site make them."""
    headings = re.findall(r"^#+ (.+)$", _CODE.sub("", document.read_text(encoding="utf-8")), re.MULTILINE)
    words = [re.sub(r"[^\w\- ]", "", re.sub(r"\]\(.*?\)", "", heading).lower()) for heading in headings]
    return {word.strip().replace(" ", "-") for word in words}
