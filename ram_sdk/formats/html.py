"""`.html`: one file that plays the motion in 3D in any browser, without a network."""

import base64
import json
from collections.abc import Sequence
from html import escape
from importlib.resources import files
from pathlib import Path

from ram_sdk.formats import glb
from ram_sdk.motion import Motion


def write(motion: Motion, path: Path, *, beside: Sequence[Motion] = ()) -> None:
    """Write a page with a player: play, scrub, speed, orbit, and a camera that follows.

    Args:
        motion: a motion of 22 joints.
        path: file to write.
        beside: further motions, to be seen side by side with this one and in step with it.

    Raises:
        ValueError: a motion that is not of 22 joints.
    """
    motions = [motion, *beside]
    about = {
        "floor": min(_floor(one) for one in motions),
        "motions": [{"caption": one.prompt or "", "fps": one.fps, "frames": len(one)} for one in motions],
    }
    parts = {
        "title": escape(motion.prompt or "Motion"),
        "about": json.dumps(about).replace("<", "\\u003c"),
        "model": base64.b64encode(glb.build(motions)).decode("ascii"),
        "player": _asset("player.js"),
    }
    page = _asset("player.html")
    for name, text in parts.items():
        before, after = page.split(f"{{{{{name}}}}}")
        page = before + text + after
    path.write_text(page, encoding="utf-8")


def _floor(motion: Motion) -> float:
    """Height of the lowest point of the body, metres: soles are thicker than the joints in them."""
    return float(motion.to_mesh().vertices[..., 1].min())


def _asset(name: str) -> str:
    return (files("ram_sdk") / "assets" / name).read_text(encoding="utf-8")
