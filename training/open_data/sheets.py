"""Contact sheets: one picture per action, stick figures from the front and from the side."""

import json
import re
from collections import defaultdict
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw
from tqdm import tqdm

from ram_sdk.skeleton.joints import HUMANML3D
from training.data.folder import MotionTextFolder

_CLIPS, _POSES = 8, 12  # rows of a sheet, poses in a row
_CELL, _HEAD = 96, 16  # pixels: width and height of a pose, height of a row's title
_PIXELS_PER_METRE = 42.0
_LEFT, _RIGHT, _MIDDLE = (30, 90, 220), (210, 40, 40), (40, 40, 40)


def write_sheets(root: Path, out: Path) -> list[Path]:
    """Draw `<action>.png` for every action, and every kind of composed motion, of a set that `build` made.

    Each row shows one clip: above as seen from the front of its first frame (the body's left is on the
    right), below from the body's right. Left limbs are blue, right limbs red; the root stays in the middle.

    Args:
        root: the set.
        out: folder for the pictures; made if it is missing.

    Returns:
        The pictures.

    Raises:
        FileNotFoundError: the folder has no `clips.json`.
    """
    listing = root / "clips.json"
    if not listing.is_file():
        raise FileNotFoundError(f"{root}: no clips.json; contact sheets are for sets built by this project")
    data = MotionTextFolder(root)
    actions: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for clip in json.loads(listing.read_text(encoding="utf-8")).values():
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
    row_height = 2 * _CELL + _HEAD
    sheet = Image.new("RGB", (_POSES * _CELL, len(clips) * row_height), "white")
    pen = ImageDraw.Draw(sheet)
    for row, clip in enumerate(clips):
        top = row * row_height
        caption = data.captions(clip["clip_id"])[0].text
        seconds = clip["end_seconds"] - clip["start_seconds"]
        name = " ".join(
            filter(None, (clip.get("file"), clip.get("take"), *map(str, clip.get("sources", ()))))
        )
        pen.text((4, top + 2), f"{clip['clip_id']}  {name}  {seconds:.1f} s  {caption}", fill="black")
        joints = data.joints(clip["clip_id"]).astype(np.float64)
        for column, frame in enumerate(np.linspace(0, len(joints) - 1, _POSES).astype(int)):
            pose = joints[frame] - joints[frame, 0] * np.array((1.0, 0.0, 1.0))
            for view, across in enumerate((pose[:, 0], pose[:, 2])):
                floor = top + _HEAD + (view + 1) * _CELL - 8
                _draw_pose(pen, across, pose[:, 1], (column + 0.5) * _CELL, floor)
    return sheet


def _draw_pose(
    pen: ImageDraw.ImageDraw,
    across: NDArray[np.float64],
    height: NDArray[np.float64],
    middle: float,
    floor: float,
) -> None:
    pen.line((middle - _CELL / 2, floor, middle + _CELL / 2, floor), fill=(200, 200, 200))
    x, y = middle + across * _PIXELS_PER_METRE, floor - height * _PIXELS_PER_METRE
    for joint, parent in enumerate(HUMANML3D.parents):
        if parent >= 0:
            name = HUMANML3D.joint_names[joint]
            colour = _LEFT if name.startswith("left") else _RIGHT if name.startswith("right") else _MIDDLE
            pen.line((x[parent], y[parent], x[joint], y[joint]), fill=colour, width=2)
