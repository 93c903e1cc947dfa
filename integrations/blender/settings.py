"""Settings of the panel; stored in the scene, and so in the file."""

import bpy

PUT_ON = [
    ("NEW", "New armature", "Import a body with its armature"),
    ("SELECTED", "Selected armature", "Put the motion on the active armature, which needs a visible mesh"),
]


class RamSettings(bpy.types.PropertyGroup):
    """Settings of a scene."""

    address: bpy.props.StringProperty(
        name="Server", description="Address of `ram-sdk studio`", default="http://127.0.0.1:8000"
    )
    prompt: bpy.props.StringProperty(
        name="Prompt", description="What the person does", default="a person walks forward"
    )
    duration: bpy.props.FloatProperty(
        name="Duration",
        description="Seconds; 0: as the text says, or an estimate",
        default=0.0,
        min=0.0,
        soft_max=10.0,
        unit="TIME_ABSOLUTE",
    )
    seed: bpy.props.IntProperty(
        name="Seed", description="Makes the result repeatable; -1: a random one each time", default=-1, min=-1
    )
    candidates: bpy.props.IntProperty(
        name="Candidates", description="Take the best of this many motions", default=1, min=1, soft_max=16
    )
    put_on: bpy.props.EnumProperty(name="Put on", items=PUT_ON)
    keep_keys: bpy.props.BoolProperty(
        name="Through the selected bones' keys",
        description="Selected hips, head, hands and feet of an armature that this add-on imported pass "
        "through their keyed positions",
    )


def register() -> None:
    """Add the settings to scenes."""
    bpy.utils.register_class(RamSettings)
    bpy.types.Scene.ram_sdk = bpy.props.PointerProperty(type=RamSettings)


def unregister() -> None:
    """Remove the settings."""
    del bpy.types.Scene.ram_sdk
    bpy.utils.unregister_class(RamSettings)
