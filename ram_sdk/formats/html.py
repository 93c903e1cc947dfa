"""`.html`: one file that plays the motion in 3D in any browser, without a network."""

import base64
import json
import re
from collections.abc import Sequence
from html import escape
from importlib.resources import files
from pathlib import Path

from ram_sdk.clip import Clip
from ram_sdk.formats import glb
from ram_sdk.formats.write_options import HtmlOptions

_FRAME_STYLE = "width: 100%; height: 480px; border: 0"


def write(motion: Clip, path: Path, options: HtmlOptions) -> None:
    """Write a page with a player: play, scrub, speed, orbit, and a camera that follows."""
    path.write_text(player([motion, *options.beside]), encoding="utf-8")


def player(motions: Sequence[Clip]) -> str:
    """A page that plays motions side by side and in step."""
    about, model = contents(motions)
    return page(motions[0].prompt or "Motion", about, base64.b64encode(model).decode("ascii"))


def frame(motions: Sequence[Clip]) -> str:
    """The player as an element of another page, such as a notebook."""
    page = escape(player(motions), quote=True)
    return f'<iframe srcdoc="{page}" sandbox="allow-scripts" style="{_FRAME_STYLE}"></iframe>'


def contents(motions: Sequence[Clip]) -> tuple[str, bytes]:
    """What the player needs: a JSON description of the motions, and a GLB file of them."""
    about = {
        "floor": min(_floor(motion) for motion in motions),
        "motions": [{"caption": one.prompt or "", "fps": one.fps, "frames": len(one)} for one in motions],
    }
    return json.dumps(about), glb.build(motions)


def page(title: str, about: str, model: str) -> str:
    """The player's page around what `contents` returns, the model in base64."""
    parts = {
        "title": escape(title),
        "about": about.replace("<", "\\u003c"),
        "model": model,
        "player": _asset("player.js"),
    }
    return re.sub(r"\{\{(\w+)\}\}", lambda place: parts[place[1]], _asset("player.html"))


def _floor(motion: Clip) -> float:
    """Height of the lowest point of the body, metres: soles are thicker than the joints in them."""
    return float(motion.to_mesh().vertices[..., 1].min())


def _asset(name: str) -> str:
    return (files("ram_sdk") / "assets" / name).read_text(encoding="utf-8")
