"""`.bvh`: a skeleton in a T-pose and its joint angles, for Blender, Maya, Unity, MotionBuilder, Unreal."""

from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from ram_sdk.formats.bone_names import BONE_NAMES, BONE_TIPS
from ram_sdk.formats.bvh_parser import read_bvh
from ram_sdk.formats.write_options import BvhOptions
from ram_sdk.motion import Motion
from ram_sdk.skeleton.features import canonicalize
from ram_sdk.skeleton.joints import HUMANML3D, UNIFORM_BONE_LENGTHS
from ram_sdk.skeleton.kinematics import children
from ram_sdk.skeleton.mapping import pick_joints
from ram_sdk.skeleton.pose import Pose
from ram_sdk.skeleton.retarget import leg_scale, retarget

_UNITS_PER_METRE = {"cm": 100.0, "m": 1.0}
_SAME_LENGTH = 1e-3  # relative difference of bones that still are the uniform skeleton's
_MOSTLY = 2.0


def write(motion: Motion, path: Path, options: BvhOptions) -> None:
    """Write the motion as BVH.

    BVH has no unit: centimetres are the habit (in Blender import them with scale 0.01), metres need no scale
    there. The default order of angles is the one in which human motion jumps least between frames, so that
    resampling in other programs stays smooth.

    Raises:
        ValueError: a motion that is not of 22 joints.
    """
    pose = motion.pose if options.skeleton == "canonical" else Pose.of(motion.joints, "clip")
    fps = options.fps or motion.fps
    if fps != motion.fps:
        pose = pose.resample(motion.fps, fps)
    scale = _UNITS_PER_METRE[options.unit]
    hierarchy, listed = _hierarchy(pose, BONE_NAMES[options.names], options.order, scale)
    angles = np.degrees(pose.euler(options.order))[:, listed]
    root = pose.root.astype(np.float64) * scale
    rows = np.concatenate((root, angles.reshape(len(pose), -1)), axis=1)
    lines = [
        *hierarchy,
        "MOTION",
        f"Frames: {len(pose)}",
        f"Frame Time: {1 / fps:.8f}",
        *(" ".join(f"{value:.5f}" for value in row) for row in rows.tolist()),
    ]
    path.write_text("\n".join(lines) + "\n", encoding="ascii")


def read(path: Path) -> Motion:
    """Read the motion of a BVH file of any unit, on HumanML3D's skeleton, at the file's frame rate.

    Files that `write` made come back as they were. Those of other skeletons, whose joints
    `body.skeleton_maps` must know by name, are retargeted: every clip comes out on the one skeleton that
    models know, on the floor, from the origin towards +Z.

    Raises:
        ValueError: not a BVH file, or a skeleton whose joint names are not known.
    """
    bvh = read_bvh(path)
    positions, fps = bvh.world_transforms()[0], round(bvh.fps, 3)
    for labels in BONE_NAMES.values():
        if set(labels) <= set(bvh.names):
            joints = positions[:, [bvh.names.index(label) for label in labels]]
            joints = joints * leg_scale(joints)
            bones = np.linalg.norm(joints[:, 1:] - joints[:, HUMANML3D.parents[1:]], axis=-1)
            if np.allclose(bones, UNIFORM_BONE_LENGTHS, rtol=_SAME_LENGTH):
                return Motion(joints.astype(np.float32), fps)
    try:
        joints = retarget(pick_joints(bvh.names, _y_up(bvh.names, positions)))
    except ValueError as error:
        raise ValueError(f"{path.name!r}: {error}") from error
    return Motion(canonicalize(torch.from_numpy(joints)).float().numpy(), fps)


def _y_up(names: tuple[str, ...], positions: NDArray[np.float64]) -> NDArray[np.float64]:
    """Turn a file whose Z points up: one in which the head is mostly far along Z from the lowest point."""
    head = next((index for index, name in enumerate(names) if "head" in name.lower()), len(names) - 1)
    _, up, depth = (positions[:, head] - positions.min(axis=1)).mean(axis=0)
    if depth > _MOSTLY * up:
        return positions[..., [0, 2, 1]] * (1.0, 1.0, -1.0)
    return positions


def _hierarchy(pose: Pose, labels: tuple[str, ...], order: str, scale: float) -> tuple[list[str], list[int]]:
    """The HIERARCHY section, and the joints in the order in which it lists them."""
    lines, listed = ["HIERARCHY"], []
    channels = " ".join(f"{axis}rotation" for axis in order)
    branches = children(pose.parents)
    offsets = (pose.offsets.astype(np.float64) * scale).tolist()

    def offset(bone: list[float]) -> str:
        return "OFFSET " + " ".join(f"{length:.6f}" for length in bone)

    def add(joint: int, depth: int) -> None:
        indent = "\t" * depth
        listed.append(joint)
        own = f"CHANNELS 3 {channels}" if joint else f"CHANNELS 6 Xposition Yposition Zposition {channels}"
        lines.extend((f"{indent}{'JOINT' if joint else 'ROOT'} {labels[joint]}", f"{indent}{{"))
        lines.extend((f"{indent}\t{offset(offsets[joint])}", f"{indent}\t{own}"))
        for child in branches[joint]:
            add(child, depth + 1)
        if not branches[joint]:
            tip = offset([length * scale for length in BONE_TIPS[HUMANML3D.joint_names[joint]]])
            lines.extend((f"{indent}\tEnd Site", f"{indent}\t{{", f"{indent}\t\t{tip}", f"{indent}\t}}"))
        lines.append(f"{indent}}}")

    add(0, 0)
    return lines, listed
