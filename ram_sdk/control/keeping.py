"""What an edit keeps of a motion: half of the body, or spans of time."""

import reprlib
from collections.abc import Sequence
from typing import Literal, get_args

from ram_sdk.control.constraints import Keep
from ram_sdk.motion import Motion

Half = Literal["upper", "lower"]


def kept_parts(motion: Motion, keep: Half | Sequence[tuple[float, float]]) -> list[Keep]:
    """What stays of a motion, as constraints.

    Args:
        motion: of 22 joints.
        keep: "upper" or "lower" body, see `Keep`, or spans of time, seconds.

    Raises:
        ValueError: neither, nothing, or a span outside the motion.
    """
    if isinstance(keep, str) and keep in get_args(Half):
        return [Keep(motion, part=keep)]
    try:
        spans = [] if isinstance(keep, str) else [(start, end) for start, end in keep]
    except (TypeError, ValueError):
        spans = []
    if not spans:
        raise ValueError(
            f'keep {reprlib.repr(keep)}: name what stays, "upper", "lower" or spans in seconds such as '
            "[(0, 2), (3.5, 6)], and leave something to make"
        )
    return [Keep(motion, start, end) for start, end in spans]
