"""Fit the hinge directions of straight limbs, and measure the twist of upper arms and thighs.

The axis of a bent elbow or knee is the normal of the plane in which the limb bends; the rule of
`ram_sdk.skeleton.hinges` is a weighted least-squares fit to it, linear in the direction of the upper bone. It
is fitted to captures of CMU and ACCAD, and evaluated on recorded joint rotations of other performers: the CMU
subjects whose captures are BVH files, ACCAD's Male2, and Bandai-Namco's performers.
"""

from collections import defaultdict
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor
from tqdm import tqdm

from ram_sdk.formats.bvh_parser import read_bvh
from ram_sdk.skeleton.hinges import LIMBS, Limb, rest_axis
from ram_sdk.skeleton.inverse_kinematics import closed_form, inverse_kinematics
from ram_sdk.skeleton.joints import HUMANML3D
from ram_sdk.skeleton.kinematics import canonical_offsets, forward_kinematics
from ram_sdk.skeleton.retarget import retarget
from ram_sdk.skeleton.roles import find_roles
from ram_sdk.skeleton.tree import JointTree
from training.open_data.captures import CaptureFile, find_captures, read_capture
from training.open_data.cleaning import FPS

_EVERY = {"cmu": 2, "accad": 2, "bandai-namco": 24}  # every n-th capture of a source is used
_ACCAD_HELD_OUT = "Male2"
_BENT = 20.0  # degrees; the plane of a straighter limb is noise
_RIDGE = 1e-3


class Measured(NamedTuple):
    """The upper bones of one limb in one capture, all `(frames, ...)` and in the world."""

    bone: Tensor  # direction
    bend: Tensor  # degrees between the two bones
    axis: Tensor  # the recorded hinge
    before: Tensor  # the hinge where the upper bone has no twist
    after: Tensor  # the hinge of `inverse_kinematics`


def fit(captures_folder: Path, work: Path) -> None:
    """Print the rules and the table of errors.

    Args:
        captures_folder: archives, or unpacked folders.
        work: where archives are unpacked.
    """
    captures = [
        file
        for file in find_captures(captures_folder, "open", work)
        if not file.excluded and int(file.capture_id) % _EVERY.get(file.source, 10**9) == 0
    ]
    recorded = {file.performer for file in captures if file.source == "cmu" and file.path.suffix == ".bvh"}
    fitting = [
        file
        for file in captures
        if (file.source == "cmu" and file.performer not in recorded)
        or (file.source == "accad" and file.performer != _ACCAD_HELD_OUT)
    ]
    print_rules(fitting)
    print_errors([file for file in captures if file.path.suffix == ".bvh" and file not in fitting])


def print_rules(files: list[CaptureFile]) -> None:
    """Fit the rules of arms and legs, with the right side mirrored to the left."""
    rows: dict[float, list[Tensor]] = defaultdict(list)
    axes: dict[float, list[Tensor]] = defaultdict(list)
    for file in tqdm(files, desc="fitting"):
        joints = _joints(file)
        world = _world(closed_form(joints, canonical_offsets()))
        for limb in LIMBS:
            body = world[:, HUMANML3D.parents[limb.chain[0]]]
            bone, lower = (_turned(body.mT, direction) for direction in _directions(joints, limb))
            axis = torch.linalg.cross(bone, lower)
            sine = axis.norm(dim=-1, keepdim=True)
            bent = _degrees(bone, lower) > _BENT
            mirror = bone.new_tensor((limb.side, 1.0, 1.0))
            inputs = F.pad(bone * mirror, (1, 0), value=1.0)
            rows[limb.bends].append((inputs / sine)[bent])  # straighter limbs have more weight
            axes[limb.bends].append((axis * limb.side * mirror / sine**2)[bent])
    for name, bends in (("ARM", 1.0), ("LEG", -1.0)):
        x, y = torch.cat(rows[bends]), torch.cat(axes[bends])
        gram = x.mT @ x + _RIDGE * len(x) * torch.eye(4, dtype=x.dtype)
        rule = torch.linalg.solve(gram, x.mT @ y)
        print(f"{name}_RULE = {tuple(tuple(round(value, 2) for value in row) for row in rule.tolist())}")


def print_errors(files: list[CaptureFile]) -> None:
    """Print the angle between recorded and estimated hinges about the upper bone."""
    measured = _measure(files)
    print(
        "\n| source | limb | frames | bend | degrees, no twist | degrees, hinges |\n|---|---|---|---|---|---|"
    )
    for (source, bends), parts in sorted(measured.items()):
        bone, bend, axis, before, after = (torch.cat(column) for column in zip(*parts, strict=True))
        for label, chosen in ((f"< {_BENT:.0f}", bend < _BENT), (f"> {_BENT:.0f}", bend >= _BENT)):
            errors = [_twist(bone, axis, found)[chosen].abs().mean() for found in (before, after)]
            limb = "arm" if bends > 0 else "leg"
            print(
                f"| {source} | {limb} | {int(chosen.sum())} | {label} | {errors[0]:.1f} | {errors[1]:.1f} |"
            )


def _measure(files: list[CaptureFile]) -> dict[tuple[str, float], list[Measured]]:
    """The recorded and estimated hinges of the captures, by source and kind of limb."""
    offsets = canonical_offsets()
    takes = defaultdict(list)  # by skeleton: its hinge has one direction in the axes of the upper bone
    for file in tqdm(files, desc="measuring"):
        joints = _joints(file)
        before, after = _world(closed_form(joints, offsets)), _world(inverse_kinematics(joints).rotations)
        for limb, turn in zip(LIMBS, _recorded(file, len(joints)), strict=True):
            bone, lower = _directions(joints, limb)
            own = _turned(turn.mT, bone).median(dim=0).values.round()
            key = (file.source, file.performer, limb, tuple(own.tolist()))
            rest = rest_axis(limb, F.normalize(offsets[limb.hinge], dim=-1))
            upper = limb.chain[-1]
            takes[key].append((turn, bone, lower, before[:, upper] @ rest, after[:, upper] @ rest))
    measured: dict[tuple[str, float], list[Measured]] = defaultdict(list)
    for (source, _, limb, _), parts in takes.items():
        turn, bone, lower, before_axis, after_axis = (
            torch.cat(column) for column in zip(*parts, strict=True)
        )
        ends = torch.cat([_turned(turn.mT, direction) for direction in (bone, lower)])
        normal = torch.linalg.svd(ends, full_matrices=False)[2][2]
        across = _turned(turn.mT, torch.linalg.cross(bone, lower)).mean(dim=0)
        axis = turn @ (normal * (normal @ across).sign())
        measured[source, limb.bends].append(
            Measured(bone, _degrees(bone, lower), axis, before_axis, after_axis)
        )
    return measured


def _joints(file: CaptureFile) -> Tensor:
    capture = read_capture(file)
    return torch.from_numpy(retarget(capture.joints[:: max(1, round(capture.fps / FPS))]))


def _recorded(file: CaptureFile, frames: int) -> list[Tensor]:
    """World rotations `(frames, 3, 3)` of the parent joints of the upper bones of `LIMBS`."""
    motion = read_bvh(file.path)
    found = find_roles(JointTree(motion.names, motion.parents, motion.rest_positions())).joints
    upper = [found[f"{side}_{joint}"] for joint in ("shoulder", "hip") for side in ("left", "right")]
    world: NDArray[np.float64] = motion.world_transforms()[1][:: max(1, round(motion.fps / FPS))]
    return [torch.from_numpy(world[:frames, joint]) for joint in upper]


def _world(rotations: Tensor) -> Tensor:
    return forward_kinematics(rotations, rotations.new_zeros(len(rotations), 3), canonical_offsets())[1]


def _directions(joints: Tensor, limb: Limb) -> tuple[Tensor, Tensor]:
    start, middle, end = limb.chain[-1], limb.hinge, limb.end[0]
    upper, lower = joints[:, middle] - joints[:, start], joints[:, end] - joints[:, middle]
    return F.normalize(upper, dim=-1), F.normalize(lower, dim=-1)


def _turned(rotations: Tensor, vectors: Tensor) -> Tensor:
    return (rotations @ vectors[..., None]).squeeze(-1)


def _degrees(a: Tensor, b: Tensor) -> Tensor:
    return torch.rad2deg((a * b).sum(dim=-1).clamp(-1, 1).acos())


def _twist(bone: Tensor, a: Tensor, b: Tensor) -> Tensor:
    """Degrees about `bone` from direction a to b, `(frames,)`."""
    sine = (torch.linalg.cross(a, b) * bone).sum(dim=-1)
    along = (a * bone).sum(dim=-1) * (b * bone).sum(dim=-1)
    return torch.rad2deg(torch.atan2(sine, (a * b).sum(dim=-1) - along))
