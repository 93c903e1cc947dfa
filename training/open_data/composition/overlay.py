"""Kind "while": the arms of one clip on the legs of another."""

import random
import re

from ram_sdk.skeleton.joints import HUMANML3D
from ram_sdk.skeleton.kinematics import PoseSequence
from ram_sdk.skeleton.layering import FADE, busy_arms, with_arms
from ram_sdk.skeleton.sequences import Array, cut, positions
from training.open_data.attributes import Attributes, Hand
from training.open_data.composition.draft import Draft, Rejected, agreeing
from training.open_data.composition.loops import looped
from training.open_data.composition.pool import MAX_JOINTS, MIN_JOINTS, Pool, even_choice
from training.open_data.composition.sources import Source, has_role
from training.open_data.composition.wording import joined_captions

_FADE = round(FADE * HUMANML3D.fps)  # frames
_UPRIGHT = 28.0  # maximum degrees of trunk bend, of both clips
_MIN_SHARE = 0.75  # of the gesture that must fit in the legs' clip
_STANDS = 0.75  # minimum metres of the pelvis during the gesture
_LOW_HAND = -0.12  # maximum metres of the hands above the shoulders in the legs' clip
_ABOUT_ARMS = re.compile(r"\b(?:hands?|arms?|fists?|swing\w*|elbows?|wav\w+|rais\w+|clap\w*)\b")
_ABOUT_LEGS = re.compile(
    r"\b(?:walk\w*|run\w*|stand\w*|steps?|feet|foot|legs?|spot|place|sit\w*|turn\w*|jog\w*|still)\b"
)


def draft_while(pool: Pool, rng: random.Random) -> Draft:
    """Overlay the arms of a gesture on walking, running, standing, turning or sitting legs.

    Raises:
        Rejected: a trunk leans too much, or no caption is valid.
    """
    legs, arms = _pair(pool, rng)
    base = _long_enough(legs, len(arms.joints))
    gesture = cut(arms.pose, 0, len(base))
    start = rng.randint(0, len(base) - len(gesture))
    stop = start + len(gesture)
    joints = positions(with_arms(base, gesture, busy_arms(arms.joints), start, HUMANML3D.fps))

    def write_captions(joints: Array) -> list[str]:
        parts = {
            "legs": _without(_ABOUT_ARMS, legs.phrases(pool.language)),
            "arms": _without(_ABOUT_LEGS, arms.phrases(pool.language)),
        }
        valid = {name: agreeing(phrases, joints, pool.language) for name, phrases in parts.items()}
        return joined_captions("while", valid, legs.info.woman, pool.language, rng)

    walked = legs.part(0, min(len(base), len(legs.joints)))
    rises = ((start, start + _FADE),) if start else ()
    falls = ((stop - _FADE, stop),) if stop < len(base) else ()
    used = (walked, arms.part(0, len(gesture)))
    actions = (*legs.actions, *arms.actions)
    return Draft(joints, used, actions, write_captions, rises + falls, feet_from=(walked,))


def _pair(pool: Pool, rng: random.Random) -> tuple[Source, Source]:
    """Legs from a clip with lowered arms, and arms from a standing clip, both upright."""
    legs = even_choice(pool.with_role("legs"), rng)
    arms = even_choice(pool.with_role("arms"), rng)
    if max(legs.attributes.bend, arms.attributes.bend) > _UPRIGHT or arms.attributes.low_height < _STANDS:
        raise Rejected("trunk leans")
    if not all(hand.above_shoulder < _LOW_HAND for hand in _hands(legs.attributes)):
        raise Rejected("legs with busy arms")
    return legs, arms


def _long_enough(legs: Source, frames: int) -> PoseSequence:
    """The legs' motion; steady motion is repeated or cut to the length of the gesture."""
    base = legs.pose
    steady = has_role(legs, "steady")
    if steady and len(base) < frames:
        base = looped(base, frames)
    if len(base) < max(MIN_JOINTS, _MIN_SHARE * frames):
        raise Rejected("too short")
    return cut(base, 0, min(frames if steady else len(base), MAX_JOINTS))


def _hands(attributes: Attributes) -> tuple[Hand, Hand]:
    return attributes.left_hand, attributes.right_hand


def _without(pattern: re.Pattern[str], phrases: list[str]) -> list[str]:
    kept = [phrase for phrase in phrases if not pattern.search(phrase)]
    if not kept:
        raise Rejected("no phrase")
    return kept
