"""Every download of the page, opened by a reader that is not ours."""

import io
import json
import struct
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import trimesh

from tests.browser import wait_until
from tests.studio.page import Studio, element, read

pytestmark = pytest.mark.slow
FRAMES = 40
BLENDER = 300  # seconds that it may take to start


def bvh_frames(content: bytes, path: Path) -> int:
    pybvh = pytest.importorskip("pybvh", reason="pip install pybvh")
    return int(pybvh.read_bvh_file(str(path)).frame_count)


def glb_vertices(content: bytes, path: Path) -> int:
    return len(trimesh.load(io.BytesIO(content), file_type="glb").to_mesh().vertices)


def mesh_vertices(content: bytes, path: Path) -> int:
    return len(trimesh.load(io.BytesIO(content), file_type=path.suffix[1:]).vertices)


def usd_frames(content: bytes, path: Path) -> int:
    pxr = pytest.importorskip("pxr.Usd", reason="pip install usd-core")
    return int(pxr.Stage.Open(str(path)).GetEndTimeCode()) + 1


def picture_size(content: bytes, path: Path) -> int:
    image = pytest.importorskip("PIL.Image", reason="pip install pillow")
    return int(image.open(io.BytesIO(content)).size[1])


def film_frames(content: bytes, path: Path) -> int:
    ffmpeg = pytest.importorskip("imageio_ffmpeg", reason="pip install imageio-ffmpeg")
    return int(ffmpeg.count_frames_and_secs(str(path))[0])


# Of each format: an option and what is chosen, the reader, and what it must find.
READERS: dict[str, tuple[dict[str, str], Callable[[bytes, Path], int], Callable[[int], bool]]] = {
    "npy": ({}, lambda content, path: len(np.load(io.BytesIO(content))), FRAMES.__eq__),
    "npz": (
        {"layout": "smplh", "fps": "20"},
        lambda content, path: len(np.load(io.BytesIO(content))["poses"]),
        FRAMES.__eq__,
    ),
    "json": ({}, lambda content, path: len(json.loads(content)["joints"]), FRAMES.__eq__),
    "bvh": ({"unit": "m", "fps": "10"}, bvh_frames, (FRAMES // 2).__eq__),
    "glb": ({"names": "unreal"}, glb_vertices, lambda count: count > 1000),
    "html": ({}, lambda content, path: content.count(b"<canvas"), lambda count: count >= 1),
    "usd": ({}, usd_frames, FRAMES.__eq__),
    "usda": ({}, usd_frames, FRAMES.__eq__),
    "fbx": ({}, lambda content, path: content.count(b"Kaydara FBX Binary"), (1).__eq__),
    "obj": ({"frame": "-1"}, mesh_vertices, lambda count: count > 1000),
    "ply": ({}, mesh_vertices, lambda count: count > 1000),
    "stl": ({}, mesh_vertices, lambda count: count > 1000),
    "gif": ({"size": "96"}, picture_size, (96).__eq__),
    "png": ({"size": "96"}, picture_size, (137).__eq__),  # the poses, and their times below
    "mp4": ({"size": "96"}, film_frames, FRAMES.__eq__),
}


def download(studio: Studio, name: str, options: dict[str, str]) -> Path:
    """Choose a format and its options in the dialog, and press the button."""
    path = studio.browser.downloads / f"a-person-walks.{name}"
    path.unlink(missing_ok=True)
    studio.choose("format", name)
    for option, value in options.items():
        field = f"option-{option}"
        if studio.evaluate(f"{element(field)}.tagName") == "SELECT":
            studio.choose(field, value)
        else:
            studio.fill(field, value)
    studio.click("download-go")
    wait_until(lambda: path.is_file() or "download-error" in studio.errors(), BLENDER)
    assert studio.errors() == {}, name
    return path


def test_every_format_is_downloaded_and_read(studio: Studio) -> None:
    studio.fill("prompt", "a person walks")
    studio.fill("duration", "2")
    studio.generate()
    studio.click("download-open")
    options = "[...document.querySelectorAll('#format option')]"
    offered = studio.evaluate(f"{options}.map(e => [e.value, e.disabled])")
    formats = read(f"{studio.address}/capabilities")["formats"]
    assert dict(offered) == {one["name"]: not one["available"] for one in formats}
    assert {name for name, _ in offered} == READERS.keys()
    for name, disabled in offered:
        if disabled:
            continue
        given, reader, sound = READERS[name]
        path = download(studio, name, given)
        assert sound(reader(path.read_bytes(), path)), name
        if name == "glb":
            names = json.loads(glb_document(path.read_bytes()))["nodes"]
            assert "thigh_l" in {node["name"] for node in names}


def test_an_option_that_cannot_be_is_explained_in_the_dialog(studio: Studio) -> None:
    studio.fill("prompt", "a person walks")
    studio.fill("duration", "2")
    studio.generate()
    studio.click("download-open")
    studio.choose("format", "bvh")
    studio.fill("option-fps", "0")
    studio.click("download-go")
    wait_until(lambda: "fps" in studio.errors().get("download-error", ""))


def glb_document(content: bytes) -> bytes:
    (length,) = struct.unpack_from("<I", content, 12)
    return content[20 : 20 + length]
