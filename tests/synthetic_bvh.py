"""BVH files of a moving person on skeletons of many tools, and where the joints then are."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from scipy.spatial.transform import Rotation

from ram_sdk.skeleton.features import canonicalize
from ram_sdk.skeleton.joints import HUMANML3D
from ram_sdk.skeleton.kinematics import canonical_offsets
from tests.synthetic_motion import natural_poses

JOINTS = HUMANML3D.joint_names
_PARENTS = HUMANML3D.parents
_TIPS = {"left_foot": (0, 0, 0.07), "right_foot": (0, 0, 0.07), "head": (0, 0.18, 0)}
_TIPS |= {"left_wrist": (0.18, 0, 0), "right_wrist": (-0.18, 0, 0)}


@dataclass(frozen=True)
class Scheme:
    """What a tool calls the joints by role; those that are not named do not exist there.

    A tip (toe, wrist, head) that does not exist is the End Site of the joint before it.
    """

    names: Mapping[str, str]
    along_x: bool = False  # each joint's own x axis lies along its bone, as in Maya and LAFAN1


def scheme(
    sides: tuple[str, str],
    leg: Sequence[str],
    arm: Sequence[str],
    middle: Sequence[str],
    along_x: bool = False,
) -> Scheme:
    """A scheme from patterns in which `{}` is the side.

    `leg` is hip, knee, ankle, toe; `arm` collar, shoulder, elbow, wrist; `middle` pelvis, spine1 to spine3,
    neck, head; an empty string leaves a joint out.
    """
    names = dict(zip(("pelvis", "spine1", "spine2", "spine3", "neck", "head"), middle, strict=True))
    for side, word in zip(("left", "right"), sides, strict=True):
        for joints, patterns in ((("hip", "knee", "ankle", "foot"), leg), (_ARM, arm)):
            for joint, pattern in zip(joints, patterns, strict=True):
                names[f"{side}_{joint}"] = pattern.format(word)
    return Scheme({role: name for role, name in names.items() if name}, along_x)


_ARM = ("collar", "shoulder", "elbow", "wrist")


@dataclass(frozen=True)
class Person:
    """The tree of a file in which somebody moves, lengths in the file's unit."""

    roles: tuple[str, ...]
    names: tuple[str, ...]
    parents: tuple[int, ...]
    offsets: np.ndarray  # (joints, 3)
    tips: Mapping[int, np.ndarray]  # End Sites
    root: np.ndarray  # (frames, 3)
    rotations: np.ndarray  # (frames, joints, 3, 3), relative to the parent
    expected: np.ndarray  # (frames, 22, 3), metres, standing on the floor and facing +Z at first


def person(tool: Scheme, *, frames: int = 30, seed: int = 0, unit: float = 115.0) -> Person:
    """Somebody who walks and waves, `unit` file lengths for each metre of HumanML3D's skeleton."""
    pose = natural_poses(frames, seed)
    rotations, offsets = pose.rotations.numpy().copy(), canonical_offsets().numpy()
    kept = [joint for joint, role in enumerate(JOINTS) if role in tool.names]
    for joint in set(range(len(JOINTS))) - set(kept):
        rotations[:, joint] = np.eye(3)
    root = pose.root.numpy()
    joints, world = forward_kinematics(_PARENTS, offsets, root, rotations)
    parents, bones, tips = [], [], {}
    for joint in kept:
        bone, parent = offsets[joint], _PARENTS[joint]
        while parent >= 0 and parent not in kept:
            bone, parent = bone + offsets[parent], _PARENTS[parent]
        parents.append(kept.index(parent) if parent >= 0 else -1)
        bones.append(bone * unit)
    for role, tip in _TIPS.items():
        joint = JOINTS.index(role)
        end, at = (joint, np.array(tip)) if joint in kept else (_PARENTS[joint], offsets[joint])
        tips[kept.index(end)] = at * unit
    own = _along_x(bones, parents, tips) if tool.along_x else np.tile(np.eye(3), (len(kept), 1, 1))
    local = world[:, kept] @ own
    relative = local.copy()
    for index, parent in enumerate(parents):
        if parent >= 0:
            relative[:, index] = np.swapaxes(local[:, parent], -1, -2) @ local[:, index]
            bones[index] = own[parent].T @ bones[index]
    return Person(
        roles=tuple(JOINTS[joint] for joint in kept),
        names=tuple(tool.names[JOINTS[joint]] for joint in kept),
        parents=tuple(parents),
        offsets=np.array(bones),
        tips={index: own[index].T @ tip for index, tip in tips.items()},
        root=root * unit,
        rotations=relative,
        expected=canonicalize(torch.from_numpy(joints)).numpy(),
    )


def forward_kinematics(
    parents: Sequence[int], offsets: np.ndarray, root: np.ndarray, rotations: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Positions and world rotations, written apart from the package's own."""
    positions, world = np.zeros((*rotations.shape[:2], 3)), np.zeros_like(rotations)
    for joint, parent in enumerate(parents):
        if parent < 0:
            positions[:, joint], world[:, joint] = root, rotations[:, joint]
        else:
            positions[:, joint] = positions[:, parent] + np.einsum(
                "fij,j->fi", world[:, parent], offsets[joint]
            )
            world[:, joint] = np.einsum("fij,fjk->fik", world[:, parent], rotations[:, joint])
    return positions, world


def _along_x(
    bones: Sequence[np.ndarray], parents: Sequence[int], tips: Mapping[int, np.ndarray]
) -> np.ndarray:
    """For each joint the axes whose x lies along the bone that begins there."""
    own = np.tile(np.eye(3), (len(bones), 1, 1))
    for joint in range(len(bones)):
        below = [bones[child] for child, parent in enumerate(parents) if parent == joint] or [tips[joint]]
        x = np.sum(below, axis=0) / np.linalg.norm(np.sum(below, axis=0))
        y = np.cross((0.3, 0.4, 0.85), x)
        y /= np.linalg.norm(y)
        own[joint] = np.stack((x, y, np.cross(x, y)), axis=1)
    return own


def hierarchy(body: Person, root_word: str = "ROOT") -> str:
    """The HIERARCHY section of one person, without the word."""
    lines: list[str] = []

    def add(joint: int) -> None:
        channels = "CHANNELS 3" if body.parents[joint] >= 0 else "CHANNELS 6 Xposition Yposition Zposition"
        lines.append(f"{'JOINT' if body.parents[joint] >= 0 else root_word} {body.names[joint]}")
        lines.extend(("{", "OFFSET " + " ".join(f"{x:.5f}" for x in body.offsets[joint])))
        lines.append(f"{channels} Zrotation Xrotation Yrotation")
        for child, parent in enumerate(body.parents):
            if parent == joint:
                add(child)
        if joint in body.tips:
            lines.append("End Site\n{\nOFFSET " + " ".join(f"{x:.5f}" for x in body.tips[joint]) + "\n}")
        lines.append("}")

    add(0)
    return "\n".join(lines)


def rows(body: Person) -> list[str]:
    """The numbers of each frame."""
    order: list[int] = []

    def visit(joint: int) -> None:
        order.append(joint)
        for child, parent in enumerate(body.parents):
            if parent == joint:
                visit(child)

    visit(0)
    shape = body.rotations.shape[:2]
    angles = Rotation.from_matrix(body.rotations.reshape(-1, 3, 3)).as_euler("ZXY", degrees=True)
    angles = angles.reshape(*shape, 3)[:, order].reshape(shape[0], -1)
    return [" ".join(f"{x:.5f}" for x in row) for row in np.concatenate((body.root, angles), axis=1)]


def bvh_text(*people: Person) -> str:
    """A BVH file of one or several people."""
    lines = zip(*(rows(body) for body in people), strict=True)
    return "\n".join(
        (
            "HIERARCHY",
            *(hierarchy(body) for body in people),
            f"MOTION\nFrames: {len(people[0].root)}\nFrame Time: 0.05",
            *(" ".join(parts) for parts in lines),
            "",
        )
    )
