"""What Blender shows of exported files. It is large and rarely installed; to run these name it, or a Python
that has bpy:  RAM_TEST_BLENDER=path/to/blender pytest tests/formats/test_blender.py
"""

import os
import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

from ram_sdk.formats.bone_names import BONE_NAMES
from ram_sdk.motion import Motion
from tests.synthetic_motion import natural_poses

pytestmark = pytest.mark.slow

BLENDER = os.environ.get("RAM_TEST_BLENDER") or shutil.which("blender")
needs_blender = pytest.mark.skipif(
    BLENDER is None and find_spec("bpy") is None,
    reason="needs Blender: RAM_TEST_BLENDER=path, or pip install bpy",
)

# Saves `(frames, points, 3)`: vertices of the mesh, or bone heads where there is none, Y up.
_READ = """
import sys
import bpy
import numpy as np

source, target, frames, *names = sys.argv[sys.argv.index("--") + 1 :]
bpy.ops.wm.read_factory_settings(use_empty=True)
scene = bpy.context.scene
scene.render.fps = 20
if source.endswith(".bvh"):
    bpy.ops.import_anim.bvh(filepath=source, global_scale=0.01, rotate_mode="NATIVE")
elif source.endswith(".glb"):
    bpy.ops.import_scene.gltf(filepath=source)
else:
    bpy.ops.import_scene.fbx(filepath=source)
meshes = [thing for thing in bpy.data.objects if thing.type == "MESH" and thing.vertex_groups]
(rig,) = [thing for thing in bpy.data.objects if thing.type == "ARMATURE"]
first = 0 if source.endswith(".glb") else 1
positions = []
for frame in range(first, first + int(frames)):
    scene.frame_set(frame)
    if meshes:
        shown = meshes[0].evaluated_get(bpy.context.evaluated_depsgraph_get()).to_mesh()
        points = [meshes[0].matrix_world @ vertex.co for vertex in shown.vertices]
    else:
        points = [rig.matrix_world @ rig.pose.bones[name].head for name in names]
    points = np.array(points)
    positions.append(np.stack((points[:, 0], points[:, 2], -points[:, 1]), axis=-1))
np.save(target, np.array(positions))
"""


@pytest.fixture(scope="module")
def motion() -> Motion:
    return Motion(natural_poses(6).joints.float().numpy(), prompt="a person waves")


def seen_in_blender(path: Path, frames: int) -> np.ndarray:
    script, target = path.with_name("read.py"), path.with_name("seen.npy")
    script.write_text(_READ)
    program = [BLENDER or sys.executable]
    if not Path(program[0]).name.startswith("python"):
        program += ["--background", "--factory-startup", "--python"]
    command = [*program, str(script), "--", str(path), str(target), str(frames), *BONE_NAMES["mixamo"]]
    subprocess.run(command, check=True, timeout=300, capture_output=True)
    return np.load(target)


@needs_blender
def test_bvh(motion: Motion, tmp_path: Path) -> None:
    seen = seen_in_blender(motion.save(tmp_path / "a.bvh"), len(motion))
    assert 1000 * np.linalg.norm(seen - motion.pose.joints, axis=-1).max() < 0.01


@needs_blender
@pytest.mark.parametrize("suffix", [".glb", ".fbx"])
def test_skinned_mesh(motion: Motion, tmp_path: Path, suffix: str) -> None:
    options = {"blender": BLENDER} if suffix == ".fbx" else {}
    seen = seen_in_blender(motion.save(tmp_path / f"a{suffix}", **options), len(motion))
    assert 1000 * np.linalg.norm(seen - motion.to_mesh().vertices, axis=-1).mean() < 0.1
