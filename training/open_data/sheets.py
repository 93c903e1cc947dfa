"""Contact sheets: one picture per action, with stick figures from the front and from the side."""

import re
from collections import defaultdict
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageDraw
from tqdm import tqdm

from ram_sdk import Motion, render
from training.data.folder import MotionTextFolder, read_listing

_CLIPS, _POSES = 8, 12  # rows of a sheet, poses in a row
_POSE_HEIGHT, _TITLE_HEIGHT = 128, 16  # pixels
_FRONT, _RIGHT_SIDE = 0.0, -90.0  # degrees, for the camera


def write_sheets(root: Path, out: Path) -> list[Path]:
    """Draw `<action>.png` for every action, and every kind of composed motion, of a set made by `build`.

    Each row shows one clip: at the top from the front of its first frame (the body's left is on the right),
    at the bottom from the body's right. Left limbs are coral, right limbs blue; the root stays centred.

    Args:
        root: the set.
        out: folder for the pictures; created if missing.

    Returns:
        The pictures.

    Raises:
        FileNotFoundError: the folder has no `clips.json`.
    """
    listing = read_listing(root)
    if not listing:
        raise FileNotFoundError(f"{root}: no clips.json: contact sheets need a set built by this project")
    data = MotionTextFolder(root)
    actions: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for clip in listing.values():
        if not clip["mirrored"]:
            actions[f"composed {clip['composed']}" if "composed" in clip else clip["action"]].append(clip)
    out.mkdir(parents=True, exist_ok=True)
    pictures = []
    for action, clips in tqdm(sorted(actions.items()), desc="drawing", unit="sheet", disable=None):
        chosen = [clips[i] for i in np.linspace(0, len(clips) - 1, min(_CLIPS, len(clips))).astype(int)]
        path = out / f"{re.sub('[^a-z0-9]+', '-', action)}.png"
        _draw_sheet(data, chosen).save(path)
        pictures.append(path)
    return pictures


def _draw_sheet(data: MotionTextFolder, clips: list[dict[str, Any]]) -> Image.Image:
    rows: list[Image.Image] = []
    for clip in clips:
        caption = data.captions(clip["clip_id"])[0].text
        seconds = clip["end_seconds"] - clip["start_seconds"]
        name = " ".join(
            filter(None, (clip.get("file"), clip.get("take"), *map(str, clip.get("sources", ()))))
        )
        motion = Motion(data.joints(clip["clip_id"]))
        views = [
            render.strip(motion, size=_POSE_HEIGHT, poses=_POSES, azimuth=azimuth, times=False)
            for azimuth in (_FRONT, _RIGHT_SIDE)
        ]
        title = Image.new("RGB", (views[0].width, _TITLE_HEIGHT), "white")
        text = f"{clip['clip_id']}  {name}  {seconds:.1f} s  {caption}"
        ImageDraw.Draw(title).text((4, 2), text, fill="black")
        rows += [title, *views]
    return render.stack(rows, max(row.width for row in rows))
