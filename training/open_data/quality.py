"""Quality of retargeting: distance to the captured joints, and sliding of planted feet."""

from dataclasses import dataclass

import numpy as np

from ram_sdk.skeleton.joints import HUMANML3D, UNIFORM_BONE_LENGTHS
from ram_sdk.skeleton.retarget import TRUNK_LENGTH, FloatArray, leg_scale

_SHARED = (1, 2, 4, 5, 7, 8, 10, 11, 12, 15, 16, 17, 18, 19, 20, 21)  # joints that every capture has
_LENGTH = (0.0, *UNIFORM_BONE_LENGTHS)
# Metres, from HumanML3D's sample clip 012314; the height is above the midpoint of the hips.
_HIP_WIDTH, _SHOULDER_WIDTH, _SHOULDER_HEIGHT = 0.1206, 0.390, TRUNK_LENGTH - 0.1007
_TOES = (10, 11)
_CONTACT_HEIGHT = 0.05  # maximum metres of a planted toe above its lowest height
_CONTACT_SPEED = 0.5  # maximum metres a second of a planted toe


@dataclass(frozen=True)
class Quality:
    """Quality figures of one capture.

    Attributes:
        distance: mean distance in metres between captured and retargeted joints, after the capture's legs,
            trunk, shoulders, arms and neck have each been scaled to the uniform skeleton's lengths.
        one_scale_distance: the same with a single scale for the whole capture and one translation for each
            frame; it includes the difference in proportions, which no retargeting can remove.
        contacts: frames in which a toe is planted in the capture, summed over both toes.
        captured_sliding: mean horizontal speed of planted toes in metres a second, in the scaled capture.
        sliding: the same after retargeting, in the same frames.
    """

    distance: float
    one_scale_distance: float
    contacts: int
    captured_sliding: float
    sliding: float


def measure_quality(captured: FloatArray, retargeted: FloatArray) -> Quality:
    """Compare a capture with its retargeted motion, both `(frames, 22, 3)` at 20 fps."""
    before, after = captured[:, _SHARED], retargeted[:, _SHARED]
    normalised = _scaled_limbs(captured)[:, _SHARED]
    before = before - before.mean(axis=1, keepdims=True)
    centred = after - after.mean(axis=1, keepdims=True)
    before = before * ((before * centred).sum() / np.square(before).sum())

    scaled_toes = captured[:, _TOES] * leg_scale(captured)
    speed, new_speed = _ground_speed(scaled_toes), _ground_speed(retargeted[:, _TOES])
    low = scaled_toes[..., 1] - scaled_toes[..., 1].min() < _CONTACT_HEIGHT
    planted = low[:-1] & low[1:] & (speed < _CONTACT_SPEED)
    contacts = int(planted.sum())
    return Quality(
        distance=float(np.linalg.norm(normalised - after, axis=-1).mean()),
        one_scale_distance=float(np.linalg.norm(before - centred, axis=-1).mean()),
        contacts=contacts,
        captured_sliding=float(speed[planted].mean()) if contacts else 0.0,
        sliding=float(new_speed[planted].mean()) if contacts else 0.0,
    )


def _ground_speed(points: FloatArray) -> FloatArray:
    return np.asarray(np.linalg.norm(np.diff(points[..., (0, 2)], axis=0), axis=-1) * HUMANML3D.fps)


def _scaled_limbs(captured: FloatArray) -> FloatArray:
    """The capture with each part of the body scaled about its parent joint."""

    def length(parent: int, child: int) -> float:
        return float(np.median(np.linalg.norm(captured[:, child] - captured[:, parent], axis=-1)))

    def rescale(origin: int, parts: tuple[int, ...], scale: float) -> None:
        for part in parts:
            out[:, part] = out[:, origin] + scale * (captured[:, part] - captured[:, origin])

    out = captured * leg_scale(captured)
    rescale(0, (1, 2), _HIP_WIDTH / length(1, 2))
    rescale(0, (12,), TRUNK_LENGTH / length(0, 12))
    rescale(12, (15,), _LENGTH[15] / length(12, 15))
    chest = (captured[:, 16] + captured[:, 17]) / 2
    rise = chest - captured[:, 0]
    rise *= _SHOULDER_HEIGHT / np.median(np.linalg.norm(rise, axis=-1))
    for shoulder in (16, 17):
        spread = _SHOULDER_WIDTH / length(16, 17) * (captured[:, shoulder] - chest)
        out[:, shoulder] = out[:, 0] + rise + spread
    for shoulder, elbow, wrist in ((16, 18, 20), (17, 19, 21)):
        bones = length(shoulder, elbow) + length(elbow, wrist)
        rescale(shoulder, (elbow, wrist), (_LENGTH[elbow] + _LENGTH[wrist]) / bones)
    return out
