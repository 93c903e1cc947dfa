"""Text to human motion with the Reconstruction-Anchored Diffusion Model (RAM)."""

__version__ = "0.1.0"

from ram_sdk.checkpoint import CheckpointError
from ram_sdk.motion import Motion
from ram_sdk.pipeline import RAMOutput, RAMPipeline, StepInfo, StopSampling
from ram_sdk.scheduler import RAMScheduler, SchedulerConfig

__all__ = [
    "CheckpointError",
    "Motion",
    "RAMOutput",
    "RAMPipeline",
    "RAMScheduler",
    "SchedulerConfig",
    "StepInfo",
    "StopSampling",
    "__version__",
]
