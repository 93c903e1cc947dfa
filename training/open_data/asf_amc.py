"""Reading Acclaim captures: a skeleton (ASF) and its motions (AMC)."""

import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ram_sdk.formats.bvh_parser import axis_rotation

_METRES_PER_INCH = 0.0254
_DOF_AXIS = {"rx": 0, "ry": 1, "rz": 2}


@dataclass(frozen=True)
class AsfBone:
    """One bone, from its parent's end to its own end."""

    name: str
    parent: str
    offset: NDArray[np.float64]  # (3,) rest direction times length, in the file's unit
    axis: NDArray[np.float64]  # (3, 3) rest orientation of the bone's local axes
    dof: tuple[int, ...]  # rotation axes (0, 1, 2) of the angles in an AMC line


@dataclass(frozen=True)
class AsfSkeleton:
    """Bones, parents before their children; the root is called "root"."""

    bones: tuple[AsfBone, ...]
    metres: float  # metres per unit of length


def _euler_xyz(degrees: NDArray[np.float64]) -> NDArray[np.float64]:
    """Acclaim's "XYZ": x is applied first. `(n, 3)` -> `(n, 3, 3)`."""
    return axis_rotation(2, degrees[:, 2]) @ axis_rotation(1, degrees[:, 1]) @ axis_rotation(0, degrees[:, 0])


def read_asf(path: str | Path) -> AsfSkeleton:
    """Read an ASF skeleton.

    Args:
        path: the file.

    Returns:
        The bones and the unit. Angles must be degrees and the axis order XYZ, as in the CMU and HDM05
        databases.

    Raises:
        ValueError: a section is missing, or the file uses radians or another axis order.
    """
    text = Path(path).read_text(encoding="utf-8", errors="replace")
    sections = dict(re.findall(r"^:(\w+)(.*?)(?=^:|\Z)", text, re.MULTILINE | re.DOTALL))
    for name in ("units", "root", "bonedata", "hierarchy"):
        if name not in sections:
            raise ValueError(f"{path}: no :{name} section; the file is not ASF or is cut off")
    if not re.search(r"angle\s+deg", sections["units"]):
        raise ValueError(f"{path}: angles must be in degrees ('angle deg' in :units)")
    length = re.search(r"length\s+(\S+)", sections["units"])
    if length is None:
        raise ValueError(f"{path}: :units gives no length")
    parents = _parents(sections["hierarchy"])
    bones = [
        _parse_bone(block, parents, str(path))
        for block in re.findall(r"\bbegin\b(.*?)\bend\b", sections["bonedata"], re.DOTALL)
    ]
    try:
        metres = _METRES_PER_INCH / float(length[1])
    except (ValueError, ZeroDivisionError):
        raise ValueError(f"{path}: :units gives the length {length[1]}: expected a number") from None
    return AsfSkeleton(tuple(_parents_first(bones, str(path))), metres)


def _parents(hierarchy: str) -> dict[str, str]:
    parents = {}
    for line in hierarchy.splitlines():
        parent, *children = line.split() or [""]
        parents.update({child: parent for child in children})
    return parents


def _parse_bone(block: str, parents: dict[str, str], path: str) -> AsfBone:
    fields = {words[0]: words[1:] for words in map(str.split, block.splitlines()) if words}
    try:
        name = fields["name"][0]
        direction = np.array(fields["direction"][:3], dtype=np.float64)
        angles = np.array(fields["axis"][:3], dtype=np.float64)
        if fields["axis"][3:] != ["XYZ"]:
            raise ValueError("the axis order must be XYZ")
        return AsfBone(
            name=name,
            parent=parents[name],
            offset=direction * float(fields["length"][0]),
            axis=_euler_xyz(angles[None])[0],
            dof=tuple(_DOF_AXIS[dof] for dof in fields.get("dof", [])),
        )
    except (KeyError, IndexError, ValueError) as error:
        bone = (fields.get("name") or ["without a name"])[0]
        problem = error if isinstance(error, ValueError) else "expected name, direction, length and axis"
        raise ValueError(f"{path}: bone {bone!r}: {problem}") from None


def _parents_first(bones: list[AsfBone], path: str) -> list[AsfBone]:
    ordered: list[AsfBone] = []
    known = {"root"}
    while len(ordered) < len(bones):
        ready = [bone for bone in bones if bone.name not in known and bone.parent in known]
        if not ready:
            raise ValueError(f"{path}: the :hierarchy section does not reach every bone")
        ordered += ready
        known |= {bone.name for bone in ready}
    return ordered


def read_amc(path: str | Path) -> dict[str, NDArray[np.float64]]:
    """Read an AMC motion: for each bone the values of every frame, `(frames, degrees of freedom)`.

    Raises:
        ValueError: a frame is incomplete or has a value that is not a number; the message says where.
    """
    rows: dict[str, list[list[str]]] = {}
    frames = 0
    with open(path, encoding="utf-8", errors="replace") as file:
        for number, line in enumerate(file, start=1):
            words = line.split()
            if not words or words[0][0] in "#:":
                continue
            if len(words) == 1 and words[0].isdigit():
                frames += 1
            elif frames == 0:
                raise ValueError(f"{path}, line {number}: {line.strip()!r} before the first frame number")
            else:
                rows.setdefault(words[0], []).append(words[1:])
    if frames == 0:
        raise ValueError(f"{path}: no frames; the file is not AMC or is cut off")
    motion = {}
    for bone, values in rows.items():
        if len(values) != frames:
            raise ValueError(
                f"{path}: bone {bone!r} has {len(values)} of {frames} frames; the file is cut off"
            )
        try:
            motion[bone] = np.array(values, dtype=np.float64)
        except ValueError as error:
            raise ValueError(f"{path}: bone {bone!r}: {error}") from None
    return motion


def read_acclaim(asf: str | Path, amc: str | Path) -> tuple[tuple[str, ...], NDArray[np.float64]]:
    """Read a skeleton and a motion for it; see `acclaim_positions`.

    Raises:
        ValueError: one of them cannot be read, or they do not match; the message names the file.
    """
    skeleton, motion = read_asf(asf), read_amc(amc)
    try:
        return acclaim_positions(skeleton, motion)
    except ValueError as error:
        raise ValueError(f"{amc}: {error}") from error


def acclaim_positions(
    skeleton: AsfSkeleton, motion: dict[str, NDArray[np.float64]]
) -> tuple[tuple[str, ...], NDArray[np.float64]]:
    """Forward kinematics.

    Args:
        skeleton: from `read_asf`.
        motion: from `read_amc`.

    Returns:
        Names ("root", then the bones) and positions `(frames, names, 3)` in metres: of the root, and of
        the *end* of each bone.

    Raises:
        ValueError: the motion does not match the skeleton, or holds numbers that are not finite.
    """
    root = motion.get("root")
    if root is None or root.shape[1:] != (6,):
        raise ValueError("the motion has no root line of six numbers")
    rotations = {"root": _euler_xyz(root[:, 3:])}
    positions = {"root": root[:, :3]}
    for bone in skeleton.bones:
        angles = np.zeros((len(root), 3))
        if bone.dof:
            if bone.name not in motion or motion[bone.name].shape[1:] != (len(bone.dof),):
                raise ValueError(f"bone {bone.name!r}: the skeleton expects {len(bone.dof)} angles a frame")
            angles[:, bone.dof] = motion[bone.name]
        local = bone.axis @ _euler_xyz(angles) @ bone.axis.T
        rotations[bone.name] = rotations[bone.parent] @ local
        positions[bone.name] = positions[bone.parent] + rotations[bone.name] @ bone.offset
    stacked = np.stack(list(positions.values()), axis=1) * skeleton.metres
    if not np.isfinite(stacked).all():
        raise ValueError("numbers that are not finite")
    return tuple(positions), stacked
