"""How the motion takes shape: pictures of the estimate after the first, fifth and last denoising step."""

from ram_sdk import Motion, RAMPipeline, StepInfo


def save_estimate(pipe: RAMPipeline, info: StepInfo) -> None:
    """Save the guided estimate after some steps."""
    if info.index in (0, 4, 19):
        features = pipe.decode(info.estimate, [info.estimate.shape[1]])[0]
        Motion.from_features(features.numpy()).save(f"step_{info.index:02d}.png")


RAMPipeline.from_pretrained()(
    "a person runs forward", duration=3.0, seed=2, callback_on_step_end=save_estimate
)
