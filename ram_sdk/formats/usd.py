"""`.usd`, `.usda`: the embedded body with a UsdSkel skeleton and animation, as USD text."""

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ram_sdk.body.embedded import Body, load_body
from ram_sdk.clip import Clip
from ram_sdk.formats.bone_names import BONE_NAMES
from ram_sdk.formats.glb import vertex_normals
from ram_sdk.formats.root_motion import ROOT, split
from ram_sdk.formats.write_options import RootMotion, UsdOptions
from ram_sdk.skeleton.joints import HUMANML3D


def write(motion: Clip, path: Path, options: UsdOptions) -> None:
    """Write the motion on the embedded body; one time code is one frame."""
    body = load_body()
    joints = _paths(BONE_NAMES[options.names], options.root)
    text = "\n".join(
        (
            _header(motion),
            _mesh(body, options.root),
            _skeleton(body, joints, options.root),
            _animation(motion, joints, options.root),
            "}",
            "",
        )
    )
    path.write_text(text, encoding="utf-8")


def _paths(labels: tuple[str, ...], root: RootMotion) -> str:
    """The joints as USD names them, by their way from the root."""
    first = f"{ROOT}/" if root == "ground" else ""
    paths: list[str] = []
    for label, parent in zip(labels, HUMANML3D.parents, strict=True):
        paths.append(f"{first}{label}" if parent < 0 else f"{paths[parent]}/{label}")
    paths = [ROOT, *paths] if root == "ground" else paths
    return "[" + ", ".join(f'"{path}"' for path in paths) + "]"


def _header(motion: Clip) -> str:
    fps = f"{motion.fps:g}"
    comment = " ".join((motion.prompt or "").split()).replace("\\", "\\\\").replace('"', '\\"')
    return f"""#usda 1.0
(
    defaultPrim = "Body"
    doc = "{comment}"
    startTimeCode = 0
    endTimeCode = {len(motion) - 1}
    framesPerSecond = {fps}
    timeCodesPerSecond = {fps}
    metersPerUnit = 1
    upAxis = "Y"
)

def SkelRoot "Body" (
    prepend apiSchemas = ["SkelBindingAPI"]
)
{{
    rel skel:animationSource = </Body/Motion>
    rel skel:skeleton = </Body/Skeleton>
"""


def _mesh(body: Body, root: RootMotion) -> str:
    bones = (body.bones.reshape(-1).astype(int) + (root == "ground")).tolist()
    weights = body.bone_weights.astype(np.float64) / 255
    extent = np.stack((body.vertices.min(axis=0), body.vertices.max(axis=0)))
    return f"""    def Mesh "Skin" (
        prepend apiSchemas = ["SkelBindingAPI"]
    )
    {{
        uniform bool doubleSided = 0
        float3[] extent = {_tuples(extent)}
        int[] faceVertexCounts = [{", ".join(["3"] * len(body.faces))}]
        int[] faceVertexIndices = [{", ".join(map(str, body.faces.reshape(-1).tolist()))}]
        normal3f[] normals = {_tuples(vertex_normals(body))} (
            interpolation = "vertex"
        )
        point3f[] points = {_tuples(body.vertices)}
        color3f[] primvars:displayColor = [(0.55, 0.61, 0.7)]
        matrix4d primvars:skel:geomBindTransform = ( (1, 0, 0, 0), (0, 1, 0, 0), (0, 0, 1, 0), (0, 0, 0, 1) )
        int[] primvars:skel:jointIndices = [{", ".join(map(str, bones))}] (
            elementSize = 4
            interpolation = "vertex"
        )
        float[] primvars:skel:jointWeights = [{", ".join(f"{w:.6g}" for w in weights.reshape(-1).tolist())}] (
            elementSize = 4
            interpolation = "vertex"
        )
        uniform token subdivisionScheme = "none"
    }}
"""


def _skeleton(body: Body, joints: str, root: RootMotion) -> str:
    parents = np.array((0, *HUMANML3D.parents[1:]))
    local = body.joints - body.joints[parents]
    local[0] = body.joints[0]
    bind = body.joints
    if root == "ground":
        local, bind = (np.concatenate((np.zeros((1, 3)), places)) for places in (local, bind))
    return f"""    def Skeleton "Skeleton"
    {{
        uniform token[] joints = {joints}
        uniform matrix4d[] bindTransforms = {_translations(bind)}
        uniform matrix4d[] restTransforms = {_translations(local)}
    }}
"""


def _animation(motion: Clip, joints: str, root: RootMotion) -> str:
    pose = motion.pose
    translations = np.repeat(pose.offsets[None], len(pose), axis=0)
    ground, translations[:, 0] = split(pose.root, root)
    quaternions = pose.quaternions
    if ground is not None:
        translations = np.concatenate((ground[:, None], translations), axis=1)
        still = np.tile(np.array((1, 0, 0, 0), np.float32), (len(pose), 1, 1))
        quaternions = np.concatenate((still, quaternions), axis=1)
    ones = ", ".join(["(1, 1, 1)"] * translations.shape[1])

    def samples(values: NDArray[Any]) -> str:
        return "".join(f"            {frame}: {_tuples(one)},\n" for frame, one in enumerate(values))

    return f"""    def SkelAnimation "Motion"
    {{
        uniform token[] joints = {joints}
        quatf[] rotations.timeSamples = {{
{samples(quaternions)}        }}
        half3[] scales = [{ones}]
        float3[] translations.timeSamples = {{
{samples(translations)}        }}
    }}
"""


def _tuples(rows: NDArray[Any]) -> str:
    return "[" + ", ".join("(" + ", ".join(f"{x:.6g}" for x in row) + ")" for row in rows.tolist()) + "]"


def _translations(places: NDArray[Any]) -> str:
    """Matrices that move to the given places, for row vectors."""
    return "[" + ", ".join(
        f"( (1, 0, 0, 0), (0, 1, 0, 0), (0, 0, 1, 0), ({x:.6g}, {y:.6g}, {z:.6g}, 1) )"
        for x, y, z in places.tolist()
    ) + "]"  # fmt: skip
