"""`.fbx`: the embedded body through Blender, the only free writer of FBX.

Needs Blender 4.2 or newer on the PATH, or its Python package: `pip install bpy` (GPL, for this Python
version). Blender runs in a process of its own.
"""

import shutil
import subprocess
import sys
import tempfile
from importlib.util import find_spec
from pathlib import Path

from ram_sdk.clip import Clip
from ram_sdk.formats import MissingPackageError, glb
from ram_sdk.formats.write_options import FbxOptions

_SECONDS = 300  # after which Blender must have stalled

# Runs inside Blender: a GLB file to FBX, with whole frames from 0 and without Blender's helper shapes.
_SCRIPT = """
import sys
import bpy

source, target, fps, frames = sys.argv[-4:]
bpy.ops.wm.read_factory_settings(use_empty=True)
scene = bpy.context.scene
scene.render.fps, scene.render.fps_base = round(float(fps)), round(float(fps)) / float(fps)
bpy.ops.import_scene.gltf(filepath=source)
scene.frame_start, scene.frame_end = 0, int(frames) - 1
for thing in list(bpy.data.objects):
    if thing.name.startswith("Icosphere"):
        bpy.data.objects.remove(thing)
bpy.ops.export_scene.fbx(
    filepath=target, object_types={"ARMATURE", "MESH"}, add_leaf_bones=False, bake_anim=True,
    bake_anim_use_all_actions=False, bake_anim_use_nla_strips=False, bake_anim_simplify_factor=0.0,
)
"""


def write(motion: Clip, path: Path, options: FbxOptions) -> None:
    """Write the motion on the embedded body.

    Raises:
        MissingPackageError: neither Blender nor bpy is installed.
        OSError: Blender failed; the message has its last output.
    """
    command = _blender_command(options.blender)
    with tempfile.TemporaryDirectory() as folder:
        source, script = Path(folder) / "motion.glb", Path(folder) / "to_fbx.py"
        source.write_bytes(glb.build([motion], options.names, options.root))
        script.write_text(_SCRIPT, encoding="utf-8")
        arguments = [str(source), str(path.resolve()), str(motion.fps), str(len(motion))]
        try:
            result = subprocess.run(
                [*command, str(script), "--", *arguments], capture_output=True, text=True, timeout=_SECONDS
            )
        except subprocess.TimeoutExpired as error:
            raise OSError(f"Blender did not end within {_SECONDS} seconds") from error
    if result.returncode or not path.is_file():
        words = (result.stderr or result.stdout).strip().splitlines()[-1:]
        raise OSError(f"Blender could not write {path.name!r}: {' '.join(words)}")


def check_installed(options: FbxOptions) -> None:
    """Raise MissingPackageError if neither Blender nor bpy is installed."""
    _blender_command(options.blender)


def _blender_command(blender: str | None) -> list[str]:
    program = blender or shutil.which("blender")
    if program is None:
        if find_spec("bpy") is None:
            raise MissingPackageError("fbx needs Blender on the PATH or its package: pip install bpy")
        program = sys.executable
    if Path(program).name.lower().startswith("python"):
        return [program]
    return [program, "--background", "--factory-startup", "--python-exit-code", "1", "--python"]
