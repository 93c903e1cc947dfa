"""The tab "RAM" in the sidebar of the 3D view."""

import bpy

from .operators import RAM_OT_cancel, RAM_OT_generate, running

_FIELDS = ("address", "prompt", "duration", "seed", "candidates", "put_on", "keep_keys")


class RAM_PT_panel(bpy.types.Panel):
    """The settings and buttons of the add-on."""

    bl_label = "Text to motion"
    bl_idname = "RAM_PT_panel"
    bl_space_type = "VIEW_3D"
    bl_region_type = "UI"
    bl_category = "RAM"

    def draw(self, context: bpy.types.Context) -> None:
        """Draw the settings and the button."""
        column = self.layout.column()
        column.use_property_split = True
        column.use_property_decorate = False
        for field in _FIELDS:
            column.prop(context.scene.ram_sdk, field)
        if (task := running()) is None:
            self.layout.operator(RAM_OT_generate.bl_idname, icon="ARMATURE_DATA")
        else:
            self.layout.label(text=task.status)
            self.layout.operator(RAM_OT_cancel.bl_idname, icon="CANCEL")


def register() -> None:
    """Register the panel."""
    bpy.utils.register_class(RAM_PT_panel)


def unregister() -> None:
    """Unregister it."""
    bpy.utils.unregister_class(RAM_PT_panel)
