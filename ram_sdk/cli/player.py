"""Motions without an output file: a page in the browser."""

import os
import sys
import tempfile
import webbrowser
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from ram_sdk.cli import console
from ram_sdk.text_files import slug

if TYPE_CHECKING:
    from ram_sdk.motion import Motion

MOST = 6
"""Motions that are shown side by side."""


def show(motions: "Sequence[Motion]") -> None:
    """Write a page into the temporary folder and open it, or say where it lies if there is no screen."""
    page = Path(tempfile.mkdtemp(prefix="ram_sdk-")) / f"{slug(motions[0].prompt or '')}.html"
    motions[0].save(page, beside=motions[1:])
    opened = _has_screen() and webbrowser.open(page.as_uri())
    hint = "" if opened else "  (no browser here: copy it to a screen, or give -o FILE)"
    seeds = [motion.settings.get("seed") for motion in motions]
    told = "".join(f"  seed {seed}" for seed in seeds if seed is not None)
    console.say(f"{page}{told}{hint}", {"file": str(page), "opened": opened, "seeds": seeds})


def _has_screen() -> bool:
    """Whether a browser that is started here is seen; otherwise a text browser might take the terminal."""
    if os.environ.get("BROWSER"):
        return True
    if sys.platform in ("win32", "darwin"):
        return "SSH_CONNECTION" not in os.environ
    return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))
