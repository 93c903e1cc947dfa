"""Constraints laid out over the frames of one motion, after every check that needs its length."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch

from ram_sdk.control.agreement import BETWEEN, STRETCH, check_ends, check_reach, check_standing, check_upper
from ram_sdk.control.bodyframe import FACING_JOINTS, GROUND, LOWER, SAME, UPPER, Array, pelvis_facing, turn
from ram_sdk.control.constraints import Constraint, Joints, Keep, Loop, Path, Pose, Stop, joint_index
from ram_sdk.control.itinerary import FASTEST_ROOT, NEAR_PATH, along, check_pace, way
from ram_sdk.control.route import Route
from ram_sdk.skeleton.inverse_kinematics import calibrate
from ram_sdk.skeleton.joints import HUMANML3D
from ram_sdk.skeleton.kinematics import canonical_offsets
from ram_sdk.skeleton.placing import facing

_SAME_FACING = 2.0  # degrees within which two stops at one time agree
_FASTEST_JOINT = 20.0  # metres a second: a thrower's hand
_LEAST_FRAMES, _LEAST_FRAMES_OF_LOOP = 2, 4  # a velocity; that of both ends


@dataclass(frozen=True, eq=False)
class Standing:
    """A stop in its motion.

    Attributes:
        span: its frames.
        place: `(2,)` metres on the floor.
        facing: yaw, radians, or None if that is open.
    """

    span: slice
    place: Array
    facing: float | None


@dataclass(frozen=True, eq=False)
class Targets:
    """Where joints, root and heading must be; NaN where nothing is constrained.

    Attributes:
        fps: frames a second.
        world: `(frames, 22, 3)` positions, metres.
        local: `(frames, 22, 3)` positions seen from the pelvis, with the hips' steady facing removed.
        heading: `(frames,)` yaw, radians.
        route: where the root goes between, if anywhere.
        on_path: whether that is a Path, and not only the way from one place to the next.
        stops: when and where it stands.
        starts_at_origin: whether nothing else says where the motion starts.
        loop: whether the ends agree.
        bones: `(22,)` lengths of the bones in a given motion or pose; None: as generated.
    """

    fps: float
    world: Array
    local: Array
    heading: Array
    route: Route | None
    on_path: bool
    stops: tuple[Standing, ...]
    starts_at_origin: bool
    loop: bool
    bones: Array | None

    def __len__(self) -> int:
        return len(self.world)

    @property
    def pinned(self) -> "np.ndarray[tuple[int, int], np.dtype[np.bool_]]":
        """Which joints have a position in which frame, `(frames, 22)`."""
        return np.isfinite(self.world[..., 0]) | np.isfinite(self.local[..., 0])

    @property
    def steer(self) -> bool:
        """Whether anything is constrained during sampling; a path alone is not."""
        return bool(self.pinned.any() or self.loop or self.stops)


def resolve(constraints: Sequence[Constraint], frames: int, fps: float) -> Targets:
    """Lay constraints out over the frames of a motion.

    Args:
        constraints: at least one.
        frames: length of the motion.
        fps: its frames a second.

    Raises:
        ValueError: a motion that is too short, a time outside it, contradictory constraints, impossible
            movement, or nothing that is left to make.
    """
    least = _LEAST_FRAMES_OF_LOOP if any(isinstance(one, Loop) for one in constraints) else _LEAST_FRAMES
    if frames < least:
        raise ValueError(
            f"{frames} frames ({frames / fps:g} s) are too short for "
            f"{'a Loop' if least > _LEAST_FRAMES else 'constraints'}: make it at least {least} frames "
            f"({least / fps:g} s)"
        )
    layout = _Layout(frames, fps)
    for constraint in constraints:
        layout.add(constraint)
    targets = layout.targets()
    if targets.pinned.all():
        raise ValueError(
            f"the constraints hold every joint in all {frames} frames, so that nothing is left to make: keep "
            "half of the body, or leave some seconds out"
        )
    return targets


class _Layout:
    """Collects constraints frame by frame, and checks each against those before it."""

    def __init__(self, frames: int, fps: float) -> None:
        self.frames, self.fps = frames, fps
        self.world = np.full((frames, HUMANML3D.num_joints, 3), np.nan)
        self.seen = self.world.copy()  # motions whose upper body is kept, from the pelvis
        self.by = np.full(self.world.shape[:2], "", dtype=object)  # the kind of constraint that pins a joint
        self.heading = np.full(frames, np.nan)
        self.paths: list[Path] = []
        self.stops: list[Stop] = []
        self.loop = False
        self.waypoints = False
        self.shapes: list[Array] = []
        self.names = list(HUMANML3D.joint_names)  # as the caller calls them

    def add(self, constraint: Constraint) -> None:
        """Lay one constraint out."""
        if isinstance(constraint, Pose):
            frame = self.frame("Pose.time", constraint.time)
            self.pin("Pose", frame, range(HUMANML3D.num_joints), constraint.joints[None])
            self.shapes.append(constraint.joints[None])
        elif isinstance(constraint, Joints):
            self.add_joints(constraint)
        elif isinstance(constraint, Keep):
            self.add_kept(constraint)
        elif isinstance(constraint, Path):
            self.paths.append(constraint)
            if constraint.times is not None:
                self.frame("Path.times", float(constraint.times[-1]))
        elif isinstance(constraint, Stop):
            self.add_stop(constraint)
        else:
            self.loop = True

    def add_joints(self, constraint: Joints) -> None:
        """Pin single joints."""
        frames = [self.frame("Joints.times", float(time)) for time in constraint.times]
        for name, positions in constraint.positions.items():
            joint = joint_index(name)
            self.names[joint] = name
            self.waypoints |= joint == 0
            for frame, position in zip(frames, positions, strict=True):
                self.pin("Joints", frame, [joint], position[None, None])

    def add_kept(self, constraint: Keep) -> None:
        """Pin a part of a given motion."""
        joints = constraint.motion.resample(self.fps).joints.astype(np.float64)
        assert constraint.end is not None  # set by Keep itself
        assert constraint.at is not None
        first, last = (round(second * self.fps) for second in (constraint.start, constraint.end))
        kept = joints[first : max(last, first + 1)]
        start = self.frame("Keep.at", constraint.at)
        if start + len(kept) > self.frames:
            raise ValueError(
                f"Keep: the kept part ends at {(start + len(kept)) / self.fps:g} s, the motion is "
                f"{self.frames / self.fps:g} s long; keep less of it or ask for a longer duration"
            )
        if constraint.part == "upper":
            seen = turn(-pelvis_facing(joints, self.fps)[:, None], joints - joints[:, :1])
            self.keep_upper(start, seen[first : first + len(kept)])
        else:
            which = LOWER if constraint.part == "lower" else range(HUMANML3D.num_joints)
            kind = "Keep" if constraint.part == "body" else f'Keep(part="{constraint.part}")'
            self.pin(kind, start, which, kept[:, list(which)])
        self.shapes.append(kept)

    def keep_upper(self, start: int, seen: Array) -> None:
        """Keep the upper body of `(frames, 22, 3)` joints as the pelvis sees it.

        Raises:
            ValueError: another motion's is kept at that time.
        """
        frames = slice(start, start + len(seen))
        apart = np.linalg.norm(self.seen[frames] - seen, axis=-1)[:, UPPER]
        if (apart > SAME).any():
            frame, joint = np.argwhere(apart > SAME)[0]
            raise ValueError(
                f'Keep(part="upper"): {self.names[UPPER[joint]]} at {(start + frame) / self.fps:g} s is '
                f'{apart[frame, joint]:.2f} m from where another Keep(part="upper") has it: take one of the '
                "two out"
            )
        self.seen[frames] = seen

    def add_stop(self, constraint: Stop) -> None:
        """Take a stop into the route, and its facing into the heading."""
        first, last = self.stop_frames(constraint)
        if constraint.facing is not None:
            self.heading[first : last + 1] = np.radians(constraint.facing)
        self.stops.append(constraint)
        self.waypoints = True

    def stop_frames(self, stop: Stop) -> tuple[int, int]:
        """First and last frame of a stop."""
        first = self.frame("Stop.time", stop.time)
        return first, self.frame("Stop.time + duration", stop.time + stop.duration)

    def frame(self, name: str, seconds: float) -> int:
        """The frame of a time; the motion's duration is its last frame.

        Raises:
            ValueError: it is outside the motion.
        """
        duration = self.frames / self.fps
        if seconds > duration + 1e-6:
            raise ValueError(
                f"{name} {seconds:g} s is outside the motion, which is {duration:g} s long: give 0 to "
                f"{duration:g} or a longer duration"
            )
        return min(round(seconds * self.fps), self.frames - 1)

    def pin(self, kind: str, start: int, joints: Sequence[int], positions: Array) -> None:
        """Pin joints from a frame on to positions `(frames, joints, 3)`.

        Raises:
            ValueError: another constraint has one of them elsewhere.
        """
        index = np.ix_(range(start, start + len(positions)), list(joints))
        apart = np.linalg.norm(self.world[index] - positions, axis=-1)
        if (apart > SAME).any():
            frame, joint = np.argwhere(apart > SAME)[0]
            raise ValueError(
                f"{kind}: {self.names[joints[joint]]} at {(start + frame) / self.fps:g} s is "
                f"{apart[frame, joint]:.2f} m from where another constraint, {self.by[index][frame, joint]}, "
                "pins it: take one of the two out"
            )
        self.world[index] = positions
        self.by[index] = kind

    def targets(self) -> Targets:
        """What was collected, checked as a whole."""
        check_reach(self.world, self.by, self.names, self.fps)
        self.check_speed()
        self.check_stops()
        check_upper(self.seen, self.world, self.by, self.names, self.fps)
        if self.loop:
            check_ends(self.world, self.seen, self.by, self.names, self.fps)
        placed = np.isfinite(self.world[:, list(FACING_JOINTS), 0]).all(axis=-1)
        self.heading[placed] = facing(self.world[placed])
        free = not placed.any() and not self.paths
        if free and not np.isfinite(self.world[0]).any():
            self.check_start()
        route = self.route(free)
        local = self.seen.copy()
        local[:, LOWER] = np.nan
        bones = None
        if self.shapes:
            shape = calibrate(torch.from_numpy(np.concatenate(self.shapes)), canonical_offsets())
            bones = shape.norm(dim=-1).numpy()
        spans = [self.stop_frames(stop) for stop in self.stops]
        stops = tuple(
            Standing(
                slice(first, last + 1),
                stop.place,
                None if stop.facing is None else float(np.radians(stop.facing)),
            )
            for stop, (first, last) in zip(self.stops, spans, strict=True)
        )
        return Targets(
            self.fps,
            self.world,
            local,
            self.heading,
            route,
            bool(self.paths),
            stops,
            free,
            self.loop,
            bones,
        )

    def check_speed(self) -> None:
        """Check that no joint gets from one pinned place to the next faster than people move."""
        for joint, name in enumerate(self.names):
            frames = np.flatnonzero(np.isfinite(self.world[:, joint, 0]))
            limit = _FASTEST_JOINT if joint else FASTEST_ROOT
            way = np.linalg.norm(np.diff(self.world[frames, joint], axis=0), axis=-1)
            check_pace(name, frames, way, limit, self.fps)

    def check_stops(self) -> None:
        """Check that stops agree with each other, and with the bodies that are pinned in their frames."""
        for index, stop in enumerate(self.stops):
            first, last = self.stop_frames(stop)
            for other in self.stops[:index]:
                start, end = self.stop_frames(other)
                if start <= last and first <= end and _contradict(stop, other):
                    raise ValueError(
                        f"{_named(other)} and {_named(stop)} overlap in time: shorten the earlier one, or "
                        "move or turn one of them"
                    )
            check_standing(_named(stop), stop, self.world, self.by, slice(first, last + 1), self.fps)
            away = np.linalg.norm(self.world[first : last + 1, 0][:, GROUND] - stop.place, axis=-1)
            if (away > NEAR_PATH).any():
                raise ValueError(
                    f"{_named(stop)}: the pelvis is pinned {np.nanmax(away):.2f} m beside it at that time: "
                    "take one of the two out"
                )

    def check_start(self) -> None:
        """Check that the joints pinned first can be reached from the origin, where the motion starts."""
        for joint, name in enumerate(self.names):
            pinned = np.flatnonzero(np.isfinite(self.world[:, joint, 0]))
            if len(pinned):
                away = np.linalg.norm(self.world[pinned[:1], joint][:, GROUND], axis=-1)
                least = np.maximum(away - STRETCH * BETWEEN[0, joint], 0.0)
                check_pace(f"{name} from the origin", [0, int(pinned[0])], least, FASTEST_ROOT, self.fps)

    def route(self, free: bool) -> Route | None:
        """The route of the root: the path, or straight from one pinned place to the next."""
        if len(self.paths) > 1:
            raise ValueError("two Paths for one motion: join their points to one Path")
        if not self.paths and not self.waypoints:
            return None
        pins = [(int(f), self.world[f, 0, GROUND]) for f in np.flatnonzero(np.isfinite(self.world[:, 0, 0]))]
        stops = [(stop, *self.stop_frames(stop)) for stop in self.stops]
        if not self.paths:
            return way(dict(pins), stops, self.fps, from_origin=free)
        path = self.paths[0]
        times = [] if path.times is None else [self.frame("Path.times", float(time)) for time in path.times]
        return along(path, times or [0, self.frames - 1], pins, stops, self.fps)


def _contradict(one: Stop, other: Stop) -> bool:
    """Whether nobody can be at both stops at a time."""
    turned = 0.0
    if one.facing is not None and other.facing is not None:
        turned = abs((one.facing - other.facing + 180.0) % 360.0 - 180.0)
    return bool(np.linalg.norm(one.place - other.place) > SAME or turned > _SAME_FACING)


def _named(stop: Stop) -> str:
    turned = "" if stop.facing is None else f" facing {stop.facing:g}"
    return (
        f"the Stop at ({stop.place[0]:g}, {stop.place[1]:g}){turned} from {stop.time:g} to "
        f"{stop.time + stop.duration:g} s"
    )
