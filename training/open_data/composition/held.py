"""Kind "held": standing before the action, after it, or both."""

import random

from ram_sdk.skeleton.sequences import Array, distances, signatures
from training.open_data.composition.draft import Draft, Rejected, agreeing
from training.open_data.composition.pool import MAX_JOINTS, Pool, even_choice
from training.open_data.composition.sources import Source, roles
from training.open_data.composition.then import join_sources, overlap_frames
from training.open_data.composition.wording import joined_captions

_STANDING = (20, 56)  # frames of standing
_CHOICES = 16  # candidates to try
_MAX_DISTANCE = 0.22  # metres (see `distances`) between the action's end and the standing pose


def standing_near(pool: Pool, pose: Array, rng: random.Random) -> tuple[Source, float]:
    """A segment of standing whose first pose is close to a signature `(1, 132)`, and its distance.

    Raises:
        Rejected: there is none.
    """
    found = []
    for stand in rng.sample(pool.stands, min(_CHOICES, len(pool.stands))):
        frames = min(rng.randint(*_STANDING), len(stand.joints))
        start = rng.randint(0, len(stand.joints) - frames)
        part = stand.part(start, start + frames)
        found.append((float(distances(pose, signatures(part.joints[:9])[4:5])[0, 0]), part))
    found = [pair for pair in found if pair[0] < _MAX_DISTANCE]
    if not found:
        raise Rejected("nothing fits")
    apart, part = min(found, key=lambda pair: pair[0])
    return part, apart


def draft_held(pool: Pool, rng: random.Random) -> Draft:
    """Add standing before or after an action.

    Raises:
        Rejected: no standing pose is close to the start or end of the action, a part is too short, or no
            caption is valid.
    """
    where = rng.choice(("before", "after", "after", "both"))
    fitting = [
        unit
        for unit in pool.units
        if len(unit.joints) < MAX_JOINTS - 40
        and len(unit.actions) == 1
        and unit.actions[0] not in roles()["floor"]
    ]
    source = even_choice(fitting, rng)
    poses = signatures(source.joints)
    parts, overlaps = [source], []
    if where in ("before", "both"):
        stand, apart = standing_near(pool, poses[4:5], rng)
        parts.insert(0, stand)
        overlaps.append(overlap_frames(apart))
    if where in ("after", "both"):
        stand, apart = standing_near(pool, poses[-5:-4], rng)
        parts.append(stand)
        overlaps.append(overlap_frames(apart))
    joined = join_sources(parts, overlaps)
    span = joined.spans[parts.index(source)]

    def write_captions(joints: Array) -> list[str]:
        phrases = {"a": agreeing(source.phrases(pool.language), joints[slice(*span)], pool.language)}
        return joined_captions(f"held_{where}", phrases, source.info.woman, pool.language, rng)

    actions = tuple(action for part in parts for action in (source.actions if part is source else ("stand",)))
    return Draft(joined.joints, tuple(parts), actions, write_captions, joined.seams)
