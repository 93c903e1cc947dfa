"""Runs in Blender: installs the add-on, lets it put motions on armatures, and writes down what is then there.

Arguments after `--`: the add-on's zip, the server's address, a folder with `NAME.glb` of each rig.
"""

import json
import sys
import time
from importlib import import_module
from pathlib import Path
from types import SimpleNamespace

import bpy

addon, address, folder = sys.argv[sys.argv.index("--") + 1 :]
SEED, SECONDS = 5, 1.0


def refused(**settings) -> str:
    """What the operator says of settings that are wrong."""
    give(**settings)
    try:
        bpy.ops.ram_sdk.generate()
    except RuntimeError as error:
        return str(error).strip()
    return ""


def give(**settings) -> None:
    for name, value in settings.items():
        setattr(bpy.context.scene.ram_sdk, name, value)


def bones_at(rig, frame: int) -> dict[str, list[float]]:
    """Bone heads in metres from the armature's origin."""
    bpy.context.scene.frame_set(frame)
    return {bone.name: list(bone.head * rig.matrix_world.to_scale()[0]) for bone in rig.pose.bones}


def still(rig, mesh) -> list:
    """What the add-on must not change."""
    bones = [[*bone.matrix_local.col, bone.length, bone.use_connect] for bone in rig.data.bones]
    modes = [bone.rotation_mode for bone in rig.pose.bones]
    vertices = [[list(v.co), [(g.group, g.weight) for g in v.groups]] for v in mesh.data.vertices]
    objects = sorted(thing.name for thing in bpy.data.objects)
    chosen = sorted(thing.name for thing in bpy.context.selected_objects)
    return [repr(bones), modes, vertices, repr(rig.matrix_world), objects, chosen, rig.mode]


def imported(path: Path):
    """The armature and the mesh of a file, by Blender's own importer."""
    before = set(bpy.data.objects)
    bpy.ops.import_scene.gltf(filepath=str(path))
    new = [thing for thing in bpy.data.objects if thing not in before]
    rig = next(thing for thing in new if thing.type == "ARMATURE")
    return rig, next(thing for thing in new if thing.type == "MESH" and thing.find_armature() == rig)


def on_rig(name: str) -> dict:
    """Put the motion on a rig that stands elsewhere, and see it as Blender's own importer does, too."""
    rig, mesh = imported(Path(folder) / f"{name}.glb")
    rig.location, rig.rotation_mode, rig.rotation_euler = (1.0, 2.0, 0.0), "XYZ", (0.0, 0.0, 0.7)
    for bone, mode in zip(rig.pose.bones, ("XYZ", "ZYX", "AXIS_ANGLE"), strict=False):
        bone.rotation_mode = mode
    rig.animation_data_create().action = bpy.data.actions.new("former")
    bpy.context.view_layer.objects.active = mesh
    bpy.context.view_layer.update()
    before = still(rig, mesh)
    give(put_on="SELECTED", keep_keys=False)
    bpy.ops.ram_sdk.generate()
    bpy.context.scene.frame_set(1)
    untouched = still(rig, mesh) == before
    bpy.context.view_layer.objects.active = rig
    character = rigs.exported(bpy.context, rig)
    server = server_module.Server(address)
    task = task_module.Task(server, REQUEST, character, 20)
    task.run()
    path = Path(folder) / f"{name}_made.glb"
    path.write_bytes(task.made.glb)
    other, _ = imported(path)
    bpy.context.view_layer.objects.active = rig
    frames = range(1, bpy.context.scene.frame_end + 1)
    return {
        "untouched": untouched,
        "action": rig.animation_data.action.name,
        "seed": rig.animation_data.action["seed"],
        "former": bpy.data.actions["former"].use_fake_user,
        "frames": list(rig.animation_data.action.frame_range),
        "ours": [bones_at(rig, frame) for frame in frames],
        "importers": [bones_at(other, frame - 1) for frame in frames],  # it begins at frame 0
    }


def pressed(then) -> tuple[set[str], str]:
    """The way of the panel's button, asked by timer events as Blender's window would do.

    Without a window Blender sends no events, and must not be asked for them: they are given here.

    Args:
        then: called with the running task.
    """

    class Button(operators.RAM_OT_generate):
        bl_idname = "ram_sdk.button"

        def execute(self, context):
            assert self._prepare(context)
            self._start(context)
            then(operators.running())
            while (state := self.modal(context, SimpleNamespace(type="TIMER"))) == {"PASS_THROUGH"}:
                time.sleep(0.02)
            return state

    bpy.utils.register_class(Button)
    try:
        return bpy.ops.ram_sdk.button(), ""
    except RuntimeError as error:
        return {"CANCELLED"}, str(error).strip()
    finally:
        bpy.utils.unregister_class(Button)


REQUEST = {"prompt": "a person walks", "duration": SECONDS, "seed": SEED}
result: dict = {}
bpy.ops.wm.read_factory_settings(use_empty=True)
bpy.ops.extensions.package_install_files(filepath=addon, repo="user_default", enable_on_install=True)
modules = [entry.module for entry in bpy.context.preferences.addons if entry.module.endswith(".ram_sdk")]
result["modules"] = modules
rigs, server_module, task_module, operators, keyframes = (
    import_module(f"{modules[0]}.{name}") for name in ("rigs", "server", "task", "operators", "keyframes")
)
bpy.context.scene.render.fps = 20
give(prompt=REQUEST["prompt"], duration=SECONDS, seed=SEED)

result["refused"] = {
    "down": refused(address="http://127.0.0.1:1"),
    "no address": refused(address="somewhere"),
    "elsewhere": refused(address="http://motions.example.org"),
    "no armature": refused(address=address, put_on="SELECTED"),
    "prompt": refused(put_on="NEW", prompt=" "),
    "too long": refused(prompt="a person walks", duration=500.0),
}
give(duration=SECONDS)
bpy.ops.ram_sdk.generate()
body = bpy.context.view_layer.objects.active
result["new"] = {
    "action": body.animation_data.action.name,
    "frames": list(body.animation_data.action.frame_range),
    "ours": [bones_at(body, frame) for frame in range(1, bpy.context.scene.frame_end + 1)],
    "meshes": [thing.name for thing in bpy.data.objects if thing.type == "MESH" and thing.find_armature()],
}
result["rigs"] = {name: on_rig(name) for name in ("mixamo", "rigify")}

bpy.context.view_layer.objects.active = body
give(put_on="NEW", keep_keys=True)
result["refused"]["no keys"] = refused()
body.data.bones["LeftHand"].select = True
body.animation_data.action = None
for frame, turn in ((1, 0.0), (15, 0.3)):
    arm = body.pose.bones["LeftArm"]
    arm.rotation_quaternion = (1.0, turn, 0.0, 0.0)
    arm.keyframe_insert("rotation_quaternion", frame=frame)
result["keyed"] = [bones_at(body, frame)["LeftHand"] for frame in (1, 15)]
result["constraints"] = keyframes.constraints(bpy.context, body, SECONDS)
bpy.ops.ram_sdk.generate()
result["kept"] = [bones_at(bpy.context.view_layer.objects.active, frame)["LeftHand"] for frame in (1, 15)]

rig, _ = imported(Path(folder) / "rigify.glb")
bpy.context.view_layer.objects.active = rig
for bone in rig.pose.bones:
    bone.constraints.new("COPY_TRANSFORMS")
result["refused"]["controls"] = refused(put_on="SELECTED", keep_keys=False)

give(put_on="NEW")
result["pressed"] = str(pressed(lambda task: None))
count = len(bpy.data.actions)
result["cancelled"] = str(pressed(lambda task: bpy.ops.ram_sdk.cancel()))
result["added"] = len(bpy.data.actions) - count

bpy.ops.wm.save_as_mainfile(filepath=str(Path(folder) / "scene.blend"))
bpy.ops.preferences.addon_disable(module=modules[0])
result["unregistered"] = not hasattr(bpy.types.Scene, "ram_sdk")
(Path(folder) / "result.json").write_text(json.dumps(result))
