"""Bones of constant length around joints that must not move."""

import numpy as np

from ram_sdk.control.bodyframe import Array
from ram_sdk.skeleton.joints import HUMANML3D

_ROUNDS = 30
_BRACES = ((1, 2), (1, 3), (2, 3), (12, 13), (12, 14), (13, 14))  # pelvis and chest are rigid
_LINKS = (*((parent, joint) for joint, parent in enumerate(HUMANML3D.parents) if joint), *_BRACES)


def keep_lengths(joints: Array, lengths: Array | None, freedom: Array) -> Array:
    """Move joints as little as restores their bones (position-based dynamics, Müller et al., 2007).

    Args:
        joints: `(frames, 22, 3)` metres.
        lengths: `(22,)` of the bones into each joint, metres; None: the motion's medians.
        freedom: `(frames, 22)` how readily a joint moves, 0 = not at all.

    Returns:
        Positions of the same shape.
    """
    out = joints.copy()
    apart = {link: np.linalg.norm(out[:, link[1]] - out[:, link[0]], axis=-1) for link in _LINKS}
    rest = {link: float(np.median(distances)) for link, distances in apart.items()}
    if lengths is not None:
        rest |= {link: float(lengths[link[1]]) for link in _LINKS[: -len(_BRACES)]}
    for _ in range(_ROUNDS):
        for (one, other), length in rest.items():
            _restore(out, one, other, length, freedom)
    return out


def _restore(joints: Array, one: int, other: int, length: float, freedom: Array) -> None:
    between = joints[:, other] - joints[:, one]
    distance = np.sqrt((between * between).sum(axis=-1))
    total = freedom[:, one] + freedom[:, other]
    excess = np.where(total > 0, (distance - length) / np.maximum(total * distance, 1e-9), 0.0)
    joints[:, one] += (freedom[:, one] * excess)[:, None] * between
    joints[:, other] -= (freedom[:, other] * excess)[:, None] * between
