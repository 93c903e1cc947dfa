"""A clip to train on."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Clip:
    """One clip, or the part of one that its captions name."""

    features: NDArray[np.float32]  # (frames, features), real units
    captions: tuple[str, ...]
    action: str = ""  # the first action that `clips.json` of the folder names, if it does
    composed: bool = False  # made of other clips, as `clips.json` says
