"""`RAMPipeline`: text to motion.

`pipeline` is the order of events. `parts` holds, loads and saves the networks, `latents` reads texts and
motions, `sampling` denoises, `output` is what a call returns.
"""

from ram_sdk.pipeline.output import OutputType, RAMOutput
from ram_sdk.pipeline.pipeline import RAMPipeline
from ram_sdk.pipeline.sampling import StepCallback, StepInfo, StopSampling

__all__ = ["OutputType", "RAMOutput", "RAMPipeline", "StepCallback", "StepInfo", "StopSampling"]
