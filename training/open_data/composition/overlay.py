"""Kind "while": the arms of one clip on the legs of another."""

import random
import re

import numpy as np
import torch
from numpy.typing import NDArray

from ram_sdk.skeleton.kinematics import PoseSequence
from ram_sdk.skeleton.sequences import Array, blend_rotations, cut, positions, smooth_step
from training.open_data.attributes import Attributes, Hand
from training.open_data.composition.draft import Draft, Rejected, agreeing
from training.open_data.composition.loops import looped
from training.open_data.composition.pool import MAX_JOINTS, MIN_JOINTS, Pool, even_choice
from training.open_data.composition.sources import Source, has_role
from training.open_data.composition.wording import joined_captions

_ARMS = ((13, 16, 18), (14, 17, 19))  # joints whose rotations move the left and the right arm
_HEAD = (12,)
_FADE = 10  # frames to blend arms in and out
_UPRIGHT = 28.0  # maximum degrees of trunk bend, of both clips
_MIN_SHARE = 0.75  # of the gesture that must fit in the legs' clip
_STANDS = 0.75  # minimum metres of the pelvis during the gesture
_IDLE_HAND = 0.55  # of the busier hand's path: a hand that moves less keeps the legs' clip
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
    joints = positions(_overlaid(base, gesture, start, _busy_hands(arms.attributes)))

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


def _busy_hands(attributes: Attributes) -> list[int]:
    """Sides whose arm does the gesture: both if both move about as much."""
    paths = [hand.path for hand in _hands(attributes)]
    return [side for side in (0, 1) if paths[side] > _IDLE_HAND * max(paths)]


def _overlaid(base: PoseSequence, gesture: PoseSequence, start: int, sides: list[int]) -> PoseSequence:
    """The base with the gesture's arms (and its head, if both arms) from frame `start` on."""
    carried = [joint for side in sides for joint in _ARMS[side]] + list(_HEAD if len(sides) == 2 else ())
    stop = start + len(gesture)
    weight = _fade(len(gesture), start > 0, stop < len(base))
    rotations = base.rotations.clone()
    rotations[start:stop, carried] = blend_rotations(
        base.rotations[start:stop, carried], gesture.rotations[:, carried], torch.from_numpy(weight)
    )
    return PoseSequence(rotations, base.root, base.offsets)


def _fade(frames: int, rises: bool, falls: bool) -> NDArray[np.float64]:
    at = np.arange(frames) + 1
    up = smooth_step(at / _FADE) if rises else np.ones(frames)
    return np.asarray(up * (smooth_step((frames + 1 - at) / _FADE) if falls else 1.0))


def _without(pattern: re.Pattern[str], phrases: list[str]) -> list[str]:
    kept = [phrase for phrase in phrases if not pattern.search(phrase)]
    if not kept:
        raise Rejected("no phrase")
    return kept
