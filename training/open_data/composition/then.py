"""Then: two or three actions one after the other."""

import random
from itertools import pairwise

from ram_sdk.skeleton.seams import join
from ram_sdk.skeleton.sequences import Array
from training.open_data.composition.draft import Draft, Rejected, shown
from training.open_data.composition.pool import MAX_JOINTS, Pool, even_choice
from training.open_data.composition.wording import joined_captions

_THREE = 0.3  # share of motions with three parts
_SHORTEST, _LONGEST = 6, 12  # frames of a seam
_FAR = 0.18  # metres between poses from which on the longest seam is taken
_PARTS = ("a", "b", "c")


def overlap_frames(apart: float) -> int:
    """Frames of a seam between poses so many metres apart: 0.3 to 0.6 s."""
    return round(_SHORTEST + (_LONGEST - _SHORTEST) * min(1.0, apart / _FAR))


def draft_then(pool: Pool, rng: random.Random) -> Draft:
    """Join clips whose ends and starts are alike.

    Raises:
        Rejected: nothing follows the first clip, or its captions do not hold.
    """
    count = 3 if rng.random() < _THREE else 2
    room = MAX_JOINTS + _SHORTEST * (count - 1)
    least = MAX_JOINTS // 6
    longest = min(room - least * (count - 1), room // count * 1.4)
    short = [unit for unit in pool.units if len(unit.joints) <= longest and len(unit.actions) == 1]
    chosen, overlaps = [even_choice(short, rng)], []
    while len(chosen) < count:
        left = room - sum(len(unit.joints) for unit in chosen) - least * (count - 1 - len(chosen))
        unit, apart = pool.follower(chosen[-1], left, rng)
        chosen.append(unit)
        overlaps.append(overlap_frames(apart))
    if any(
        len(unit.joints) < sum(seams) for unit, seams in zip(chosen, pairwise((0, *overlaps, 0)), strict=True)
    ):
        raise Rejected("a part is shorter than its seams")
    joined = join([unit.pose for unit in chosen], overlaps)

    def say(joints: Array) -> list[str]:
        parts = {
            name: shown(unit.phrases(pool.language), joints[slice(*span)], pool.language)
            for name, unit, span in zip(_PARTS, chosen, joined.spans, strict=False)
        }
        return joined_captions(f"then{count}", parts, chosen[0].info.woman, pool.language, rng)

    actions = tuple(action for unit in chosen for action in unit.actions)
    return Draft(joined.joints, tuple(chosen), actions, say, joined.seams)
