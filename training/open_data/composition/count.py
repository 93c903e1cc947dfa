"""Count: one to six jumps, waves, kicks, punches, claps, squats or steps, with the number in the text."""

import random

import numpy as np

from ram_sdk.skeleton.seams import Joined, join
from ram_sdk.skeleton.sequences import Array, cut, distances, signatures
from training.open_data.composition.cycles import CYCLES, happenings
from training.open_data.composition.draft import Draft, Rejected, shown
from training.open_data.composition.held import standing_near
from training.open_data.composition.pool import MAX_JOINTS, MIN_JOINTS, Pool, even_choice
from training.open_data.composition.sources import Source
from training.open_data.composition.wording import count_captions, table

MOST = 6
_RAREST = 0.5  # kinds are drawn in proportion to this power of their number of clips
_HALF = 3  # frames: half of a seam
_AROUND = 30  # frames before and after an event in which it may be cut out
_ALIKE = 0.16  # metres (see `distances`) between the frames that are joined


def draft_count(pool: Pool, rng: random.Random) -> Draft:
    """Repeat or leave out cycles until so many are shown.

    Raises:
        Rejected: there is nothing to count, or no way to the number.
    """
    fitting = {kind: found for kind in CYCLES if (found := _countable(kind, pool))}
    if not fitting:
        raise Rejected("no source")
    (kind,) = rng.choices(list(fitting), [len(found) ** _RAREST for found in fitting.values()])
    source = even_choice(fitting[kind], rng)
    if kind == "step":
        sources, joined = _few_steps(pool, source, rng)
    else:
        sources, joined = (source,), _repeated(kind, source, rng)
    number = len(happenings(kind, joined.joints))
    if not 1 <= number <= MOST:
        raise Rejected("count not reached")
    counted = source.attributes.left_hand.path - source.attributes.right_hand.path

    def say(joints: Array) -> list[str]:
        hand = "left hand" if counted > 0.5 else "right hand" if counted < -0.5 else "hand"
        said = count_captions(kind, number, hand, source.info.woman, rng)
        return shown(said, joints, pool.language, subject="")

    return Draft(joined.joints, sources, source.actions, say, joined.seams)


def _countable(kind: str, pool: Pool) -> list[Source]:
    actions = set(table("counts")[kind]["actions"])
    return [source for source in pool.whole if set(source.actions) <= actions]


def _repeated(kind: str, source: Source, rng: random.Random) -> Joined:
    """The source with one of its cycles repeated or some left out."""
    happened = happenings(kind, source.joints)
    if not happened:
        raise Rejected("nothing to count")
    number = rng.choice([n for n in range(1, MOST) if n != len(happened)])
    looks = signatures(source.joints)
    if number > len(happened):
        k = rng.randrange(len(happened))
        removed, added = happened[k : k + 1], number - len(happened)
    else:
        k = rng.randrange(number + 1)
        removed, added = happened[k : k + len(happened) - number], -1
    first, last = _border(happened, removed, looks)
    opening = cut(source.pose, 0, (last if added > 0 else first) + _HALF)
    ending = cut(source.pose, (first if added > 0 else last) - _HALF, len(looks))
    again = [cut(source.pose, first - _HALF, last + _HALF)] * max(0, added - 1)
    parts = [opening, *again, ending]
    if not MIN_JOINTS <= sum(map(len, parts)) - 2 * _HALF * (len(parts) - 1) <= MAX_JOINTS:
        raise Rejected("length")
    return join(parts, [2 * _HALF] * (len(parts) - 1))


def _border(happened: list[int], removed: list[int], looks: Array) -> tuple[int, int]:
    """Frames before and after the removed or repeated events, as alike as can be.

    Raises:
        Rejected: none are alike enough.
    """
    before = max([e for e in happened if e < removed[0]], default=removed[0] - _AROUND)
    after = min([e for e in happened if e > removed[-1]], default=removed[-1] + _AROUND)
    firsts = np.arange(max(before, 0) + _HALF, removed[0] - 1)
    lasts = np.arange(removed[-1] + 2, min(after, len(looks)) - _HALF)
    if not len(firsts) or not len(lasts):
        raise Rejected("no cycle")
    apart = distances(looks[firsts], looks[lasts])
    row, column = np.unravel_index(int(apart.argmin()), apart.shape)
    if apart[row, column] > _ALIKE or lasts[column] - firsts[row] < 2 * _HALF:
        raise Rejected("no cycle")
    return int(firsts[row]), int(lasts[column])


def _few_steps(pool: Pool, source: Source, rng: random.Random) -> tuple[tuple[Source, ...], Joined]:
    """Standing, a few steps out of a walk, and standing again."""
    happened = happenings("step", source.joints)
    number = rng.randint(1, 5)
    if len(happened) < number + 3:
        raise Rejected("nothing to count")
    k = rng.randint(1, len(happened) - number - 1)
    start = (happened[k - 1] + happened[k]) // 2 - 4
    stop = (happened[k + number - 1] + happened[k + number]) // 2 + 4
    walk = source.part(max(start, 0), stop)
    if len(walk.joints) < 16:
        raise Rejected("length")
    looks = signatures(walk.joints)
    (before, _), (after, _) = standing_near(pool, looks[4:5], rng), standing_near(pool, looks[-5:-4], rng)
    joined = join([before.pose, walk.pose, after.pose], [8, 8])
    return (before, walk, after), joined
