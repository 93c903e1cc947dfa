"""Kind "tempo": the same motion slower or faster, with captions for the new speed."""

import random

from ram_sdk.skeleton.sequences import Array, positions
from training.open_data.composition.draft import Draft
from training.open_data.composition.pool import MAX_JOINTS, MIN_JOINTS, Pool, even_choice
from training.open_data.composition.sources import captions_about, roles
from training.open_data.signals import FPS

_SLOW, _FAST = (0.7, 0.87), (1.15, 1.4)  # relative to the captured speed
_AIRBORNE = (1.08, 1.2)  # motion in the air cannot be slowed down, and hardly sped up


def draft_tempo(pool: Pool, rng: random.Random) -> Draft:
    """Play a clip at another speed.

    Raises:
        Rejected: no clip is suitable.
    """
    source = even_choice([s for s in pool.whole if not set(s.actions) & roles()["unwarped"]], rng)
    airborne = source.attributes.jumps or set(source.actions) & roles()["airborne"]
    ranges = (_AIRBORNE,) if airborne else (_SLOW, _FAST)
    fits = [r for r in ranges if MIN_JOINTS * r[1] <= len(source.joints) <= MAX_JOINTS * r[0]]
    factor = rng.uniform(*rng.choice(fits or ranges))
    joints = positions(source.pose.resample(FPS * factor, FPS))

    def write_captions(joints: Array) -> list[str]:
        return captions_about(source.info, joints, source.mirrored, pool.language)

    return Draft(joints, (source,), source.actions, write_captions)
