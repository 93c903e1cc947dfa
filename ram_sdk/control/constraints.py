"""What a motion must do at given times and places: validated objects that convert to JSON.

Positions are metres in the result's world frame, Y up; a facing is degrees about +Y from +Z, so that 90 faces
+X. Times are seconds from the start of the result; its duration names the last frame. Where no constraint
says where the motion starts, it starts above the origin, facing +Z.
"""

import dataclasses
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ram_sdk import scalars
from ram_sdk.motion import Motion
from ram_sdk.skeleton.joints import HUMANML3D, UNIFORM_BONE_LENGTHS

Array = NDArray[np.float64]
Part = Literal["body", "upper", "lower"]
PARTS: tuple[Part, ...] = ("body", "upper", "lower")
Facing = float | Literal["along"] | None

_FARTHEST = 1e4  # metres, seconds or degrees: no motion reaches farther, and float32 is exact to a millimetre
_LIMBS = (4, 5, 7, 8, 18, 19, 20, 21)  # joints at the ends of thighs, shins, upper arms and forearms
_OF_A_PERSON = (0.4, 2.5)  # times the usual length of a limb: from a small child to a giant
_HIGHEST = 2.7  # metres: a hand held up (1.8 m) in a very high jump (0.8 m), and a bit
_LOWEST = -1.0  # metres: a step down from the floor

_ALIASES = {"left_hand": "left_wrist", "right_hand": "right_wrist"}


@dataclass(frozen=True, eq=False)
class Pose:
    """The whole body at a time: first and last pose, keyframes.

    Attributes:
        time: seconds.
        joints: `(22, 3)` positions, metres.
    """

    time: float
    joints: Array

    def __post_init__(self) -> None:
        _set(self, time=_time("Pose.time", self.time))
        _set(self, joints=_array("Pose.joints", self.joints, (HUMANML3D.num_joints, 3)))
        _check_body(self.joints)


@dataclass(frozen=True, eq=False)
class Joints:
    """Positions of single joints at one time or several.

    Attributes:
        times: `(n,)` seconds, or one number.
        positions: by name, `(n, 3)` metres or one `(3,)`: "pelvis", "head", "left_hand", "right_hand",
            "left_foot", "right_foot" (toes) or any other name of `HUMANML3D.joint_names`.
    """

    times: Array
    positions: Mapping[str, Array]

    def __post_init__(self) -> None:
        times = np.atleast_1d(_array("Joints.times", self.times, None))
        if times.ndim != 1 or not len(times):
            raise ValueError("Joints.times: expected a number of seconds, or a list of them")
        _set(self, times=np.array([_time("Joints.times", t) for t in times]))
        if not isinstance(self.positions, Mapping) or not self.positions:
            raise ValueError(
                'Joints.positions: expected joints by name, such as {"left_hand": (0.4, 1.2, 0.3)}'
            )
        placed = {}
        for name, values in self.positions.items():
            joint_index(name)
            values = _array(f"Joints.positions[{name!r}]", values, None)
            placed[name] = _array(f"Joints.positions[{name!r}]", np.atleast_2d(values), (len(times), 3))
            _check_height(name, placed[name])
        _set(self, positions=placed)


@dataclass(frozen=True, eq=False)
class Keep:
    """A part of a given motion stays as it is.

    Attributes:
        motion: of 22 joints, at any frame rate.
        start: second of `motion` from which it is kept.
        end: second of `motion` up to which it is kept, exclusive; None: to its end.
        at: second of the result where the kept part begins; None: where it is in `motion`.
        part: "body"; "lower", pelvis and legs, with the path over the floor; or "upper", spine, head and arms
            relative to the pelvis, so that other legs may carry them elsewhere; the rest faces as it does.
    """

    motion: Motion
    start: float = 0.0
    end: float | None = None
    at: float | None = None
    part: Part = "body"

    def __post_init__(self) -> None:
        if not isinstance(self.motion, Motion):
            raise ValueError(f"Keep.motion of type {type(self.motion).__name__}: expected a Motion")
        if self.motion.skeleton is not HUMANML3D:
            raise ValueError(f"Keep.motion: expected 22 joints, it has {self.motion.skeleton.num_joints}")
        if self.part not in PARTS:
            raise ValueError(f"Keep.part {self.part!r}: use one of {', '.join(PARTS)}")
        duration = self.motion.duration
        _set(self, start=_time("Keep.start", self.start))
        _set(self, end=duration if self.end is None else _time("Keep.end", self.end))
        _set(self, at=self.start if self.at is None else _time("Keep.at", self.at))
        if not self.start < self.end <= duration + 1e-6:  # type: ignore[operator]
            raise ValueError(
                f"Keep from {self.start:g} to {self.end:g} s: expected a span within the motion's "
                f"{duration:g} s"
            )


@dataclass(frozen=True, eq=False)
class Path:
    """The path of the root over the floor; the motion keeps its own steps and sway beside it.

    Attributes:
        points: `(n, 2)` x and z, metres, at least two.
        times: `(n,)` seconds at which the points are reached; None: over the whole motion, at its own pace.
        smooth: whether a curve leads through the points, or straight lines with corners.
        facing: "along" the path, degrees, or None: the body keeps the prompt's angle to its direction of
            travel, so that it can walk backward or sideways along the path.
    """

    points: Array
    times: Array | None = None
    smooth: bool = False
    facing: Facing = None

    def __post_init__(self) -> None:
        points = _array("Path.points", self.points, None)
        if points.ndim != 2 or points.shape[1] != 2 or len(points) < 2:
            raise ValueError(
                f"Path.points of shape {points.shape}: expected (n >= 2, 2), x and z of each point"
            )
        if not np.ptp(points, axis=0).any():
            raise ValueError("Path.points are all the same place: use Stop to stay at one")
        _set(self, points=points, smooth=bool(self.smooth), facing=_facing("Path.facing", self.facing))
        if self.times is not None:
            times = _array("Path.times", self.times, (len(points),))
            if times[0] < 0 or (np.diff(times) <= 0).any():
                raise ValueError("Path.times: expected seconds that rise from one point to the next")
            _set(self, times=times)


@dataclass(frozen=True, eq=False)
class Stop:
    """The root comes to a place and stays there, for a second if nothing else is said.

    Attributes:
        place: `(2,)` x and z, metres.
        time: second at which it stands there.
        duration: seconds that it stays from then on.
        facing: degrees that hips and shoulders together face, or None to leave it open.
    """

    place: Array
    time: float
    duration: float = 1.0
    facing: float | None = None

    def __post_init__(self) -> None:
        _set(self, place=_array("Stop.place", self.place, (2,)))
        _set(self, time=_time("Stop.time", self.time), duration=_time("Stop.duration", self.duration))
        facing = _facing("Stop.facing", self.facing)
        if isinstance(facing, str):
            raise ValueError("Stop.facing 'along': a place has no direction, give degrees")
        _set(self, facing=facing)


@dataclass(frozen=True, eq=False)
class Loop:
    """The last frame has the pose and velocity of the first; the root may have travelled and turned.

    The last frame is the first of the next round: play all frames but it, again and again.
    """


Constraint = Pose | Joints | Keep | Path | Stop | Loop
KINDS: dict[str, type[Constraint]] = {kind.__name__: kind for kind in (Pose, Joints, Keep, Path, Stop, Loop)}


def joint_index(name: str) -> int:
    """The joint that a name means.

    Raises:
        ValueError: there is none of that name.
    """
    names = HUMANML3D.joint_names
    known = _ALIASES.get(name, name)
    if known not in names:
        raise ValueError(f"joint {name!r}: use left_hand, right_hand or one of {', '.join(names)}")
    return names.index(known)


def to_json(constraints: Iterable[Constraint]) -> str:
    """Constraints as a JSON list that `from_json` reads."""
    return json.dumps([{"kind": type(one).__name__, **_fields(one)} for one in checked(constraints)])


def from_json(text: str) -> list[Constraint]:
    """Read constraints from JSON.

    Raises:
        ValueError: it is not a JSON list of constraints, or one of them is wrong.
    """
    try:
        entries = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ValueError(f"constraints: not valid JSON ({error})") from error
    return from_entries(entries)


def from_entries(entries: Any) -> list[Constraint]:
    """Constraints from plain values, as in the JSON that `to_json` writes.

    Raises:
        ValueError: it is not a list of constraints, or one of them is wrong.
    """
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise ValueError(
            'constraints: expected a list of objects such as {"kind": "Stop", "place": [0, 1], "time": 2}'
        )
    return [_from_fields(entry) for entry in entries]


def checked(constraints: Constraint | Iterable[Constraint]) -> list[Constraint]:
    """The constraints as a list.

    Raises:
        ValueError: one of them is not a constraint.
    """
    if isinstance(constraints, Pose | Joints | Keep | Path | Stop | Loop):
        return [constraints]
    try:
        listed = list(constraints)
    except TypeError:
        listed = [constraints]  # type: ignore[list-item]
    for one in listed:
        if not isinstance(one, tuple(KINDS.values())):
            raise ValueError(f"constraint of type {type(one).__name__}: use one of {', '.join(KINDS)}")
    return listed


def _fields(constraint: Constraint) -> dict[str, Any]:
    return {f.name: _plain(getattr(constraint, f.name)) for f in dataclasses.fields(constraint)}


def _plain(value: Any) -> Any:
    if isinstance(value, np.ndarray):
        return value.tolist()
    if isinstance(value, Motion):
        return {"joints": value.joints.tolist(), "fps": value.fps}
    if isinstance(value, Mapping):
        return {name: _plain(entry) for name, entry in value.items()}
    return value


def _from_fields(entry: dict[str, Any]) -> Constraint:
    given = dict(entry)
    name = given.pop("kind", None)
    kind = KINDS.get(name) if isinstance(name, str) else None
    if kind is None:
        raise ValueError(f"constraint kind {name!r}: use one of {', '.join(KINDS)}")
    known = {f.name: f for f in dataclasses.fields(kind)}
    if unknown := sorted(given.keys() - known.keys()):
        raise ValueError(f"{name}: unknown fields {', '.join(unknown)}; it has {', '.join(known) or 'none'}")
    required = {n for n, f in known.items() if f.default is dataclasses.MISSING}
    if missing := sorted(required - given.keys()):
        raise ValueError(f"{name}: {', '.join(missing)} is missing")
    if kind is Keep and not isinstance(given["motion"], Motion):
        given["motion"] = _motion(given["motion"])
    return kind(**given)


def _motion(entry: Any) -> Motion:
    if not isinstance(entry, dict) or entry.keys() != {"joints", "fps"}:
        raise ValueError('Keep.motion: expected {"joints": [...], "fps": 20}')
    joints = _array("Keep.motion.joints", entry["joints"], None)
    return Motion(joints.astype(np.float32), scalars.number("Keep.motion.fps", entry["fps"]))


def _set(constraint: Any, **values: Any) -> None:
    for name, value in values.items():
        object.__setattr__(constraint, name, value)


def _array(name: str, values: ArrayLike | Sequence[Any], shape: tuple[int, ...] | None) -> Array:
    """Finite numbers as a float64 array that cannot be changed, of that shape if one is given."""
    try:
        array = np.array(values, dtype=np.float64)
    except (TypeError, ValueError, OverflowError) as error:
        raise ValueError(f"{name}: expected numbers in rows of equal length") from error
    if shape is not None and array.shape != shape:
        raise ValueError(f"{name} of shape {array.shape}: expected {shape}")
    if not np.isfinite(array).all():
        raise ValueError(f"{name} holds NaN or infinite numbers: give finite ones")
    if (np.abs(array) > _FARTHEST).any():
        raise ValueError(f"{name} holds {np.abs(array).max():g}: at most {_FARTHEST:g} are allowed")
    array.flags.writeable = False
    return array


def _check_body(joints: Array) -> None:
    """Raise ValueError for a pose whose limbs no person has."""
    for joint in _LIMBS:
        parent = HUMANML3D.parents[joint]
        length, usual = np.linalg.norm(joints[joint] - joints[parent]), UNIFORM_BONE_LENGTHS[joint - 1]
        if not _OF_A_PERSON[0] * usual <= length <= _OF_A_PERSON[1] * usual:
            names = HUMANML3D.joint_names
            raise ValueError(
                f"Pose.joints: {names[parent]} and {names[joint]} are {length:.2f} m apart, usual are "
                f"{usual:.2f} m: give the 22 positions of one person, in metres"
            )


def _check_height(name: str, places: Array) -> None:
    """Raise ValueError for a joint where nobody's gets to, not even in a jump."""
    height = places[np.abs(places[:, 1]).argmax(), 1]
    if not _LOWEST <= height <= _HIGHEST:
        raise ValueError(
            f"Joints.positions[{name!r}]: a height of {height:.2f} m, a body gets from {_LOWEST:g} to "
            f"{_HIGHEST:g} m: give x, height and z in metres above the floor"
        )


def _time(name: str, value: Any) -> float:
    seconds = scalars.number(name, value)
    if not 0 <= seconds <= _FARTHEST:
        raise ValueError(f"{name} {seconds:g}: expected seconds from the start, 0 to {_FARTHEST:g}")
    return seconds


def _facing(name: str, value: Any) -> Facing:
    if value is None:
        return None
    if isinstance(value, str):
        if value == "along":
            return "along"
        raise ValueError(f'{name} {value!r}: expected degrees or "along"')
    degrees = scalars.number(name, value)
    if not abs(degrees) <= _FARTHEST:
        raise ValueError(f"{name} {degrees}: expected degrees, 0 for +Z and 90 for +X")
    return degrees
