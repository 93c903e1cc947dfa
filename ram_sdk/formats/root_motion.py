"""What carries a motion over the floor in an animated file."""

import numpy as np
from numpy.typing import NDArray

from ram_sdk.formats.write_options import RootMotion

ROOT = "root"
"""Name of the bone at ground level: that of Unreal's mannequins."""


def split(
    path: NDArray[np.float32], root: RootMotion
) -> tuple[NDArray[np.float32] | None, NDArray[np.float32]]:
    """The paths of a bone at ground level, if there is one, and of the hips seen from it.

    Args:
        path: `(frames, 3)` of the hips, Y up.
        root: see `RootMotion`. The facing stays on the hips.
    """
    ground = path * np.array((1, 0, 1), np.float32)
    if root == "hips":
        return None, path
    return (ground if root == "ground" else None), path - ground
