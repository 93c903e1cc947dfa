"""Extending steady motion by repeating its cycle."""

from ram_sdk.skeleton import cycles
from ram_sdk.skeleton.kinematics import PoseSequence
from training.open_data.composition.draft import Rejected


def looped(pose: PoseSequence, frames: int) -> PoseSequence:
    """See `cycles.looped`.

    Raises:
        Rejected: the motion has no cycle.
    """
    try:
        return cycles.looped(pose, frames)
    except cycles.NoCycle as error:
        raise Rejected("no cycle") from error
