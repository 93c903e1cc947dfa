"""A clip of joints, with the measurements shared by the checks."""

from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from ram_sdk.skeleton.joints import HUMANML3D
from training.open_data.signals import runs

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]

FPS = HUMANML3D.fps
LEFT, RIGHT = 0, 1
SIDES = (LEFT, RIGHT)
_JOINT = {name: index for index, name in enumerate(HUMANML3D.joint_names)}
_FLIGHT = 0.06  # metres of both feet above their standing height: airborne
STANDING = 0.80  # minimum metres of the pelvis in standing; the uniform skeleton's is at 0.93


def pair(name: str) -> tuple[int, int]:
    """Indices of the left and the right joint of this name."""
    return _JOINT[f"left_{name}"], _JOINT[f"right_{name}"]


class Body:
    """One clip, `(frames, 22, 3)` in metres at 20 fps, Y up, with lazily computed and cached measurements.

    Per frame: heights in metres, speeds in metres a second, angles in degrees unless stated otherwise. Limbs
    are columns (left, right). The measurements do not depend on the initial position or heading.
    """

    def __init__(self, joints: NDArray[np.floating], stand: Array | None = None) -> None:
        if joints.ndim != 3 or joints.shape[1:] != (HUMANML3D.num_joints, 3) or len(joints) < 4:
            raise ValueError(
                f"joints of shape {joints.shape}: expected (frames >= 4, {HUMANML3D.num_joints}, 3)"
            )
        self.joints = np.asarray(joints, dtype=np.float64)
        self._stand = self._standing_height() if stand is None else stand  # windows use their clip's
        self._windows: dict[tuple[int, int], Body] = {}

    def __len__(self) -> int:
        return len(self.joints)

    def window(self, start: int, stop: int) -> "Body":
        """The frames from `start` to before `stop`, at least four."""
        key = (start, stop)
        if key not in self._windows:
            self._windows[key] = Body(self.joints[start:stop], self._stand)
        return self._windows[key]

    @property
    def seconds(self) -> float:
        """Length of the clip."""
        return len(self) / FPS

    def height(self, name: str) -> Array:
        """Height of one joint, `(frames,)`, or of a left and right joint, `(frames, 2)`."""
        return self.joints[:, _JOINT[name] if name in _JOINT else list(pair(name)), 1]

    @property
    def _feet(self) -> Array:
        return self.joints[:, [*pair("ankle"), *pair("foot")], 1]

    def _standing_height(self) -> Array:
        """Heights of (ankles, toes) in standing: those of the lower foot."""
        low = np.percentile(self._feet, 5, axis=0).reshape(2, 2).min(axis=1)
        return np.repeat(low, 2)

    @cached_property
    def pelvis(self) -> Array:
        """Smoothed position of the pelvis, `(frames, 3)`."""
        return smooth(self.joints[:, 0], 0.1)

    @cached_property
    def heading(self) -> Array:
        """Unwrapped yaw of hips and shoulders in radians, positive to the left."""
        across = sum(self.joints[:, pair(n)[0]] - self.joints[:, pair(n)[1]] for n in ("hip", "shoulder"))
        across = smooth(np.asarray(across), 0.15)
        return np.unwrap(np.arctan2(-across[:, 2], across[:, 0]))

    @cached_property
    def turned(self) -> Array:
        """Heading relative to the first frame in degrees, without the sway of steps; positive to the left."""
        turned = np.degrees(smooth(self.heading, 0.3))
        return np.asarray(turned - turned[0])

    @cached_property
    def velocity(self) -> Array:
        """Velocity of the pelvis, `(frames, 3)`."""
        return np.gradient(self.pelvis, axis=0) * FPS

    @cached_property
    def speed(self) -> Array:
        """Speed of the pelvis over the floor."""
        return np.hypot(self.velocity[:, 0], self.velocity[:, 2])

    @cached_property
    def pace(self) -> Array:
        """Speed over the floor, smoothed over about half a second."""
        return smooth(self.speed, 0.2)

    @cached_property
    def forward(self) -> Array:
        """Forward speed of the pelvis, relative to the body's heading."""
        return self.velocity[:, 0] * np.sin(self.heading) + self.velocity[:, 2] * np.cos(self.heading)

    @cached_property
    def left(self) -> Array:
        """Speed of the pelvis to the left, relative to the body's heading."""
        return self.velocity[:, 0] * np.cos(self.heading) - self.velocity[:, 2] * np.sin(self.heading)

    def travelled(self, speed: Array) -> float:
        """Integral of a speed over the clip, in metres."""
        return float(speed.sum() / FPS)

    @cached_property
    def trunk(self) -> Array:
        """Angle between the trunk (pelvis to neck) and the vertical."""
        trunk = smooth(self.joints[:, _JOINT["neck"]] - self.joints[:, 0], 0.08)
        return np.degrees(np.arctan2(np.hypot(trunk[:, 0], trunk[:, 2]), trunk[:, 1]))

    @cached_property
    def lean(self) -> Array:
        """Forward lean of the trunk (pelvis to neck), negative backward."""
        trunk = smooth(self.in_body(self.joints[:, _JOINT["neck"]] - self.joints[:, 0]), 0.08)
        return np.degrees(np.arctan2(trunk[:, 2], trunk[:, 1]))

    def in_body(self, vectors: Array) -> Array:
        """Vectors `(frames, ..., 3)` in the body's axes (left, up, front)."""
        angle = self.heading.reshape(-1, *([1] * (vectors.ndim - 2)))
        x, z = vectors[..., 0], vectors[..., 2]
        left, front = x * np.cos(angle) - z * np.sin(angle), x * np.sin(angle) + z * np.cos(angle)
        return np.stack([left, vectors[..., 1], front], axis=-1)

    @cached_property
    def hands(self) -> Array:
        """Wrists relative to the chest in the body's axes (left, up, front), `(frames, 2, 3)`."""
        wrists = self.joints[:, list(pair("wrist"))] - self.joints[:, [_JOINT["spine3"]]]
        return smooth(self.in_body(wrists), 0.05)

    @cached_property
    def hand_speed(self) -> Array:
        """Speed of the wrists relative to the chest, `(frames, 2)`."""
        return np.asarray(np.linalg.norm(np.gradient(self.hands, axis=0), axis=-1) * FPS)

    @cached_property
    def reach(self) -> Array:
        """Distance from each shoulder to its wrist, `(frames, 2)`; 0.53 with a straight arm."""
        arms = self.joints[:, list(pair("wrist"))] - self.joints[:, list(pair("shoulder"))]
        return np.asarray(np.linalg.norm(arms, axis=-1))

    @cached_property
    def above_shoulder(self) -> Array:
        """Height of each wrist above its shoulder, `(frames, 2)`."""
        return self.height("wrist") - self.height("shoulder")

    @cached_property
    def above_head(self) -> Array:
        """Height of each wrist above the head joint, `(frames, 2)`."""
        return self.height("wrist") - self.height("head")[:, None]

    @cached_property
    def apart(self) -> Array:
        """Distance between the wrists."""
        left, right = pair("wrist")
        return smooth(np.linalg.norm(self.joints[:, left] - self.joints[:, right], axis=-1), 0.04)

    @cached_property
    def to_head(self) -> Array:
        """Distance of each wrist from the head joint, `(frames, 2)`."""
        wrists = self.joints[:, list(pair("wrist"))] - self.joints[:, [_JOINT["head"]]]
        return np.asarray(np.linalg.norm(wrists, axis=-1))

    @cached_property
    def feet(self) -> Array:
        """Ankles relative to the pelvis in the body's axes (left, up, front), `(frames, 2, 3)`."""
        ankles = self.joints[:, list(pair("ankle"))] - self.joints[:, [0]]
        return smooth(self.in_body(ankles), 0.05)

    @cached_property
    def lift(self) -> Array:
        """Height of each foot above its standing height, `(frames, 2)`: the lower of ankle and toe."""
        lift = self._feet - self._stand
        return np.minimum(lift[:, :2], lift[:, 2:])

    @cached_property
    def flights(self) -> list[slice]:
        """Flight phases (both feet off the floor) that begin and end within the clip."""
        both = self.lift.min(axis=1) > _FLIGHT
        return [run for run in runs(both) if run.start > 0 and run.stop < len(self)]

    @cached_property
    def standing(self) -> Mask:
        """Frames of standing: hips high, trunk upright, head up."""
        tall = self.joints[:, _JOINT["head"], 1] > 1.2
        return (self.pelvis[:, 1] > STANDING) & (self.trunk < 40) & tall

    @cached_property
    def seated(self) -> Mask:
        """Frames of sitting on a chair, a stool or the floor: hips low, trunk up, feet away from the hips."""
        thigh = self.height("hip") - self.height("knee")
        before = np.linalg.norm(self.feet[:, :, [0, 2]].mean(axis=1), axis=-1)
        low = (self.pelvis[:, 1] < 0.75) & (thigh.mean(axis=1) < 0.25)
        return np.asarray(low & (self.trunk < 55) & ((before > 0.18) | (self.pelvis[:, 1] < 0.3)))

    @cached_property
    def lying(self) -> Mask:
        """Frames with trunk and head down on the floor."""
        return (self.pelvis[:, 1] < 0.4) & (self.height("neck") < 0.5) & (self.trunk > 50)

    @cached_property
    def kneeling(self) -> Mask:
        """Frames with a knee on the floor, the trunk up and the hips above the knees."""
        knee = self.height("knee").min(axis=1) < 0.18
        return np.asarray(knee & (self.trunk < 50) & (self.pelvis[:, 1] > 0.27) & (self.pelvis[:, 1] < 0.75))

    @cached_property
    def motion(self) -> Array:
        """Speed of the fastest joint."""
        steps = np.linalg.norm(np.gradient(smooth(self.joints, 0.08), axis=0), axis=-1)
        return np.asarray(steps.max(axis=1) * FPS)

    @cached_property
    def steps(self) -> list[int]:
        """Frames at which either foot lands in a new place, in order."""
        landings = []
        for toe in pair("foot"):
            ground = smooth(self.joints[:, toe][:, [0, 2]], 0.05)
            moving = np.linalg.norm(np.gradient(ground, axis=0), axis=-1) * FPS > 0.5
            for run in runs(moving):
                if np.linalg.norm(ground[run.stop - 1] - ground[run.start]) > 0.15:
                    landings.append(run.stop)
        return sorted(landings)


def smooth(signal: Array, sigma_seconds: float) -> Array:
    """Gaussian smoothing over frames (the first axis) that preserves the ends and linear motion."""
    radius = max(1, int(3 * sigma_seconds * FPS))
    kernel = np.exp(-0.5 * (np.arange(-radius, radius + 1) / (sigma_seconds * FPS)) ** 2)
    kernel /= kernel.sum()
    flat = signal.reshape(len(signal), -1)
    padded = np.pad(flat, ((radius, radius), (0, 0)), mode="reflect", reflect_type="odd")
    windows = np.lib.stride_tricks.sliding_window_view(padded, len(kernel), axis=0)
    return np.asarray(windows @ kernel).reshape(signal.shape)


def longest(mask: Mask) -> float:
    """Seconds of the longest run of true frames."""
    return max((run.stop - run.start for run in runs(mask)), default=0) / FPS


def turning_points(signal: Array, amplitude: float) -> list[int]:
    """Frames of a signal's turning points, with a change of at least `amplitude` before and after."""
    points: list[int] = []
    low = high = 0
    direction = 0
    for i, value in enumerate(signal):
        low = i if value < signal[low] else low
        high = i if value > signal[high] else high
        if direction >= 0 and value < signal[high] - amplitude:
            points += [high] if direction else []
            direction, low, high = -1, i, i
        elif direction <= 0 and value > signal[low] + amplitude:
            points += [low] if direction else []
            direction, low, high = 1, i, i
    return points
