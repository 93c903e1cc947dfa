"""Control of what is generated: constraints that a motion meets in world space."""

from ram_sdk.control.constraint_files import load_constraints
from ram_sdk.control.constraints import (
    Constraint,
    Joints,
    Keep,
    Loop,
    Path,
    Pose,
    Stop,
    from_json,
    to_json,
)

__all__ = [
    "Constraint",
    "Joints",
    "Keep",
    "Loop",
    "Path",
    "Pose",
    "Stop",
    "from_json",
    "load_constraints",
    "to_json",
]
