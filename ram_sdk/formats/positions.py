"""From the positions in a file to a `Motion`: unit, frame rate, up axis and sides, judged in one place."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from ram_sdk import notices
from ram_sdk.clip import Clip
from ram_sdk.formats.read_options import ReadOptions
from ram_sdk.skeleton.features import canonicalize
from ram_sdk.skeleton.joints import Skeleton
from ram_sdk.skeleton.plausibility import Fault, faults
from ram_sdk.skeleton.retarget import leg_scale, retarget
from ram_sdk.skeleton.upright import turn_to_y

RATES = ("mocap_framerate", "mocap_frame_rate", "fps", "framerate", "frame_rate")
"""Names under which files say their frames a second."""
_RATE = (5.0, 1000.0)  # frames a second of motions that anybody captures


class MisreadWarning(UserWarning):
    """Positions contradict what they should be; the message says how to correct them."""


def motion_of(joints: NDArray[Any], fps: float | None, path: Path, options: ReadOptions, **made: Any) -> Clip:
    """The motion of joint positions `(frames, joints, 3)`, scaled to the skeleton's unit, turned to +Y up.

    Positions that are turned are put on the floor, towards +Z; others stay where they are.

    Args:
        joints: as read from the file.
        fps: frames a second as the file says, or None if it does not.
        path: for messages.
        options: the caller's; they override the file.
        **made: prompt, settings and features for `Motion`.

    Warns:
        MisreadWarning: the body stands along another axis and was turned, or left and right are swapped.
        UserWarning: something was assumed: rate, unit, or that the body lies.

    Raises:
        ValueError: not a clip of a known skeleton.
    """
    known = options.fps or fps
    options.longest.check(len(joints) if joints.ndim else 0, known)
    motion = Clip(joints, **made) if known is None else Clip(joints, known, **made)
    if options.fps is None and fps is None:
        warn(
            path,
            f"it has no frame rate: {motion.fps:g} fps is assumed; pass fps= (--source-fps) if not",
        )
    warn_of_rate(path, fps, options)
    motion = _upright(_in_its_unit(motion, path), path, options.up)
    warn_of_sides(motion, path)
    return motion


def body_of(
    captured: NDArray[np.float64], fps: float | None, path: Path, options: ReadOptions, **made: Any
) -> Clip:
    """The motion of a body of any unit and proportions `(frames, 22, 3)`, on HumanML3D's skeleton.

    It is on the floor, from the origin towards +Z. Arguments, warnings and errors are those of `motion_of`.
    """
    motion = motion_of(captured * leg_scale(captured), fps, path, options, **made)
    joints = put_down(torch.from_numpy(retarget(motion.joints.astype(np.float64))), motion.skeleton)
    return replace(motion, joints=joints)


def put_down(joints: torch.Tensor, skeleton: Skeleton) -> NDArray[np.float32]:
    """Positions on the floor, from the origin towards +Z."""
    return np.asarray(canonicalize(joints, skeleton).float().numpy())


def sides_swapped(motion: Clip) -> bool:
    """Whether the toes point backwards."""
    return _fault(motion, "sides") is not None


def warn_of_rate(path: Path, fps: float | None, options: ReadOptions) -> None:
    """Warn of a file's own frame rate that nobody captures at."""
    if fps is not None and options.fps is None and not _RATE[0] <= fps <= _RATE[1]:
        milliseconds = _RATE[0] <= 1000 * fps <= _RATE[1]
        hint = f", or {1000 * fps:.4g} if it means milliseconds" if milliseconds else ""
        warn(path, f"it says {fps:.4g} frames a second; pass fps= if that is wrong{hint}")


def warn_of_sides(motion: Clip, path: Path) -> None:
    """Warn if left and right are swapped."""
    if fault := _fault(motion, "sides"):
        done = "nothing was changed; swap left and right in the joint names, or export it unmirrored"
        warn_of(path, f"{fault.text}: {done}", fault.certain)


def warn_of(path: Path, text: str, certain: bool) -> None:
    """Warn of what contradicts the positions, or only seems to."""
    notices.warn(f"{path.name!r}: {text}", 2, MisreadWarning if certain else UserWarning)


def warn(path: Path, text: str) -> None:
    """Warn of what was assumed."""
    warn_of(path, text, certain=False)


def _fault(motion: Clip, kind: str) -> Fault | None:
    found = faults(motion.joints, motion.fps, motion.skeleton)
    return next((fault for fault in found if fault.kind == kind), None)


def _in_its_unit(motion: Clip, path: Path) -> Clip:
    """Positions in another unit scaled; the legs leave no doubt which it is."""
    fault = _fault(motion, "unit")
    if fault is None:
        return motion
    warn(path, fault.text + (f": multiplied by {fault.scale:g}" if fault.certain else ""))
    if not fault.certain:
        return motion
    return replace(motion, joints=motion.joints * fault.scale, generated_features=None)


def _upright(motion: Clip, path: Path, up: str | None) -> Clip:
    """Positions turned to +Y up, from the axis that the caller says or along which the body stands."""
    if up is None:
        fault = _fault(motion, "up")
        if fault is None:
            return motion
        if not fault.certain:
            warn(path, f"{fault.text}; pass up= (--source-up) if it does not lie")
            return motion
        warn_of(
            path, f'{fault.text}: it was rotated; pass up="y" (--source-up y) if that is wrong', certain=True
        )
        up = fault.up
    if up == "+y":
        return motion
    joints = torch.from_numpy(motion.joints.astype(np.float64) @ turn_to_y(up).T)
    return replace(motion, joints=put_down(joints, motion.skeleton), generated_features=None)
