"""What a call of the pipeline returns."""

from dataclasses import dataclass
from typing import Any, Literal

from ram_sdk.motion import Motion
from ram_sdk.skeleton.joints import HUMANML3D

OutputType = Literal["motion", "features"]
OUTPUT_TYPES = ("motion", "features")
_SHOWN = 6  # motions that a notebook shows of an output


@dataclass(frozen=True)
class RAMOutput:
    """What a call of the pipeline returns.

    Attributes:
        motions: one entry for each motion, prompt by prompt: `Motion` objects, or with
            `output_type="features"` tensors `(frames, features)` in real units.
    """

    motions: list[Any]

    def __repr__(self) -> str:
        return (
            f"RAMOutput({', '.join(map(repr, self.motions))})"
            if len(self.motions) <= 3
            else (f"RAMOutput({len(self.motions)} motions: {self.motions[0]!r}, ...)")
        )

    def _repr_html_(self) -> str | None:
        """The 3D player with the first few motions side by side, for notebooks; None shows `repr`."""
        shown = self.motions[:_SHOWN]
        if not shown or not all(
            isinstance(motion, Motion) and motion.skeleton is HUMANML3D for motion in shown
        ):
            return None
        from ram_sdk.formats import html

        return html.frame(shown)


def without_dead_time(motion: Motion, shortest: float) -> Motion:
    """A generated motion, trimmed; it starts at the origin and faces +Z again.

    Args:
        motion: as decoded from features.
        shortest: seconds that are left at least.
    """
    trimmed = motion.trim(shortest=shortest)
    return motion if len(trimmed) == len(motion) else Motion.from_features(trimmed.features)
