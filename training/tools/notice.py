"""Licences, terms and credits of everything in the package, gathered from where each is kept."""

import re
from pathlib import Path

from ram_sdk.checkpoint.card import licence_of, terms_of
from ram_sdk.shipped import ASSETS, SHIPPED

NOTICE = ASSETS / "NOTICE.md"
_HEAD = """# Licences of everything in ram_sdk

Written by `python -m training tools notice`. Packages that pip installs besides have their own licences.

## The code

Apache License 2.0, see `LICENSE`. `smplx`, which pip installs, is for non-commercial research only, code
included; nothing here imports it.
"""


def notice() -> str:
    """The whole file."""
    parts = [_HEAD]
    for name, folder in SHIPPED.items():
        sections = re.sub(r"^## ", "### ", terms_of(folder)[1], flags=re.MULTILINE)
        parts.append(f"## The weights of {name}\n\nLicence: {licence_of(folder)}\n\n{sections}")
    parts.append(
        f"## The text encoder\n\n{_read('text_backbone/NOTICE')}\nIts licence: `text_backbone/LICENSE`.\n"
    )
    parts.append(re.sub(r"^# .*\n", "## The body\n", _read("body.md")))
    for script in sorted(ASSETS.rglob("*.js")):
        parts.append(_script(script))
    return "\n".join(part.rstrip() + "\n" for part in parts)


def _script(path: Path) -> str:
    """What a bundle says of the libraries in it, in the comment that it begins with."""
    comment = re.match(r"/\*(.*?)\*/", path.read_text(encoding="utf-8"), re.DOTALL)
    if comment is None:
        raise ValueError(f"{path} does not begin with a comment that holds its libraries' licences")
    return f"## {path.relative_to(ASSETS)}\n\n```\n{comment[1].strip()}\n```\n"


def _read(name: str) -> str:
    return (ASSETS / name).read_text(encoding="utf-8")
