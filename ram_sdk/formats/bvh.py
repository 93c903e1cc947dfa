"""`.bvh`: a skeleton in a T-pose and its joint angles, for Blender, Maya, Unity, MotionBuilder, Unreal."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from ram_sdk.clip import Clip
from ram_sdk.formats.bone_names import BONE_NAMES, BONE_TIPS
from ram_sdk.formats.bvh_parser import BvhMotion, read_bvh
from ram_sdk.formats.positions import put_down, sides_swapped, warn_of_rate, warn_of_sides
from ram_sdk.formats.read_options import ReadOptions
from ram_sdk.formats.root_motion import ROOT, split
from ram_sdk.formats.write_options import BvhOptions
from ram_sdk.notices import warn
from ram_sdk.skeleton.joints import HUMANML3D, UNIFORM_BONE_LENGTHS
from ram_sdk.skeleton.kinematics import children
from ram_sdk.skeleton.mapping import place_joints
from ram_sdk.skeleton.pose import Pose
from ram_sdk.skeleton.retarget import leg_scale, retarget
from ram_sdk.skeleton.roles import Roles, find_roles, people, shared_names
from ram_sdk.skeleton.tree import JointTree
from ram_sdk.skeleton.upright import find_up, stands, turn_to_y

_UNITS_PER_METRE = {"cm": 100.0, "m": 1.0}
_SAME_LENGTH = 1e-3  # relative difference of bones that still are the uniform skeleton's


def write(motion: Clip, path: Path, options: BvhOptions) -> None:
    """Write the motion as BVH.

    BVH has no unit: centimetres are customary (in Blender import them with scale 0.01), metres need no scale
    there. The default order of angles is the one in which human motion jumps least between frames, so that
    resampling in other programs stays smooth.
    """
    pose = motion.pose if options.skeleton == "canonical" else Pose.of(motion.to_humanml3d().joints, "clip")
    fps = options.fps or motion.fps
    if fps != motion.fps:
        pose = pose.resample(motion.fps, fps)
    scale = _UNITS_PER_METRE[options.unit]
    hierarchy, listed = _hierarchy(pose, BONE_NAMES[options.names], options.order, scale)
    angles = np.degrees(pose.euler(options.order))[:, listed]
    ground, hips = split(pose.root, options.root)
    if ground is not None:
        hierarchy = _below_root(hierarchy)
    paths = [path.astype(np.float64) * scale for path in (ground, hips) if path is not None]
    rows = np.concatenate((*paths, angles.reshape(len(pose), -1)), axis=1)
    lines = [
        *hierarchy,
        "MOTION",
        f"Frames: {len(pose)}",
        f"Frame Time: {1 / fps:.8f}",
        *(" ".join(f"{value:.5f}" for value in row) for row in rows.tolist()),
    ]
    path.write_text("\n".join(lines) + "\n", encoding="ascii")


def read(path: Path, options: ReadOptions) -> Clip:
    """Read the motion of a BVH file of any unit, on HumanML3D's skeleton, at the file's frame rate.

    Files that `write` made come back as they were. Those of other skeletons are mapped by role (see
    `ram_sdk.skeleton.roles`) and retargeted: every clip comes out on the one skeleton that models know, on
    the floor, from the origin towards +Z.

    Warns:
        UserWarning: something was assumed: the person, the up axis, joints that the skeleton does not have.

    Raises:
        ValueError: not a BVH file, no person in it, or options that do not fit it.
    """
    bvh = read_bvh(path, options.fps, options.longest)
    fps = bvh.fps if options.fps else round(bvh.fps, 3)
    try:
        person, joints = _person(bvh, options, path)
        positions, rotations = (part[:, joints] for part in bvh.world_transforms())
        if options.up is None and options.skeleton is None:
            own = _own_joints(person.names, positions)
            if own is not None:
                warn_of_rate(path, fps, options)
                return Clip(own.astype(np.float32), fps)
        roles = find_roles(person, options.skeleton).uncrossed(positions)
        for note in shared_names(person, roles):
            _warn(path, note)
        above = bvh.still_rotation_above(joints[0])  # what never turns belongs to the rest pose

        def motion_of(roles: Roles) -> tuple[Clip, tuple[str, ...]]:
            rest = place_joints(roles, person.rest[None]).positions[0]
            standing = stands(rest)
            picked = place_joints(roles, positions, rotations, person.rest if standing else None)
            up = options.up or _find_up(picked.positions, rest @ above.T if standing else None, bvh.fps, path)
            captured = retarget(picked.positions @ turn_to_y(up).T)
            return Clip(put_down(torch.from_numpy(captured), HUMANML3D), fps), picked.assumed

        motion, assumed = motion_of(roles)
        if roles.sides_guessed and sides_swapped(motion):
            motion, assumed = motion_of(roles.exchanged())
    except ValueError as error:
        raise ValueError(f"{path.name!r}: {error}") from error
    warn_of_rate(path, fps, options)
    if assumed:
        _warn(path, f"the skeleton has no {', '.join(assumed)}: put where a body at rest has them")
    warn_of_sides(motion, path)
    return motion


def _person(bvh: BvhMotion, options: ReadOptions, path: Path) -> tuple[JointTree, list[int]]:
    """The tree of one person in the file, and the indices of its joints."""
    tree = JointTree(bvh.names, bvh.parents, bvh.rest_positions())
    roots = people(tree)
    labels = [tree.names[root] for root in roots]
    shown = ", ".join(f"{number} {label!r}" for number, label in enumerate(labels, start=1))
    if not roots:
        return tree, list(range(len(tree.names)))
    match options.person:
        case None:
            chosen = roots[:1]
            if len(roots) > 1:
                which = f"choose with person= (--source-person): {shown}"
                _warn(path, f"{len(roots)} people, the first is taken; {which}")
        case int(number):
            chosen = roots[number - 1 : number] if number > 0 else []
        case name:
            chosen = [r for r, label in zip(roots, labels, strict=True) if label.startswith(name)]
    if len(chosen) != 1:
        raise ValueError(f"person {options.person!r}: choose from {shown}")
    return tree.subtree(chosen[0])


def _own_joints(names: Sequence[str], positions: NDArray[np.float64]) -> NDArray[np.float64] | None:
    """The 22 joints in metres, if the file has the names and the bones of those that `write` makes."""
    for labels in BONE_NAMES.values():
        if set(labels) <= set(names):
            joints = positions[:, [names.index(label) for label in labels]]
            joints = joints * leg_scale(joints)
            bones = np.linalg.norm(joints[:, 1:] - joints[:, HUMANML3D.parents[1:]], axis=-1)
            if np.allclose(bones, UNIFORM_BONE_LENGTHS, rtol=_SAME_LENGTH):
                return joints
    return None


def _find_up(joints: NDArray[np.float64], rest: NDArray[np.float64] | None, fps: float, path: Path) -> str:
    up, assumed = find_up(joints, rest, fps)
    if assumed:
        _warn(path, f"{assumed}; give the up axis as up= (--source-up) if that is wrong")
    return up


def _warn(path: Path, message: str) -> None:
    warn(f"{path.name!r}: {message}", stacklevel=3)


def _hierarchy(pose: Pose, labels: tuple[str, ...], order: str, scale: float) -> tuple[list[str], list[int]]:
    """The HIERARCHY section, and its joints in their order."""
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


def _below_root(hierarchy: list[str]) -> list[str]:
    """A HIERARCHY section below one more joint, which stands on the floor and only travels."""
    head, first, *rest = hierarchy
    channels = "CHANNELS 3 Xposition Yposition Zposition"
    lines = [first.replace("ROOT", "JOINT"), *rest]
    return [
        head, f"ROOT {ROOT}", "{", "\tOFFSET 0.000000 0.000000 0.000000", f"\t{channels}",
        *(f"\t{line}" for line in lines), "}",
    ]  # fmt: skip
