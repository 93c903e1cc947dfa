"""What a caller says about a file that the file itself does not."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from ram_sdk.skeleton.joints import MAX_FRAMES
from ram_sdk.skeleton.upright import AXES


@dataclass(frozen=True)
class Longest:
    """How long a motion may be; a longer one is refused before its file is expanded.

    Attributes:
        frames: at most.
        seconds: at most.
    """

    frames: int = MAX_FRAMES
    seconds: float = math.inf

    def check(self, frames: int, fps: float | None) -> None:
        """Check a motion's length.

        Raises:
            ValueError: it is longer.
        """
        if frames > self.frames:
            raise ValueError(f"it has {frames} frames: at most {self.frames} are read; cut it first")
        if fps is not None and 0 < fps < frames / self.seconds:
            raise ValueError(
                f"it lasts {frames / fps:.1f} s: at most {self.seconds:g} s are read; cut it first"
            )


@dataclass(frozen=True)
class ReadOptions:
    """How to read a motion file where it does not say, or says it wrongly; None leaves it to the file.

    Attributes:
        up: axis that points up, "x", "y", "z", "-x", "-y" or "-z".
        fps: frames a second of the file; the motion is not resampled.
        person: which of the people in the file, a number from 1 or the beginning of the root joint's name.
        skeleton: names of the file's joints by role, such as {"left_hip": "Bone.003"}, see
            `ram_sdk.skeleton.roles.ROLES`; they win over what is found.
        longest: how long the motion may be.

    Raises:
        ValueError: a value that is none of these.
    """

    up: str | None = None
    fps: float | None = None
    person: int | str | None = None
    skeleton: Mapping[str, str] | None = None
    longest: Longest = field(default_factory=Longest)

    def __post_init__(self) -> None:
        if self.up is not None:
            axis = self.up.lower()
            object.__setattr__(self, "up", axis if axis in AXES else f"+{axis}")
            if self.up not in AXES:
                raise ValueError(f"up {axis!r}: choose x, y, z, -x, -y or -z")
        if self.fps is not None and not (math.isfinite(self.fps) and self.fps > 0):
            raise ValueError(f"fps {self.fps}: expected a positive number of frames a second")


def person_of(text: str | None) -> int | str | None:
    """The person that a text means: a number from 1, or the beginning of a name."""
    return int(text) if text is not None and text.isdecimal() else text


def refuse_names(path: Path, options: ReadOptions) -> None:
    """Refuse what only makes sense for files that name their joints.

    Raises:
        ValueError: a person or a skeleton is given.
    """
    if options.person is not None or options.skeleton is not None:
        raise ValueError(f"{path.name!r}: person and skeleton are for files that name their joints")
