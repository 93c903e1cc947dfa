"""The best of several candidates: drawn, scored by text and by plausibility, rejected and drawn again.

The best breaks the fewest of `LIMITS`, and of those it fits its text best by the calibrated similarity of the
shared latent space (`RAMPipeline.similarity`). A candidate that breaks a limit is rejected, and chosen only
if all of them are. How plausible it is, beyond that, is reported but does not choose: the calmest motion is
often one that does too little.
"""

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from torch import Tensor

from ram_sdk.motion import Motion
from ram_sdk.notices import warn
from ram_sdk.skeleton import physical

if TYPE_CHECKING:
    from ram_sdk.pipeline import RAMPipeline

MAX_CANDIDATES = 64
_ROUNDS = 3  # of drawing, at most

LIMITS: dict[str, tuple[Callable[[physical.Array, float], float], float]] = {
    "sliding": (physical.foot_skating_ratio, 0.5),  # share of steps between frames
    "below the floor": (lambda joints, fps: physical.floor_penetration(joints), 0.03),  # metres, mean
    "jump": (physical.highest_speed, 15.0),  # metres a second
    "jerk": (physical.jerk, 450.0),  # metres a second^3, mean
    "frozen": (physical.frozen_share, 0.6),  # of frames
    "cut off": (physical.ending_activity, 2.0),  # times the busiest moments
}
"""The measures and the limits beyond which a candidate is rejected."""

Draw = Callable[[Sequence[int], Sequence[int]], list[Motion]]
"""Makes motions, from their numbers in the call and a seed for each."""


@dataclass(frozen=True)
class Score:
    """How good a candidate is.

    Attributes:
        similarity: of the text and the motion, 0 to 1.
        strain: each measure of `LIMITS` as a share of its limit.
    """

    similarity: float
    strain: Mapping[str, float]

    @property
    def faults(self) -> tuple[str, ...]:
        """The measures that are over their limits."""
        return tuple(name for name, share in self.strain.items() if share > 1.0)

    @property
    def plausibility(self) -> float:
        """1 minus the mean strain, each at most 1."""
        return 1.0 - float(np.mean([min(share, 1.0) for share in self.strain.values()]))

    @property
    def rank(self) -> tuple[int, float]:
        """The best has the highest: fewest faults, then the most similar."""
        return -len(self.faults), self.similarity

    @property
    def entry(self) -> dict[str, Any]:
        """As JSON knows it."""
        return {
            "similarity": self.similarity,
            "plausibility": self.plausibility,
            "faults": list(self.faults),
        }


@dataclass(frozen=True)
class Candidate:
    """A motion that was drawn.

    Attributes:
        motion: as it would be returned.
        seed: it was made from.
        score: how good it is.
        drawn: how many its motion was chosen from.
    """

    motion: Motion
    seed: int
    score: Score
    drawn: int = 1

    @property
    def settings(self) -> dict[str, Any]:
        """What `Motion.settings` records about the choice."""
        return {"num_candidates": self.drawn, "scores": self.score.entry}


def best(
    pipeline: "RAMPipeline", draw: Draw, latents: Tensor, seeds: Sequence[int], count: int
) -> list[Candidate]:
    """The best of `count` candidates of each motion of a call.

    A motion whose candidates are all rejected gets as many new ones, for at most three rounds in all.

    Args:
        pipeline: judges the similarity.
        draw: makes candidates.
        latents: z of each motion, `(motions, latent_dim)`.
        seeds: of each motion; its first candidate is made from it, the others from seeds derived from it.
        count: candidates of each motion.

    Returns:
        One candidate for each motion.

    Warns:
        UserWarning: all candidates of a motion have a fault.

    Raises:
        ValueError: the checkpoint has no motion encoder or no calibration of similarity.
    """
    chosen: dict[int, Candidate] = {}
    waiting = list(range(len(seeds)))
    for turn in range(_ROUNDS):
        rows = [row for row in waiting for _ in range(count)]
        own = [seed for row in waiting for seed in candidate_seeds(seeds[row], (turn + 1) * count)[-count:]]
        for row, seed, motion in zip(rows, own, draw(rows, own), strict=True):
            found = Candidate(motion, seed, score(pipeline, motion, latents[row]), (turn + 1) * count)
            better = max(chosen.get(row, found), found, key=lambda one: one.score.rank)
            chosen[row] = dataclasses.replace(better, drawn=found.drawn)
        waiting = [row for row in waiting if chosen[row].score.faults]
        if not waiting:
            break
    for row in waiting:
        warn(
            f"all {_ROUNDS * count} candidates of motion {row + 1} have a fault "
            f"(the best: {', '.join(chosen[row].score.faults)}): try another wording",
            stacklevel=3,
        )
    return [chosen[row] for row in range(len(seeds))]


def score(pipeline: "RAMPipeline", motion: Motion, latent: Tensor) -> Score:
    """Judge a motion that was made from a latent `(latent_dim,)`."""
    similarity = float(pipeline.match(latent[None], pipeline.encode_motion(motion))[0, 0])
    joints = motion.joints.astype(np.float64)
    return Score(
        similarity, {name: measure(joints, motion.fps) / limit for name, (measure, limit) in LIMITS.items()}
    )


def candidate_seeds(seed: int, count: int) -> list[int]:
    """Seeds of a motion's candidates: its own, then others derived from it; more only adds some."""
    return [seed, *map(int, np.random.SeedSequence(seed).generate_state(count - 1))]
