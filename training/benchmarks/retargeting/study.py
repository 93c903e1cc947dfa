"""How accurate retargeting is: limb directions, planted feet, and errors of Khronos' validator.

Everything is read from the files that `Motion.retarget` writes, by `GlbReader`, which shares no code with it,
and compared with the motion on the skeleton that all motions share.
"""

import json
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ram_sdk import Motion
from ram_sdk.characters.retarget import RetargetedMotion
from ram_sdk.skeleton import feet
from ram_sdk.skeleton.joints import HUMANML3D
from training import machine
from training.benchmarks.retargeting.glb_reader import GlbReader
from training.benchmarks.retargeting.rigs import STYLES, RigStyle, make_rig
from training.markdown import table

Array = NDArray[np.float64]

SIDES = ("left", "right")
BONES = (("hip", "knee"), ("knee", "ankle"), ("shoulder", "elbow"), ("elbow", "wrist"))
_LEGS = np.array([upper in ("hip", "knee") for _ in SIDES for upper, _ in BONES])
_DEGREES = 5.0  # tolerance of a limb's direction
_VIEWER = Path(__file__).resolve().parents[3] / "viewer"


@dataclass(frozen=True)
class Fit:
    """One motion on one rig.

    Attributes:
        directions: `(frames, 8)` degrees between limbs of character and motion: thighs, shins, upper arms and
            forearms.
        soles: height of the lowest point of planted feet above the floor, metres, scaled to the motion's leg
            length.
        depth: largest penetration of a sole into the floor, likewise.
        slip: metres per frame that the ankles of planted feet move, likewise.
        own_slip: the same for the motion itself.
        faults: errors of the validator; None if it did not run.
    """

    directions: Array
    soles: Array
    depth: float
    slip: Array
    own_slip: Array
    faults: int | None


def study(motions: Mapping[str, Motion], out: Path) -> dict[str, dict[str, Fit]]:
    """Retarget each motion to each rig of `STYLES`, and write the rigs and the results.

    Returns:
        The fits by rig and motion.
    """
    out.mkdir(parents=True, exist_ok=True)
    fits: dict[str, dict[str, Fit]] = {}
    for rig, style in STYLES.items():
        suffix = ".vrm" if rig.startswith("vrm") else ".glb"
        source = out / f"{rig}{suffix}"
        source.write_bytes(make_rig(style).to_bytes())
        for name, motion in motions.items():
            on_it = motion.retarget(source)
            written = on_it.save(out / f"{rig}-{name}{suffix}")
            fits.setdefault(rig, {})[name] = measure(motion, on_it, written, style)
    return fits


def measure(
    motion: Motion, on_it: RetargetedMotion, written: Path, style: RigStyle, validate: bool = True
) -> Fit:
    """Compare a retargeted file with its motion."""
    seen = GlbReader(written)
    turned = np.diag((-1.0, 1.0, -1.0)) if style.facing else np.eye(3)
    wanted = motion.pose.joints.astype(np.float64)
    errors = []
    for side in SIDES:
        for upper, lower in BONES:
            ends = seen.places([on_it.joints[f"{side}_{joint}"] for joint in (upper, lower)]) @ turned
            joints = [HUMANML3D.index(f"{side}_{joint}") for joint in (upper, lower)]
            errors.append(angle(ends[:, 1] - ends[:, 0], wanted[:, joints[1]] - wanted[:, joints[0]]))
    standing = feet.contacts(wanted, motion.fps)
    vertices, owners = seen.vertices()
    soles, slips, own_slips, depth = [], [], [], 0.0
    for number, side in enumerate(SIDES):
        names = [on_it.joints[f"{side}_ankle"], on_it.joints.get(f"{side}_foot", "")]
        feet_nodes = {seen.names.index(name) for name in names if name}
        mine = np.array([owner in feet_nodes for owner in owners])
        lowest = vertices[:, mine, 1].min(axis=1) / style.legs
        planted = standing[:, 2 * number : 2 * number + 2]
        soles.append(lowest[planted.any(axis=1)])
        depth = max(depth, -float(lowest.min()))
        held: NDArray[np.bool_] = planted[:, 0] & planted[:, 1]
        ankle = seen.places(names[:1])[:, 0] / style.legs
        slips.append(_steps(ankle, held))
        own_slips.append(_steps(wanted[:, HUMANML3D.index(f"{side}_ankle")], held))
    return Fit(
        directions=np.stack(errors, axis=-1),
        soles=np.concatenate(soles),
        depth=depth,
        slip=np.concatenate(slips),
        own_slip=np.concatenate(own_slips),
        faults=faults_of(written) if validate else None,
    )


def angle(a: Array, b: Array) -> Array:
    """Degrees between vectors `(..., 3)`."""
    cosine = (a * b).sum(-1) / np.linalg.norm(a, axis=-1) / np.linalg.norm(b, axis=-1)
    return np.asarray(np.degrees(np.arccos(np.clip(cosine, -1, 1))))


def faults_of(path: Path) -> int | None:
    """Errors that Khronos' glTF validator finds in a file; None without node or the validator."""
    node = shutil.which("node")
    if node is None or not (_VIEWER / "node_modules" / "gltf-validator").is_dir():
        return None
    command = [node, "validate_gltf.mjs", str(path.resolve())]
    report = subprocess.run(command, cwd=_VIEWER, capture_output=True, text=True, check=True, timeout=120)
    return int(json.loads(report.stdout)["numErrors"])


def _steps(path: Array, held: NDArray[np.bool_]) -> Array:
    """Distances between consecutive frames of a path in both of which the foot is held."""
    return np.asarray(np.linalg.norm(np.diff(path, axis=0), axis=-1)[held[1:] & held[:-1]])


def markdown(fits: Mapping[str, Mapping[str, Fit]], about: str) -> str:
    """A row for each rig, over all motions, and one for all rigs."""
    rows = [[rig, *_row(list(own.values()))] for rig, own in fits.items()]
    everything = [fit for own in fits.values() for fit in own.values()]
    head = (
        "rig",
        "arm error, max (degrees)",
        "leg error, 95th percentile",
        "leg error, max",
        f"limbs within {_DEGREES:g} degrees",
        "planted soles off the floor, max (cm)",
        "floor penetration, max (cm)",
        "slip of planted feet, 95th percentile (cm per frame)",
        "slip of the motion itself",
        "validator errors",
    )
    here = machine.describe("cpu")
    note = f"{about}; {here['machine']}, torch {here['torch']}, {here['date']}\n"
    return f"{note}\n{table(head, [*rows, ['all', *_row(everything)]])}"


def _row(fits: Sequence[Fit]) -> list[str]:
    directions = np.concatenate([fit.directions for fit in fits])
    legs, arms = directions[:, _LEGS], directions[:, ~_LEGS]
    soles = np.abs(np.concatenate([fit.soles for fit in fits]))
    slips = [np.concatenate(parts) for parts in zip(*((fit.slip, fit.own_slip) for fit in fits), strict=True)]
    faults = [fit.faults for fit in fits if fit.faults is not None]
    return [
        f"{arms.max():.1f}",
        f"{np.percentile(legs, 95):.1f}",
        f"{legs.max():.1f}",
        f"{(directions < _DEGREES).mean():.1%}",
        f"{100 * soles.max(initial=0.0):.2f}",
        f"{100 * max(fit.depth for fit in fits):.2f}",
        *(f"{100 * np.percentile(slip, 95):.2f}" if len(slip) else "" for slip in slips),
        str(sum(faults)) if faults else "not run",
    ]
