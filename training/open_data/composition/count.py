"""Kind "count": one to six jumps, waves, kicks, punches, claps, squats or steps, counted in the caption."""

import random

import numpy as np

from ram_sdk.skeleton.seams import Joined, join
from ram_sdk.skeleton.sequences import Array, cut, distances, signatures
from training.open_data.composition.cycles import CYCLES, event_frames
from training.open_data.composition.draft import Draft, Rejected, agreeing
from training.open_data.composition.held import standing_near
from training.open_data.composition.pool import MAX_JOINTS, MIN_JOINTS, Pool, even_choice
from training.open_data.composition.sources import Source
from training.open_data.composition.then import join_sources
from training.open_data.composition.wording import count_captions, table

MAX_COUNT = 6
_BALANCE = 0.5  # kinds are drawn in proportion to this power of their number of clips
_HALF = 3  # frames: half of a seam
_AROUND = 30  # maximum frames before and after an event at which it is cut out
_MAX_DISTANCE = 0.16  # metres (see `distances`) between the frames that are joined


def draft_count(pool: Pool, rng: random.Random) -> Draft:
    """Repeat or remove cycles of a motion to reach a random count.

    Raises:
        Rejected: there is nothing to count, or the count cannot be reached.
    """
    fitting = {kind: found for kind in CYCLES if (found := _countable(kind, pool))}
    if not fitting:
        raise Rejected("no source")
    (kind,) = rng.choices(list(fitting), [len(found) ** _BALANCE for found in fitting.values()])
    source = even_choice(fitting[kind], rng)
    if kind == "step":
        sources, joined = _few_steps(pool, source, rng)
    else:
        sources, joined = (source,), _repeated(kind, source, rng)
    number = len(event_frames(kind, joined.joints))
    if not 1 <= number <= MAX_COUNT:
        raise Rejected("count not reached")
    busier = source.attributes.left_hand.path - source.attributes.right_hand.path

    def write_captions(joints: Array) -> list[str]:
        hand = "left hand" if busier > 0.5 else "right hand" if busier < -0.5 else "hand"
        captions = count_captions(kind, number, hand, source.info.woman, rng)
        return agreeing(captions, joints, pool.language, subject="")

    return Draft(joined.joints, sources, source.actions, write_captions, joined.seams)


def _countable(kind: str, pool: Pool) -> list[Source]:
    actions = set(table("counts")[kind]["actions"])
    return [source for source in pool.whole if set(source.actions) <= actions]


def _repeated(kind: str, source: Source, rng: random.Random) -> Joined:
    """The source with one of its cycles repeated or some removed."""
    events = event_frames(kind, source.joints)
    if not events:
        raise Rejected("nothing to count")
    number = rng.choice([n for n in range(1, MAX_COUNT) if n != len(events)])
    poses = signatures(source.joints)
    if number > len(events):
        k = rng.randrange(len(events))
        removed, added = events[k : k + 1], number - len(events)
    else:
        k = rng.randrange(number + 1)
        removed, added = events[k : k + len(events) - number], -1
    first, last = _border(events, removed, poses)
    opening = cut(source.pose, 0, (last if added > 0 else first) + _HALF)
    ending = cut(source.pose, (first if added > 0 else last) - _HALF, len(poses))
    repeats = [cut(source.pose, first - _HALF, last + _HALF)] * max(0, added - 1)
    parts = [opening, *repeats, ending]
    if not MIN_JOINTS <= sum(map(len, parts)) - 2 * _HALF * (len(parts) - 1) <= MAX_JOINTS:
        raise Rejected("length")
    return join(parts, [2 * _HALF] * (len(parts) - 1))


def _border(events: list[int], removed: list[int], poses: Array) -> tuple[int, int]:
    """Frames before and after the removed or repeated events whose poses are most similar.

    Raises:
        Rejected: none are similar enough.
    """
    before = max([e for e in events if e < removed[0]], default=removed[0] - _AROUND)
    after = min([e for e in events if e > removed[-1]], default=removed[-1] + _AROUND)
    firsts = np.arange(max(before, 0) + _HALF, removed[0] - 1)
    lasts = np.arange(removed[-1] + 2, min(after, len(poses)) - _HALF)
    if not len(firsts) or not len(lasts):
        raise Rejected("no cycle")
    apart = distances(poses[firsts], poses[lasts])
    row, column = np.unravel_index(int(apart.argmin()), apart.shape)
    if apart[row, column] > _MAX_DISTANCE or lasts[column] - firsts[row] < 2 * _HALF:
        raise Rejected("no cycle")
    return int(firsts[row]), int(lasts[column])


def _few_steps(pool: Pool, source: Source, rng: random.Random) -> tuple[tuple[Source, ...], Joined]:
    """Standing, a few steps of a walk, and standing again."""
    events = event_frames("step", source.joints)
    number = rng.randint(1, 5)
    if len(events) < number + 3:
        raise Rejected("nothing to count")
    k = rng.randint(1, len(events) - number - 1)
    start = (events[k - 1] + events[k]) // 2 - 4
    stop = (events[k + number - 1] + events[k + number]) // 2 + 4
    walk = source.part(max(start, 0), stop)
    if len(walk.joints) < 16:
        raise Rejected("length")
    poses = signatures(walk.joints)
    (before, _), (after, _) = standing_near(pool, poses[4:5], rng), standing_near(pool, poses[-5:-4], rng)
    joined = join_sources((before, walk, after), (8, 8))
    return (before, walk, after), joined
