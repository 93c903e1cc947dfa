"""The operators of the panel's buttons."""

from typing import Any

import bpy

from . import keyframes, rigs
from .server import Server, ServerError
from .task import Made, Task

_POLL = 0.1  # seconds between checks of a task
_running: list[Task] = []  # at most one


def running() -> Task | None:
    """The running task, if there is one."""
    return _running[0] if _running else None


class RAM_OT_generate(bpy.types.Operator):
    """Generate a motion from the prompt and add it to the scene."""

    bl_idname = "ram_sdk.generate"
    bl_label = "Generate"
    bl_options = {"REGISTER", "UNDO"}  # noqa: RUF012, as Blender requires

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """Only one task runs at a time."""
        return running() is None

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Generate and wait, for scripts."""
        if not self._prepare(context):
            return {"CANCELLED"}
        self._task.run()
        return self._finish(context)

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        """Generate in the background."""
        if not self._prepare(context):
            return {"CANCELLED"}
        self._start(context)
        context.window_manager.modal_handler_add(self)
        return {"RUNNING_MODAL"}

    def modal(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        """Check whether it is done."""
        if event.type == "ESC":
            self._task.cancel()
        if event.type != "TIMER":
            return {"PASS_THROUGH"}
        _redraw(context)
        if self._task.is_alive():
            return {"PASS_THROUGH"}
        self._end(context)
        return self._finish(context)

    def cancel(self, context: bpy.types.Context) -> None:
        """Stop if Blender closes the file."""
        self._task.cancel()
        self._end(context)

    def _start(self, context: bpy.types.Context) -> None:
        _running.append(self._task)
        self._task.start()
        self._timer = context.window_manager.event_timer_add(_POLL, window=context.window)

    def _end(self, context: bpy.types.Context) -> None:
        context.window_manager.event_timer_remove(self._timer)
        _running.clear()

    def _prepare(self, context: bpy.types.Context) -> bool:
        """Set up the task; returns False if the settings are invalid."""
        settings, scene = context.scene.ram_sdk, context.scene
        try:
            server = Server(settings.address)
            if not server.is_here and not bpy.app.online_access:
                raise ValueError(
                    f"{server.address} is another machine: allow online access in the preferences"
                )
            request: dict[str, Any] = {"prompt": settings.prompt, "candidates": settings.candidates}
            if settings.duration:
                request["duration"] = settings.duration
            if settings.seed >= 0:
                request["seed"] = settings.seed
            rig = _armature(context.active_object)
            if settings.keep_keys:
                request["constraints"] = keyframes.constraints(context, rig, settings.duration)
            self._rig, self._like, character = None, rig if settings.keep_keys else None, None
            if settings.put_on == "SELECTED":
                if rig is None:
                    raise ValueError("no armature is active: select the one to put the motion on")
                self._rig, character = rig, rigs.exported(context, rig)
        except (ValueError, ServerError) as error:
            self._refuse(error)
            return False
        fps = scene.render.fps / scene.render.fps_base
        self._task = Task(server, request, character, fps)
        return True

    def _finish(self, context: bpy.types.Context) -> set[str]:
        made = self._task.made
        if made is None:
            self._refuse(self._task.error)
            return {"CANCELLED"}
        try:
            self._place(context, made)
        except ReferenceError:
            self._refuse("the armature was deleted")
            return {"CANCELLED"}
        except ValueError as error:
            self._refuse(error)
            return {"CANCELLED"}
        self.report({"INFO"}, f"{made.motion['duration']:.1f} s with seed {made.motion['settings']['seed']}")
        return {"FINISHED"}

    def _place(self, context: bpy.types.Context, made: Made) -> None:
        name = str(made.motion["prompt"])[:60]
        if self._rig is None:
            rig = rigs.import_body(context, made.glb, name)
            rig["ram_sdk"] = True
            if self._like is not None:
                rig.matrix_world = self._like.matrix_world
            action = rig.animation_data.action
        else:
            action = rigs.put_on(context, self._rig, made.glb, name)
        action["prompt"], action["seed"] = made.motion["prompt"], str(made.motion["settings"]["seed"])

    def _refuse(self, error: object) -> None:
        self.report({"ERROR"}, " ".join(str(error).split()))


class RAM_OT_cancel(bpy.types.Operator):
    """Cancel the running task."""

    bl_idname = "ram_sdk.cancel"
    bl_label = "Cancel"

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Cancel it."""
        if (task := running()) is not None:
            task.cancel()
        return {"FINISHED"}


def register() -> None:
    """Register the operators."""
    bpy.utils.register_class(RAM_OT_generate)
    bpy.utils.register_class(RAM_OT_cancel)


def unregister() -> None:
    """Unregister the operators, and cancel a running task."""
    for task in _running:
        task.cancel()
    bpy.utils.unregister_class(RAM_OT_cancel)
    bpy.utils.unregister_class(RAM_OT_generate)


def _armature(active: bpy.types.Object | None) -> bpy.types.Object | None:
    """The active object, or the armature that deforms it."""
    if active is None or active.type == "ARMATURE":
        return active
    return active.find_armature()


def _redraw(context: bpy.types.Context) -> None:
    for window in context.window_manager.windows:
        for area in window.screen.areas:
            if area.type == "VIEW_3D":
                area.tag_redraw()
