"""Armatures of the scene: exported as characters, and animated with the returned motions."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path
from typing import Any

import bpy
from mathutils import Matrix

from .glb_animation import GlbAnimation, at_origin

_STILL = 1e-3  # of the longest bone; smaller movements of a bone are ignored
_COPIES = {"COPY_TRANSFORMS", "COPY_ROTATION", "ARMATURE"}
_LINEAR = 1


def exported(context: bpy.types.Context, rig: bpy.types.Object) -> bytes:
    """An armature at rest with the visible meshes that it deforms, as GLB.

    Raises:
        ValueError: it cannot be exported; the message says what to do.
    """
    meshes = [
        thing
        for thing in context.view_layer.objects
        if thing.type == "MESH" and thing.visible_get() and thing.find_armature() == rig
    ]
    if not meshes:
        raise ValueError(f"armature {rig.name!r} deforms no visible mesh: bind one to it, or unhide it")
    bones = [bone for bone in rig.pose.bones if bone.bone.use_deform]
    driven = [bone for bone in bones if any(c.type in _COPIES and not c.mute for c in bone.constraints)]
    if 2 * len(driven) > len(bones):
        raise ValueError(
            f"the bones of {rig.name!r} follow its controls, such as {driven[0].name!r}: use an armature "
            "whose bones have no such constraints, or mute them"
        )
    with _only_selected(context, rig, meshes), tempfile.TemporaryDirectory(prefix="ram_sdk-") as folder:
        path = Path(folder) / "rig.glb"
        try:
            bpy.ops.export_scene.gltf(
                filepath=str(path),
                export_format="GLB",
                use_selection=True,
                export_animations=False,
                export_rest_position_armature=True,
                export_materials="NONE",
                export_texcoords=False,
                export_normals=False,
                export_morph=False,
            )
            return at_origin(path.read_bytes())
        except (RuntimeError, OSError, LookupError) as error:
            raise ValueError(f"armature {rig.name!r} cannot be exported: {error}") from error


def put_on(context: bpy.types.Context, rig: bpy.types.Object, glb: bytes, name: str) -> bpy.types.Action:
    """Apply the animation of a returned file to the exported armature, as a new action.

    Its bones, meshes and rotation modes are not changed; its former action is kept in the file.

    Raises:
        ValueError: the file has no animation.
    """
    animation = GlbAnimation(glb)
    scene = context.scene
    fps = scene.render.fps / scene.render.fps_base
    count = int(animation.duration * fps + 1e-3) + 1
    bases = [_bases(rig, animation, number / fps) for number in range(count)]
    frames = [scene.frame_start + number for number in range(count)]
    data = rig.animation_data_create()
    if data.action is not None:
        data.action.use_fake_user = True
    action = bpy.data.actions.new(name)
    data.action = action
    curves = _curves(action, rig)
    longest = max(bone.length for bone in rig.data.bones)
    for bone_name in animation.animated:
        if (bone := rig.pose.bones.get(bone_name)) is None:
            continue
        moves = [one[bone_name] for one in bases]
        places = [one.translation for one in moves]
        if not bone.bone.use_connect and max(place.length for place in places) > _STILL * longest:
            _add(curves, bone, "location", places, frames)
        _add(curves, bone, *_turns(bone, moves), frames)
    _show(scene, count)
    return action


def import_body(context: bpy.types.Context, glb: bytes, name: str) -> bpy.types.Object:
    """Import the armature and body of a server's file as new objects of the scene.

    Raises:
        ValueError: Blender cannot read it.
    """
    before = set(bpy.data.objects)
    with tempfile.TemporaryDirectory(prefix="ram_sdk-") as folder:
        path = Path(folder) / "motion.glb"
        path.write_bytes(glb)
        try:
            bpy.ops.import_scene.gltf(filepath=str(path))
        except RuntimeError as error:
            raise ValueError(f"the server's file cannot be imported: {error}") from error
    rig = next(thing for thing in bpy.data.objects if thing not in before and thing.type == "ARMATURE")
    context.view_layer.objects.active = rig
    action = rig.animation_data.action
    action.name = name
    curves = _curves(action, rig)
    for curve in curves:
        for key in curve.keyframe_points:
            key.co.x += context.scene.frame_start
            key.handle_left.x += context.scene.frame_start
            key.handle_right.x += context.scene.frame_start
    _show(context.scene, round(action.frame_range[1] - action.frame_range[0]) + 1)
    return rig


def curves_of(rig: bpy.types.Object) -> Iterator[bpy.types.FCurve]:
    """The curves of an armature's action."""
    if rig.animation_data is not None and rig.animation_data.action is not None:
        yield from _curves(rig.animation_data.action, rig)


def _curves(action: bpy.types.Action, rig: bpy.types.Object) -> Any:
    """The curves of an action for an armature."""
    if not hasattr(action, "slots"):  # before Blender 4.4
        return action.fcurves
    data = rig.animation_data
    if data.action_slot is None:
        data.action_slot = action.slots.new(id_type="OBJECT", name=rig.name)
    layer = action.layers[0] if action.layers else action.layers.new("Layer")
    strip = layer.strips[0] if layer.strips else layer.strips.new(type="KEYFRAME")
    return strip.channelbag(data.action_slot, ensure=True).fcurves


def _bases(rig: bpy.types.Object, animation: GlbAnimation, time: float) -> dict[str, Matrix]:
    """`matrix_basis` of each bone at a time; bones without keys are at rest."""
    moves, animated = animation.moves(time), set(animation.animated)
    bases: dict[str, Matrix] = {}
    poses: dict[str, Matrix] = {}
    for bone in rig.data.bones:  # parents first
        rest, above = bone.matrix_local, {}
        if bone.parent is not None:
            above = {
                "parent_matrix": poses[bone.parent.name],
                "parent_matrix_local": bone.parent.matrix_local,
            }
        basis = Matrix()
        if bone.name in animated:
            basis = bone.convert_local_to_pose(moves[bone.name] @ rest, rest, **above, invert=True)
        bases[bone.name] = basis
        poses[bone.name] = bone.convert_local_to_pose(basis, rest, **above)
    return bases


def _turns(bone: bpy.types.PoseBone, moves: list[Matrix]) -> tuple[str, list[Any]]:
    """Channel and values of a bone's rotation, in its rotation mode."""
    turns = [move.to_quaternion() for move in moves]
    for before, turn in pairwise(turns):
        turn.make_compatible(before)
    if bone.rotation_mode == "QUATERNION":
        return "rotation_quaternion", turns
    if bone.rotation_mode == "AXIS_ANGLE":
        return "rotation_axis_angle", [(turn.angle, *turn.axis) for turn in turns]
    eulers: list[Any] = []
    for turn in turns:
        eulers.append(turn.to_euler(bone.rotation_mode, *eulers[-1:]))
    return "rotation_euler", eulers


def _add(curves: Any, bone: bpy.types.PoseBone, channel: str, values: list[Any], frames: list[int]) -> None:
    for index in range(len(values[0])):
        curve = curves.new(bone.path_from_id(channel), index=index)
        keys = curve.keyframe_points
        keys.add(len(frames))
        keys.foreach_set(
            "co", [n for pair in zip(frames, (v[index] for v in values), strict=True) for n in pair]
        )
        keys.foreach_set("interpolation", [_LINEAR] * len(frames))
        curve.update()


def _show(scene: bpy.types.Scene, count: int) -> None:
    """Set the scene's range to the length of the motion, and go to its first frame."""
    scene.frame_end = max(scene.frame_start + count - 1, scene.frame_start)
    scene.frame_set(scene.frame_start)


@contextmanager
def _only_selected(
    context: bpy.types.Context, rig: bpy.types.Object, meshes: list[bpy.types.Object]
) -> Iterator[None]:
    """Select only an armature and its meshes, in object mode; afterwards restore selection and mode."""
    objects = context.view_layer.objects
    mode, active = rig.mode, objects.active
    selected = [thing for thing in objects if thing.select_get()]
    objects.active = rig
    if mode != "OBJECT":
        bpy.ops.object.mode_set(mode="OBJECT")
    try:
        for thing in objects:
            thing.select_set(thing == rig or thing in meshes)
        yield
    finally:
        for thing in objects:
            thing.select_set(thing in selected)
        if mode != "OBJECT":
            bpy.ops.object.mode_set(mode=mode)
        objects.active = active
