"""Figure 4, the blind user study: a page for ranking motions, and the key that stays with its author.

The page plays the motions of all methods side by side, offline, in a new random order for each participant,
and saves the ranks to a file. As in section 4.8 of the paper, each prompt is ranked once by text fit and
motion quality together. Motions have random ids; only the key maps them to methods.
"""

import base64
import json
import random
import struct
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from ram_sdk import Motion
from ram_sdk.files import write_whole
from ram_sdk.formats import html
from training.data.folder import MotionTextFolder
from training.evaluation.clips import MAX_FRAMES, read_labelled
from training.evaluation.protocol import Row

_GLB_HEADER, _CHUNK_HEADER = 12, 8  # bytes


def draw_prompts(data: Path, count: int, seed: int) -> tuple[list[str], list[float]]:
    """Random captions of the test split, and the lengths of their clips in seconds.

    Raises:
        ValueError: the split has fewer distinct captions.
    """
    folder = MotionTextFolder(data)
    seconds = {
        clip.captions[0].text: min(len(clip.features), MAX_FRAMES) / folder.skeleton.fps
        for clip in read_labelled(folder, "test")
    }
    if len(seconds) < count:
        raise ValueError(f"{data} has only {len(seconds)} different test captions, fewer than {count}")
    chosen = random.Random(seed).sample(sorted(seconds), count)
    return chosen, [seconds[caption] for caption in chosen]


def build_page(
    motions: Sequence[Sequence[Motion]], rows: Sequence[Row], seed: int
) -> tuple[str, dict[str, Any]]:
    """The study's page, and the key that maps motions to methods.

    Args:
        motions: for each row its motions, prompt by prompt.
        rows: the methods.
        seed: of the motions, and of their random ids.

    Returns:
        The page, and the content of `key.json`.
    """
    names = random.Random(f"{seed} {[asdict(row) for row in rows]}")
    study_id = f"{names.getrandbits(64):016x}"
    groups = [list(group) for group in zip(*motions, strict=True)]
    tokens = [[f"{names.getrandbits(48):012x}" for _ in group] for group in groups]
    contents = [html.contents(group) for group in groups]
    models = [_split_glb(model) for _, model in contents]
    body = _body(*models[0])
    trials = []
    for group, ids, (about, _), (gltf, binary) in zip(groups, tokens, contents, models, strict=True):
        described = json.loads(about)
        for motion, animation, token in zip(described["motions"], gltf["animations"], ids, strict=True):
            motion["id"], animation["name"] = token, token
        rest = base64.b64encode(binary[len(body) :]).decode("ascii")
        trials.append({"prompt": group[0].prompt, **described, "gltf": gltf, "rest": rest})
    study = {
        "id": study_id,
        "player": html.page("Motions", "@about@", "@model@"),
        "body": base64.b64encode(body).decode("ascii"),
        "trials": trials,
    }
    template = Path(__file__).with_name("user_study.html").read_text(encoding="utf-8")
    key = {
        "study": study_id,
        "seed": seed,
        "rows": [asdict(row) for row in rows],
        "trials": [
            {
                "prompt": group[0].prompt,
                "motions": {token: row.name for token, row in zip(ids, rows, strict=True)},
            }
            for group, ids in zip(groups, tokens, strict=True)
        ],
    }
    return template.replace("{{study}}", json.dumps(study).replace("<", "\\u003c")), key


def _split_glb(model: bytes) -> tuple[dict[str, Any], bytes]:
    """The JSON and the binary part of a GLB file."""
    (length,) = struct.unpack_from("<I", model, _GLB_HEADER)
    start = _GLB_HEADER + _CHUNK_HEADER
    return json.loads(model[start : start + length]), model[start + length + _CHUNK_HEADER :]


def _body(gltf: dict[str, Any], binary: bytes) -> bytes:
    """The body, with which every model's binary part begins, up to its first animation."""
    clock = gltf["accessors"][gltf["animations"][0]["samplers"][0]["input"]]
    return binary[: gltf["bufferViews"][clock["bufferView"]]["byteOffset"]]


def write_study(motions: Sequence[Sequence[Motion]], rows: Sequence[Row], seed: int, out: Path) -> Path:
    """Write `study.html` and `key.json` of `build_page`; returns the page's path."""
    page, key = build_page(motions, rows, seed)
    out.mkdir(parents=True, exist_ok=True)
    write_whole(out / "study.html", page.encode())
    write_whole(out / "key.json", (json.dumps(key, indent=2) + "\n").encode())
    return out / "study.html"
