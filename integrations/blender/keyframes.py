"""Keys of selected bones as constraints: the new motion passes through the keyed positions."""

from typing import Any

import bpy

from .rigs import curves_of

JOINTS = {
    "Hips": "pelvis",
    "Head": "head",
    "LeftHand": "left_hand",
    "RightHand": "right_hand",
    "LeftToeBase": "left_foot",
    "RightToeBase": "right_foot",
}
"""Bones of the server's bodies, whose heads are joints of a motion, in metres."""


def constraints(
    context: bpy.types.Context, rig: bpy.types.Object | None, duration: float
) -> list[dict[str, Any]]:
    """Constraints for `POST /generate`: a `Joints` for each selected bone with keys within the duration.

    Args:
        context: its scene's first frame is second 0.
        rig: an armature that this add-on imported, whose origin is the motion's.
        duration: seconds.

    Raises:
        ValueError: there are no such keys, or the add-on did not import the armature.
    """
    if rig is None or not rig.get("ram_sdk"):
        raise ValueError(
            "keys: select an armature that this add-on imported, because its bones match the motion's joints"
        )
    if not duration:
        raise ValueError("keys: set a duration above 0, within which keys are used")
    scene = context.scene
    fps = scene.render.fps / scene.render.fps_base
    last = scene.frame_start + duration * fps
    selected = [bone for bone in rig.pose.bones if bone.bone.select and bone.name in JOINTS]
    keyed = {bone.name: _frames(rig, bone, scene.frame_start, last) for bone in selected}
    keyed = {name: frames for name, frames in keyed.items() if frames}
    if not keyed:
        raise ValueError(f"keys: select bones of {', '.join(JOINTS)} with keys in the first {duration:g} s")
    now = scene.frame_current
    places = {name: [] for name in keyed}
    for frame in sorted({frame for frames in keyed.values() for frame in frames}):
        scene.frame_set(frame)
        for name, frames in keyed.items():
            if frame in frames:
                x, y, z = rig.pose.bones[name].head
                places[name].append([x, z, -y])
    scene.frame_set(now)
    return [
        {
            "kind": "Joints",
            "times": [(frame - scene.frame_start) / fps for frame in frames],
            "positions": {JOINTS[name]: places[name]},
        }
        for name, frames in keyed.items()
    ]


def _frames(rig: bpy.types.Object, bone: bpy.types.PoseBone, first: int, last: float) -> list[int]:
    """Frames at which a bone or one of its ancestors has keys."""
    paths = tuple(f"{one.path_from_id()}." for one in (bone, *bone.parent_recursive))
    keys = {
        round(key.co.x)
        for curve in curves_of(rig)
        if curve.data_path.startswith(paths)
        for key in curve.keyframe_points
    }
    return sorted(frame for frame in keys if first <= frame < last)
