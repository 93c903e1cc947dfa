"""`.bvh`: a skeleton in a T-pose and its joint angles, for Blender, Maya, Unity, MotionBuilder, Unreal."""

from itertools import permutations
from pathlib import Path
from typing import Literal

import numpy as np
import torch
from numpy.typing import NDArray

from ram_sdk.formats.bone_names import BONE_NAMES, BONE_TIPS, bone_names
from ram_sdk.formats.bvh_parser import read_bvh
from ram_sdk.geometry import matrix_to_euler
from ram_sdk.motion import Motion
from ram_sdk.skeleton.features import canonicalize
from ram_sdk.skeleton.inverse_kinematics import inverse_kinematics
from ram_sdk.skeleton.joints import HUMANML3D, UNIFORM_BONE_LENGTHS
from ram_sdk.skeleton.kinematics import PoseSequence, children
from ram_sdk.skeleton.mapping import pick_joints
from ram_sdk.skeleton.retarget import leg_scale, retarget

_UNITS_PER_METRE = {"cm": 100.0, "m": 1.0}
_SAME_LENGTH = 1e-3  # relative difference of bones that still are the uniform skeleton's
_MOSTLY = 2.0
_ORDERS = tuple("".join(axes) for axes in permutations("XYZ"))


def write(
    motion: Motion,
    path: Path,
    *,
    unit: Literal["cm", "m"] = "cm",
    names: str = "mixamo",
    order: str = "YZX",
    skeleton: Literal["canonical", "clip"] = "canonical",
    fps: float | None = None,
) -> None:
    """Write the motion as BVH.

    Args:
        motion: a motion of 22 joints.
        path: file to write.
        unit: of lengths. BVH has none; centimetres are the habit (in Blender import them with scale 0.01),
            metres need no scale there.
        names: of the joints, one of `bone_names.BONE_NAMES`.
        order: in which the three angles of a joint are listed and applied. The default is the one in which
            human motion jumps least between frames, so that resampling in other programs stays smooth.
        skeleton: "canonical", the same for every motion, or "clip", with this clip's own bone lengths.
        fps: resample to this frame rate (by slerp); by default the motion's own.

    Raises:
        ValueError: an unknown option, or a motion that is not of 22 joints.
    """
    if unit not in _UNITS_PER_METRE:
        raise ValueError(f"unit {unit!r}: choose 'cm' or 'm'")
    if order not in _ORDERS:
        raise ValueError(f"order {order!r}: choose one of {', '.join(_ORDERS)}")
    labels = bone_names(names)
    if skeleton == "canonical":
        pose = motion.pose
    else:
        pose = inverse_kinematics(torch.from_numpy(motion.joints), skeleton)
    if fps is not None:
        pose = pose.resample(motion.fps, fps)
    scale = _UNITS_PER_METRE[unit]
    hierarchy, listed = _hierarchy(pose, labels, order, scale)
    angles = np.degrees(continuous_euler(pose, order))[:, listed]
    root = pose.root.double().numpy() * scale
    rows = np.concatenate((root, angles.reshape(len(pose), -1)), axis=1)
    lines = [
        *hierarchy,
        "MOTION",
        f"Frames: {len(pose)}",
        f"Frame Time: {1 / (fps or motion.fps):.8f}",
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


def continuous_euler(pose: PoseSequence, order: str) -> NDArray[np.float64]:
    """Euler angles `(frames, joints, 3)` in radians that jump as little as they can between frames.

    Every rotation has two triples of angles, each up to whole turns: of these the one nearest to the frame
    before is taken.
    """
    first = matrix_to_euler(pose.rotations.double(), order).numpy()
    second = np.stack((first[..., 0] + np.pi, np.pi - first[..., 1], first[..., 2] + np.pi), axis=-1)
    angles = first.copy()
    for frame in range(1, len(angles)):
        before = angles[frame - 1]
        steps = np.stack((first[frame] - before, second[frame] - before))
        steps -= 2 * np.pi * np.round(steps / (2 * np.pi))
        nearest = np.abs(steps).max(axis=-1).argmin(axis=0)
        angles[frame] = before + np.take_along_axis(steps, nearest[None, :, None], axis=0)[0]
    return angles


def _hierarchy(
    pose: PoseSequence, labels: tuple[str, ...], order: str, scale: float
) -> tuple[list[str], list[int]]:
    """The HIERARCHY section, and the joints in the order in which it lists them."""
    lines, listed = ["HIERARCHY"], []
    channels = " ".join(f"{axis}rotation" for axis in order)
    branches = children(pose.parents)
    offsets = (pose.offsets.double() * scale).tolist()

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
            tip = offset([length * scale for length in BONE_TIPS[joint]])
            lines.extend((f"{indent}\tEnd Site", f"{indent}\t{{", f"{indent}\t\t{tip}", f"{indent}\t}}"))
        lines.append(f"{indent}}}")

    add(0, 0)
    return lines, listed
