"""Control of what is generated: constraints that a motion meets in world space, on any checkpoint of 22 joints."""

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

__all__ = ["Constraint", "Joints", "Keep", "Loop", "Path", "Pose", "Stop", "from_json", "to_json"]
