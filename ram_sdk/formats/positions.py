"""From the positions in a file to a `Motion`: unit, frame rate, up axis and sides, judged in one place."""

import warnings
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from ram_sdk.formats.options import ReadOptions
from ram_sdk.motion import Motion
from ram_sdk.skeleton.features import canonicalize
from ram_sdk.skeleton.joints import Skeleton
from ram_sdk.skeleton.plausibility import faults
from ram_sdk.skeleton.retarget import leg_scale, retarget
from ram_sdk.skeleton.upright import turn_to_y


class MisreadWarning(UserWarning):
    """Positions contradict what they should be; the message says how to put them right."""


def motion_of(
    joints: NDArray[Any], fps: float | None, path: Path, options: ReadOptions, **made: Any
) -> Motion:
    """The motion of joint positions `(frames, joints, 3)`, in the skeleton's unit, turned to +Y up.

    Positions that are turned are put on the floor, towards +Z; others stay where they are.

    Args:
        joints: as the file has them.
        fps: frames a second as the file says, or None if it does not.
        path: for messages.
        options: what the caller says; it wins.
        **made: prompt, settings and features for `Motion`.

    Warns:
        MisreadWarning: the body stands along another axis and was turned, or left and right are exchanged.
        UserWarning: something was assumed.

    Raises:
        ValueError: not a clip of a known skeleton, or positions in another unit.
    """
    motion = Motion(joints, options.fps or fps, **made)
    if options.fps is None and fps is None:
        warn(
            path,
            f"it has no frame rate: {motion.fps:g} are assumed; say fps= if it has others",
        )
    found = faults(motion.joints, motion.fps, motion.skeleton)
    for fault in found:
        if fault.kind == "unit" and fault.certain:
            raise ValueError(fault.text)
    if options.up is not None:
        motion = _turned(motion, options.up)
    elif found and found[0].kind == "up":
        fault = found[0]
        if fault.certain and fault.up:
            motion = _turned(motion, fault.up)
            warn_of(path, f'{fault.text}: it was turned; say up="y" if that is wrong', certain=True)
        else:
            warn_of(path, f"{fault.text}; say up= if it does not lie", certain=False)
    elif found and found[0].kind == "unit":
        warn_of(path, found[0].text, certain=False)
    warn_of_sides(motion, path)
    return motion


def body_of(
    captured: NDArray[np.float64], fps: float | None, path: Path, options: ReadOptions, **made: Any
) -> Motion:
    """The motion of a body of any unit and proportions `(frames, 22, 3)`, on HumanML3D's skeleton.

    It is on the floor, from the origin towards +Z. Arguments, warnings and errors are those of `motion_of`.
    """
    motion = motion_of(captured * leg_scale(captured), fps, path, options, **made)
    joints = put_down(torch.from_numpy(retarget(motion.joints.astype(np.float64))), motion.skeleton)
    return replace(motion, joints=joints)


def put_down(joints: torch.Tensor, skeleton: Skeleton) -> NDArray[np.float32]:
    """Positions on the floor, from the origin towards +Z."""
    return np.asarray(canonicalize(joints, skeleton).float().numpy())


def warn_of_sides(motion: Motion, path: Path) -> None:
    """Warn if left and right are exchanged."""
    for fault in faults(motion.joints, motion.fps, motion.skeleton):
        if fault.kind == "sides":
            warn_of(path, fault.text, fault.certain)


def warn_of(path: Path, text: str, certain: bool) -> None:
    """Warn of what contradicts the positions, or only seems to."""
    warnings.warn(f"{path.name!r}: {text}", MisreadWarning if certain else UserWarning, stacklevel=2)


def warn(path: Path, text: str) -> None:
    """Warn of what was assumed."""
    warn_of(path, text, certain=False)


def _turned(motion: Motion, up: str) -> Motion:
    if up == "+y":
        return motion
    joints = torch.from_numpy(motion.joints.astype(np.float64) @ turn_to_y(up).T)
    return Motion(put_down(joints, motion.skeleton), motion.fps, motion.prompt, motion.settings)
