"""The editing methods of `Motion`; each returns a new motion."""

import reprlib
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Self

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray

from ram_sdk.mirrored_text import mirror_text
from ram_sdk.scalars import number, whole_number
from ram_sdk.skeleton import curves, cycles, feet, placing, smoothing
from ram_sdk.skeleton.bending import bend, travelled
from ram_sdk.skeleton.inverse_kinematics import inverse_kinematics, resample_joints
from ram_sdk.skeleton.joints import HUMANML3D, MAX_FPS, MAX_FRAMES, Skeleton
from ram_sdk.skeleton.kinematics import PoseSequence, resampling
from ram_sdk.skeleton.seams import join
from ram_sdk.skeleton.sequences import moving_span, positions

_SPEEDS = (0.1, 10.0)
_SHORTEST_WAY = 0.5  # metres that a motion must travel to be laid along a path


class MotionEdits:
    """The editing methods of `Motion`."""

    joints: NDArray[np.float32]
    fps: float
    prompt: str | None

    if TYPE_CHECKING:

        @property
        def skeleton(self) -> Skeleton: ...  # noqa: D102
        def __len__(self) -> int: ...
        def __getitem__(self, frames: slice) -> Self: ...

    def resample(self, fps: float) -> Self:
        """The same motion at another frame rate: joint rotations by slerp, so that limbs keep their length.

        The joints of KIT-ML move along straight lines between frames.

        Raises:
            ValueError: a frame rate that is not from 0.1 to 1000, or more than `MAX_FRAMES` frames.
        """
        fps = number("fps", fps)
        if not 0.1 <= fps <= MAX_FPS:
            raise ValueError(f"fps {fps}: expected 0.1 to {MAX_FPS:g} frames a second")
        if fps == self.fps:
            return self
        joints = torch.tensor(self.joints)
        if self.skeleton is HUMANML3D:
            between = resample_joints(joints, self.fps, fps)
        else:
            before, after, fraction = resampling(len(joints), self.fps, fps)
            between = torch.lerp(joints[before], joints[after], fraction.to(joints)[:, None, None])
        return self._changed(between.numpy(), fps=fps)

    def smooth(self, cutoff: float = smoothing.CUTOFF) -> Self:
        """The same motion with less jitter: a zero-lag low-pass filter of the joints' paths.

        Generated motions have more jitter than captured ones. Lower cutoffs make a motion softer; fast
        movement, such as a punch, loses some of its reach.

        Args:
            cutoff: frequency that is halved, Hz; faster movement is damped more.

        Raises:
            ValueError: a cutoff that is not positive and finite.
        """
        cutoff = number("cutoff", cutoff)
        if not (np.isfinite(cutoff) and cutoff > 0):
            raise ValueError(f"cutoff {cutoff}: expected a positive frequency in hertz")
        return self._changed(smoothing.smooth(self.joints.astype(np.float64), self.fps, cutoff))

    def lock_feet(self) -> Self:
        """The same motion with less foot skating: planted feet stand still; only legs change."""
        metre = self.skeleton.metre
        joints = self.joints.astype(np.float64) / metre
        return self._changed(feet.lock_feet(joints, self.fps, self.skeleton) * metre)

    def in_place(self) -> Self:
        """The same motion in place: the root stays above the origin."""
        return self._changed(feet.in_place(self.joints.astype(np.float64)))

    def mirror(self) -> Self:
        """The same motion mirrored: left and right are swapped, in the prompt, too."""
        joints = self.joints[:, list(self.skeleton.mirrored)] * np.array((-1.0, 1.0, 1.0), np.float32)
        return self._changed(joints, prompt=None if self.prompt is None else mirror_text(self.prompt))

    def trim(self, kept: float = 0.25, shortest: float = 0.0) -> Self:
        """The motion without the dead time at its ends; `motion[20:60]` cuts at frames.

        Args:
            kept: seconds of stillness to keep before and after the movement.
            shortest: seconds that are left at least, with more stillness after the movement, or else before
                it; a shorter motion is left whole.

        Raises:
            ValueError: a number that is negative or not finite.
        """
        kept, shortest = _seconds("kept", kept), _seconds("shortest", shortest)
        start, stop = moving_span(self.joints.astype(np.float64) / self.skeleton.metre, self.fps, kept)
        least = round(min(shortest * self.fps, len(self)))
        stop = min(max(stop, start + least), len(self))
        return self[max(min(start, stop - least), 0) : stop]

    def join(self, *others: Self, blend: float = 0.4) -> Self:
        """This motion and others one after the other, on the skeleton that all motions share.

        Each continues from the position and heading in which the one before it ends. Rotations are blended
        over the seam, the pelvis moves with the blended velocity, and a foot changes over while it is in the
        air, or takes a small step.

        Args:
            *others: of 22 joints; they are resampled to this motion's frame rate.
            blend: seconds of each seam, in which the end of one motion and the beginning of the next overlap.

        Raises:
            ValueError: a motion is shorter than its seams or not of 22 joints, or a blend that is not from
                one frame to 2 seconds.
        """
        for other in others:
            _check_motion("join", other)
        blend = number("blend", blend)
        overlap = round(blend * self.fps) if np.isfinite(blend) else 0
        if not 1 <= overlap <= 2 * self.fps:
            raise ValueError(f"blend {blend}: expected {1 / self.fps:g} to 2 seconds")
        parts = [self._pose(), *(other.resample(self.fps)._pose() for other in others)]
        joined = join(parts, [overlap] * len(others), self.fps).joints
        texts = [motion.prompt for motion in (self, *others) if motion.prompt]
        return self._changed(joined, prompt=", then ".join(texts) or None)

    def loop(self, times: int) -> Self:
        """The motion with its cycle repeated, on the skeleton that all motions share.

        The cycle is the whole motion if it ends as it begins, otherwise the longest stretch whose ends are
        alike; what comes before and after that stays. The path over the floor continues.

        Raises:
            ValueError: `times` is not a whole number from 1 up, the motion gets longer than
                `joints.MAX_FRAMES`, has no cycle (`join` repeats anything) or one frame, or is not of 22
                joints.
        """
        times = whole_number("times", times)
        if not 1 <= times <= MAX_FRAMES // len(self):
            raise ValueError(
                f"times {times}: expected a whole number from 1 to {MAX_FRAMES // len(self)} for "
                f"{len(self)} frames"
            )
        if times == 1:
            return self
        return self._changed(positions(cycles.repeated(self._pose(), times, self.fps)))

    def speed(self, factor: float) -> Self:
        """The motion faster (2.0 takes half the time) or slower, at the same frame rate.

        Raises:
            ValueError: a factor that is not from 0.1 to 10, or a motion that is not of 22 joints.
        """
        factor = number("speed", factor)
        if not _SPEEDS[0] <= factor <= _SPEEDS[1]:
            raise ValueError(f"speed {factor}: expected {_SPEEDS[0]:g} to {_SPEEDS[1]:g} times as fast")
        joints = resample_joints(torch.from_numpy(self._joints22()), self.fps, self.fps / factor)
        return self._changed(joints.numpy())

    def offset(self, x: float = 0.0, y: float = 0.0, z: float = 0.0, turn: float = 0.0) -> Self:
        """The motion elsewhere: turned about the vertical through its start, then moved.

        Args:
            x: metres towards +X (with KIT-ML's 21 joints millimetres, here and below).
            y: metres up.
            z: metres towards +Z.
            turn: degrees, positive to the left.

        Raises:
            ValueError: a number that is not finite.
        """
        x, y, z, turn = (number("offset", one) for one in (x, y, z, turn))
        if not np.isfinite((x, y, z, turn)).all():
            raise ValueError(f"offset {x}, {y}, {z}, turn {turn}: expected finite numbers")
        joints = self.joints.astype(np.float64)
        return self._changed(placing.turned(joints, np.radians(turn)) + np.array((x, y, z)))

    def align(self, other: "MotionEdits", at: int = 0) -> Self:
        """The motion moved and turned on the floor to the place and heading of another one in a frame.

        Args:
            other: a motion of the same skeleton.
            at: its frame; -1 is the last.

        Raises:
            ValueError: another skeleton, or a frame that `other` does not have.
        """
        _check_motion("align", other)
        if other.skeleton is not self.skeleton:
            raise ValueError("align: the motions are of different skeletons")
        at = whole_number("at", at)
        if not -len(other) <= at < len(other):
            raise ValueError(f"at {at}: the other motion has {len(other)} frames")
        joints, goal = self.joints.astype(np.float64), other.joints[at].astype(np.float64)
        yaw = placing.facing(goal, self.skeleton) - placing.facing(joints[0], self.skeleton)
        return self._changed(placing.turned(joints, float(yaw)) + (goal[0] - joints[0, 0]) * (1.0, 0.0, 1.0))

    def along(self, path: ArrayLike) -> Self:
        """A walk or a run laid along a path on the floor.

        The line from the motion's start to its end is bent onto the path; steps keep their length, so the
        motion goes as far along the path as it went before, and straight on where the path ends first. Feet
        that are planted stay planted; the body leans into curves.

        Args:
            path: `(points, 2)` x and z in metres, at least two; corners are rounded to what one can walk.

        Raises:
            ValueError: another shape, numbers that are not finite, a path shorter than 0.1 m, a motion that
                travels less than 0.5 m, or one that is not of 22 joints.
        """
        try:
            points = np.asarray(path, dtype=np.float64)
        except (TypeError, ValueError):
            raise ValueError(
                f"path {reprlib.repr(path)}: expected x and z of points, such as [(0, 0), (1, 2)]"
            ) from None
        curve = curves.through(points)
        joints = self._joints22()
        if (way := travelled(joints)) < _SHORTEST_WAY:
            raise ValueError(
                f"the motion ends {way:.2f} m from its start: along a path goes what travels at least "
                f"{_SHORTEST_WAY:g} m"
            )
        return self._changed(bend(joints, curve, self.fps))

    def _joints22(self) -> NDArray[np.float64]:
        if self.skeleton is not HUMANML3D:
            raise ValueError(f"this needs the 22 joints of HumanML3D; the motion has {self.joints.shape[1]}")
        return self.joints.astype(np.float64)

    def _pose(self) -> PoseSequence:
        """Rotations on the skeleton that all motions share, float64."""
        return inverse_kinematics(torch.from_numpy(self._joints22()))

    def _changed(self, joints: NDArray[np.floating], **changes: Any) -> Self:
        """A motion of these joints, without generated features."""
        made: Self = replace(  # type: ignore[type-var]
            self, joints=joints.astype(np.float32), generated_features=None, **changes
        )
        return made


def _check_motion(method: str, other: object) -> None:
    if not isinstance(other, MotionEdits):
        raise TypeError(f"{method}: {reprlib.repr(other)}: expected a Motion; a file is read by Motion.load")


def _seconds(name: str, value: float) -> float:
    seconds = number(name, value)
    if not (np.isfinite(seconds) and seconds >= 0):
        raise ValueError(f"{name} {seconds}: expected seconds, 0 or more")
    return seconds
