"""Kind "then": two or three actions, one after the other."""

import random
from collections.abc import Sequence
from itertools import pairwise

from ram_sdk.skeleton.seams import Joined, join
from ram_sdk.skeleton.sequences import Array
from training.open_data.composition.draft import Draft, Rejected, agreeing
from training.open_data.composition.pool import MAX_JOINTS, Pool, even_choice
from training.open_data.composition.sources import Source
from training.open_data.composition.wording import joined_captions

_THREE = 0.3  # share of motions with three parts
_MIN_SEAM, _MAX_SEAM = 6, 12  # frames
_FAR = 0.18  # metres between poses from which on the longest seam is used
_PARTS = ("a", "b", "c")


def overlap_frames(apart: float) -> int:
    """Frames of the seam between two poses, 0.3 to 0.6 s, by their distance in metres."""
    return round(_MIN_SEAM + (_MAX_SEAM - _MIN_SEAM) * min(1.0, apart / _FAR))


def join_sources(sources: Sequence[Source], overlaps: Sequence[int]) -> Joined:
    """Join clips one after the other, with seams of so many frames.

    Raises:
        Rejected: a clip is shorter than the seams at its ends.
    """
    seams = pairwise((0, *overlaps, 0))
    if any(len(source.joints) < sum(ends) for source, ends in zip(sources, seams, strict=True)):
        raise Rejected("a part is shorter than its seams")
    return join([source.pose for source in sources], overlaps)


def draft_then(pool: Pool, rng: random.Random) -> Draft:
    """Join clips where the end of one is similar to the start of the next.

    Raises:
        Rejected: no clip can follow, or no caption is valid.
    """
    count = 3 if rng.random() < _THREE else 2
    room = MAX_JOINTS + _MIN_SEAM * (count - 1)
    least = MAX_JOINTS // 6
    longest = min(room - least * (count - 1), room // count * 1.4)
    short = [unit for unit in pool.units if len(unit.joints) <= longest and len(unit.actions) == 1]
    chosen, overlaps = [even_choice(short, rng)], []
    while len(chosen) < count:
        left = room - sum(len(unit.joints) for unit in chosen) - least * (count - 1 - len(chosen))
        unit, apart = pool.follower(chosen[-1], left, rng)
        chosen.append(unit)
        overlaps.append(overlap_frames(apart))
    joined = join_sources(chosen, overlaps)

    def write_captions(joints: Array) -> list[str]:
        parts = {
            name: agreeing(unit.phrases(pool.language), joints[slice(*span)], pool.language)
            for name, unit, span in zip(_PARTS, chosen, joined.spans, strict=False)
        }
        return joined_captions(f"then{count}", parts, chosen[0].info.woman, pool.language, rng)

    actions = tuple(action for unit in chosen for action in unit.actions)
    return Draft(joined.joints, tuple(chosen), actions, write_captions, joined.seams)
