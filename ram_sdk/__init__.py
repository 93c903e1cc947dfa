"""Text to human motion with the Reconstruction-Anchored Diffusion Model (RAM)."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ram_sdk.checkpoint import CheckpointError
    from ram_sdk.control.timeline import Kept, Segment, Timeline
    from ram_sdk.motion import Motion
    from ram_sdk.pipeline import RAMOutput, RAMPipeline, StepInfo, StopSampling
    from ram_sdk.scheduler import RAMScheduler, SchedulerConfig
    from ram_sdk.search import Match, MotionIndex

__version__ = "0.1.0"

_PLACES = {
    "CheckpointError": "checkpoint",
    "Kept": "control.timeline",
    "Match": "search",
    "Motion": "motion",
    "MotionIndex": "search",
    "RAMOutput": "pipeline",
    "RAMPipeline": "pipeline",
    "RAMScheduler": "scheduler",
    "SchedulerConfig": "scheduler",
    "Segment": "control.timeline",
    "StepInfo": "pipeline",
    "StopSampling": "pipeline",
    "Timeline": "control.timeline",
}

__all__ = [
    "CheckpointError",
    "Kept",
    "Match",
    "Motion",
    "MotionIndex",
    "RAMOutput",
    "RAMPipeline",
    "RAMScheduler",
    "SchedulerConfig",
    "Segment",
    "StepInfo",
    "StopSampling",
    "Timeline",
    "__version__",
]


def __getattr__(name: str) -> Any:
    """Import a public name when it is first used: the command line's help needs no torch."""
    if name not in _PLACES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_PLACES[name]}"), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
