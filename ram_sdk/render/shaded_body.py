"""A shaded mesh drawn with Pillow: faces in the colour of their light, the farthest first."""

import math

import numpy as np
from numpy.typing import NDArray
from PIL.ImageDraw import ImageDraw as Draw

Array = NDArray[np.float64]

_DARK, _BRIGHT = np.array((66.0, 76.0, 96.0)), np.array((206.0, 216.0, 232.0))
_SHADES = 64
_LIGHT = np.array((-0.45, 0.75, 0.55)) / math.sqrt(0.45**2 + 0.75**2 + 0.55**2)  # across, up, towards us


def draw_mesh(draw: Draw, pixels: Array, nearness: Array, faces: NDArray[np.int32], seen: Array) -> None:
    """Draw one mesh.

    Args:
        draw: on what.
        pixels: `(vertices, 2)` where the vertices appear, y down.
        nearness: `(vertices,)` larger for nearer vertices.
        faces: `(faces, 3)` vertex indices, counter-clockwise seen from outside.
        seen: `(vertices, 3)` positions across, up and towards the camera, for the light.
    """
    corners = seen[faces]
    face_normals = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    normals = np.zeros_like(seen)
    for corner in range(3):
        np.add.at(normals, faces[:, corner], face_normals)
    normals /= np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), 1e-12)
    light = normals[faces].mean(axis=1) @ _LIGHT

    triangles = pixels[faces]
    (ax, ay), (bx, by) = (np.moveaxis(triangles[:, i] - triangles[:, 0], -1, 0) for i in (1, 2))
    facing = np.flatnonzero(ax * by - ay * bx < 0)  # y runs down: clockwise faces us
    order = facing[np.argsort(nearness[faces[facing]].sum(axis=1))]
    shade = (np.clip(0.35 + 0.65 * light[order], 0.0, 1.0) * (_SHADES - 1)).astype(int)
    outlines = triangles[order].reshape(-1, 6).tolist()
    for outline, index in zip(outlines, shade.tolist(), strict=True):
        draw.polygon(outline, _PALETTE[index])


_PALETTE = [
    tuple(int(value) for value in _DARK + (_BRIGHT - _DARK) * index / (_SHADES - 1))
    for index in range(_SHADES)
]
