"""Foot planting: soles stand where the motion's feet stand, by bending the character's own legs.

In the body's axes and at the motion's size: metres, Y up, floor at 0.
"""

from dataclasses import dataclass

import numpy as np
import torch

from ram_sdk.characters.posing import about_up, between
from ram_sdk.characters.rig import Array, Flags
from ram_sdk.geometry import axis_angle_to_matrix
from ram_sdk.skeleton import feet
from ram_sdk.skeleton.hinges import swing
from ram_sdk.skeleton.smoothing import gaussian

_EASE = 0.06  # seconds: standard deviation with which feet are levelled and hips lowered
_FADE = 0.2  # seconds before and after a contact in which a foot's height is corrected, too
_FLAT_FOOT = (
    35.0,
    60.0,
)  # degrees of tilt up to which a standing foot is laid flat, and from which it is not
_FLAT_TOES = (60.0, 85.0)
_NEAR = 0.03  # metres: toes that are so far above their lowest place bend fully, at twice that not at all
_MOST_LIFT = np.radians(20.0)  # that a foot is turned in one step to clear the floor
_STRIDES = (0.75, 1.3)  # of the way that legs alone give
_SHORTEST_WAY = 1e-2  # square metres, the sum over frames: bodies that stay where they are keep their way
_STRAIGHT = 0.999  # of the leg's length
_LOWEST = 2.0  # percent of frames that may be lower, where no foot ever stands


@dataclass(frozen=True)
class Leg:
    """One leg in every frame.

    Attributes:
        hip: `(frames, 3)`.
        knee: `(frames, 3)`.
        ankle: `(frames, 3)`.
        toe: `(frames, 3)` a point of the foot in front of the ankle.
        sole: `(frames, points, 3)`.
        standing: `(frames, 2)` whether the motion's ankle and its toe stand.
    """

    hip: Array
    knee: Array
    ankle: Array
    toe: Array
    sole: Array
    standing: Flags

    @property
    def stands(self) -> Flags:
        """Frames in which the foot carries the body."""
        return np.asarray(self.standing.any(axis=1))

    @property
    def lowest(self) -> Array:
        """Height of the lowest point of the sole `(frames,)`."""
        return np.asarray(self.sole[..., 1].min(axis=1))


def level(turns: Array, share: Array, steepest: tuple[float, float]) -> Array:
    """Feet or toes turned so that the sole is flat.

    Args:
        turns: `(frames, 3, 3)` from rest.
        share: `(frames,)` how far, 0 to 1.
        steepest: degrees of tilt up to which they are, and from which they are not.
    """
    ahead = turns[:, :, 2]
    upright = about_up(np.arctan2(ahead[:, 0], ahead[:, 2]))
    tilt = np.degrees(np.arccos(np.clip(turns[:, 1, 1], -1.0, 1.0)))
    share = share * np.clip((steepest[1] - tilt) / (steepest[1] - steepest[0]), 0.0, 1.0)
    return between(turns, upright, np.clip(share, 0.0, 1.0))


def flat_foot(turns: Array, leg_stands: Flags, fps: float) -> Array:
    """A foot `(frames, 3, 3)` that lies flat where ankle and toe stand."""
    flat: Array = np.asarray(leg_stands.all(axis=1), dtype=np.float64)
    return level(turns, gaussian(flat[:, None], _EASE, fps)[:, 0], _FLAT_FOOT)


def flat_toes(turns: Array, toe: Array) -> Array:
    """Toes `(frames, 3, 3)` that bend where the joint before them, `(frames, 3)`, is near the floor."""
    height = toe[:, 1] - np.percentile(toe[:, 1], _LOWEST)
    return level(turns, np.clip(2 - height / _NEAR, 0.0, 1.0), _FLAT_TOES)


def clear_the_floor(leg: Leg) -> Array:
    """Turns `(frames, 3, 3)` of a foot about its ankle that lift what is below the floor."""
    frames = np.arange(len(leg.sole))
    lever = leg.sole[frames, leg.sole[..., 1].argmin(axis=1)] - leg.ankle
    flat = lever * (1.0, 0.0, 1.0)
    length, reach = np.linalg.norm(lever, axis=-1), np.linalg.norm(flat, axis=-1)
    tilted = leg.sole[..., 1].max(axis=1) - leg.lowest  # a flat foot is not lifted by turning it
    wanted = lever[:, 1] + np.clip(-leg.lowest, 0.0, tilted)
    now, then = (np.arcsin(np.clip(height / length, -1.0, 1.0)) for height in (lever[:, 1], wanted))
    axis = np.cross(flat, (0.0, 1.0, 0.0)) / np.maximum(reach, 1e-9)[:, None]
    turn = torch.from_numpy(axis * np.clip(then - now, 0.0, _MOST_LIFT)[:, None])
    return np.asarray(axis_angle_to_matrix(turn).numpy())


def floor_under(legs: tuple[Leg, Leg]) -> float:
    """Height of the floor that feet stand on."""
    heights = np.concatenate([leg.lowest[leg.stands] for leg in legs])
    if len(heights):
        return float(np.median(heights))
    return float(np.percentile(np.minimum(legs[0].lowest, legs[1].lowest), _LOWEST))


def ankle_goals(leg: Leg, fps: float) -> Array:
    """Where an ankle must be `(frames, 3)` so that the foot neither slides nor sinks nor floats."""
    shift: Array = feet.foot_shift(leg.ankle, leg.toe, leg.standing, spot=_middle)
    frames, stands = np.arange(len(leg.ankle)), np.flatnonzero(leg.stands)
    if len(stands):
        after = np.searchsorted(stands, frames)
        sides = (np.maximum(after - 1, 0), np.minimum(after, len(stands) - 1))
        gap = np.minimum(*(np.abs(frames - stands[side]) for side in sides)) / fps
        share = np.maximum(1.0 - gap / _FADE, 0.0)
        shift[:, 1] = np.interp(frames, stands, -leg.lowest[stands]) * share
    shift[:, 1] = np.maximum(shift[:, 1], -leg.lowest)
    return leg.ankle + shift


def body_shift(legs: tuple[Leg, Leg], fps: float) -> Array:
    """How the body moves with the feet it stands on `(frames, 3)`, so that legs need to bend little.

    The mean of what the standing feet need, or those that would sink where none stands; elsewhere it passes
    from one to the next.
    """
    needs = np.stack([ankle_goals(leg, fps) - leg.ankle for leg in legs])
    stands = np.stack([leg.stands for leg in legs])
    sinks = np.stack([leg.lowest < 0 for leg in legs]) & ~stands.any(axis=0)
    weights = (stands | sinks).astype(np.float64)[..., None]
    some = weights.sum(axis=0)[:, 0] > 0
    if not some.any():
        return np.zeros_like(needs[0])
    mean = (needs * weights).sum(axis=0)[some] / weights.sum(axis=0)[some]
    frames = np.arange(len(some))
    carried = [np.interp(frames, frames[some], axis) for axis in mean.T]
    return gaussian(np.stack(carried, axis=-1), _EASE, fps)


def stride(legs: tuple[Leg, Leg], hips: Array) -> float:
    """How much farther than `hips` says a body must travel for its standing feet to stay where they are."""
    steps = np.diff(hips, axis=0)[:, [0, 2]]
    slides, ways = 0.0, 0.0
    for leg in legs:
        both = leg.stands[1:] & leg.stands[:-1]
        foot = np.diff(np.where(leg.standing[:, 1:], leg.toe, leg.ankle), axis=0)[:, [0, 2]]
        still = both & (leg.standing[1:, 1] == leg.standing[:-1, 1])
        slides += float((foot * steps)[still].sum())
        ways += float((steps * steps)[still].sum())
    return float(np.clip(1 - slides / ways, *_STRIDES)) if ways > _SHORTEST_WAY else 1.0


def hips_lower(legs: tuple[Leg, Leg], goals: tuple[Array, Array], fps: float) -> Array:
    """How far the body has to come down `(frames,)` for legs to reach the floor that they stand on."""
    need = np.zeros(len(goals[0]))
    for leg, goal in zip(legs, goals, strict=True):
        length = np.linalg.norm(leg.knee - leg.hip, axis=-1) + np.linalg.norm(leg.ankle - leg.knee, axis=-1)
        now = np.linalg.norm(leg.ankle - leg.hip, axis=-1)
        length = np.maximum(_STRAIGHT * length, now)
        aside = np.linalg.norm((goal - leg.hip)[:, [0, 2]], axis=-1)
        reach = np.sqrt(np.maximum(length**2 - aside**2, 0.0))
        short = leg.hip[:, 1] - goal[:, 1] - reach
        need = np.maximum(need, np.where(leg.stands, short, 0.0))
    spread = max(1, round(2 * _EASE * fps))
    window = np.pad(need, spread, mode="edge")
    wide = np.lib.stride_tricks.sliding_window_view(window, 2 * spread + 1).max(axis=-1)
    return np.asarray(gaussian(wide[:, None], _EASE, fps)[:, 0])


def bend(leg: Leg, goal: Array) -> tuple[Array, Array]:
    """Further turns `(frames, 3, 3)` of thigh and shin that bring the ankle to its goal."""
    goal = feet.within_reach(leg.hip, leg.knee, leg.ankle, goal - leg.ankle)
    way, reach = (torch.from_numpy(end - leg.hip) for end in (leg.ankle, goal))
    aim = swing(way, reach).numpy()
    turned, ankle = (
        leg.hip + np.einsum("fij,fj->fi", aim, joint - leg.hip) for joint in (leg.knee, leg.ankle)
    )
    knee = feet.bend_knee(leg.hip, turned, ankle, goal)
    thigh = swing(torch.from_numpy(leg.knee - leg.hip), torch.from_numpy(knee - leg.hip)).numpy()
    shin = torch.from_numpy(np.einsum("fij,fj->fi", thigh, leg.ankle - leg.knee))
    return thigh, swing(shin, torch.from_numpy(goal - knee)).numpy() @ thigh


def _middle(path: Array) -> Array:
    """The spot that minimises the largest correction."""
    return np.asarray((path.min(axis=0) + path.max(axis=0)) / 2)
