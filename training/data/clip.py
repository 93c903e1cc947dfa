"""A training clip."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Clip:
    """A clip, or the part of one that its captions describe."""

    features: NDArray[np.float32]  # (frames, features), real units
    captions: tuple[str, ...]
    action: str = ""  # its first action in the folder's `clips.json`, if any
    composed: bool = False  # made of other clips, according to `clips.json`
