"""Export a training run to a pipeline folder that `RAMPipeline.from_pretrained` loads.

The folder holds the averaged weights, the data's feature statistics, a duration estimator fitted in closed
form on the training captions, and a model card.
"""

import dataclasses
from collections.abc import Sequence
from pathlib import Path

import torch
from torch import Tensor

from ram_sdk import RAMPipeline, RAMScheduler
from ram_sdk.models import DurationConfig, DurationEstimator, FeatureNormalizer, NormalizerConfig
from ram_sdk.models.duration import mean_token
from ram_sdk.models.text_backbone import TextBackbone
from training.config import TrainingConfig
from training.data.clip import Clip
from training.data.folder import MotionTextFolder
from training.dataset import CaptionStates, read_training
from training.model_card import write_card
from training.networks import build_objective, text_backbone
from training.objective import RAMObjective
from training.run_folder import RunFolder

_RIDGE = 1e-2  # of the mean squared feature; keeps rare words from dominating the estimate


def export(
    run: Path,
    data: Path,
    out: Path,
    name: str | None = None,
    notes: Sequence[Path] = (),
    half: bool = False,
) -> RAMPipeline:
    """Write the pipeline folder of a run.

    Args:
        run: folder of the training run, written by `training.loop.train`.
        data: the folder that it was trained on.
        out: the pipeline folder to write.
        name: title of the model card; default: the folder's name.
        notes: Markdown files that are appended to the card.
        half: store the weights in float16, half the size.

    Returns:
        The pipeline.

    Raises:
        FileNotFoundError: `run` is not the folder of a run or has no checkpoint, or a notes file is missing.
    """
    folder = RunFolder(run)
    config, state = folder.config(), folder.newest()
    if state is None:
        raise FileNotFoundError(f"{run} has no checkpoint yet: train until the first one is saved")
    source = MotionTextFolder(data)
    backbone = text_backbone(config.text_backbone)
    objective = build_objective(config, source.skeleton.num_features, backbone.config.dim)
    objective.load_state_dict(state["average"])
    clips, _, states = read_training(source, backbone, config.min_frames)
    duration = fit_duration(clips, states, source.skeleton.fps)
    pipeline = pipeline_of(objective, config, source, backbone, duration)
    if half:
        pipeline.to(dtype=torch.float16)
    pipeline.save_pretrained(out)
    pipeline.to(dtype=torch.float32)
    write_card(pipeline, folder, state["step"], source, out, name or out.name, notes)
    return pipeline


def pipeline_of(
    objective: RAMObjective,
    config: TrainingConfig,
    data: MotionTextFolder,
    backbone: TextBackbone,
    duration_estimator: DurationEstimator,
) -> RAMPipeline:
    """A pipeline that shares an objective's networks and puts them in evaluation mode."""
    objective.eval()
    skeleton = data.skeleton
    normalizer = FeatureNormalizer(
        NormalizerConfig(
            skeleton.name, skeleton.num_features, skeleton.fps, config.min_frames, config.max_frames
        )
    )
    normalizer.mean.copy_(torch.from_numpy(data.mean))
    normalizer.std.copy_(torch.from_numpy(data.std))
    sampling = config.sampling
    if not objective.motion_encoder:
        sampling = dataclasses.replace(sampling, reg_scale=0.0)
    pipeline = RAMPipeline(
        text_backbone=backbone,
        text_encoder=objective.text_encoder,
        motion_encoder=objective.motion_encoder,
        denoiser=objective.denoiser,
        normalizer=normalizer,
        duration_estimator=duration_estimator,
        scheduler=RAMScheduler(sampling),
    )
    return pipeline.to(next(objective.parameters()).device)


def fit_duration(clips: Sequence[Clip], states: CaptionStates, fps: float) -> DurationEstimator:
    """Ridge regression from each caption's mean token state to the log of the clip's seconds, in float64."""
    pairs = [(caption, len(clip.features) / fps) for clip in clips for caption in clip.captions]
    captions = [caption for caption, _ in pairs]
    inputs = torch.cat([_mean_states(states, captions[i : i + 512]) for i in range(0, len(pairs), 512)])
    targets = torch.tensor([seconds for _, seconds in pairs], dtype=torch.float64).log()
    center, level = inputs.mean(0), targets.mean()
    inputs = inputs - center
    covariance = inputs.T @ inputs / len(inputs)
    covariance += _RIDGE * covariance.diagonal().mean() * torch.eye(len(covariance), dtype=torch.float64)
    weight = torch.linalg.solve(covariance, inputs.T @ (targets - level) / len(inputs))
    estimator = DurationEstimator(DurationConfig(len(weight)))
    with torch.no_grad():
        estimator.projection.weight.copy_(weight[None])
        estimator.projection.bias.copy_(level - center @ weight)
    return estimator.eval().requires_grad_(False)


def _mean_states(states: CaptionStates, captions: list[str]) -> Tensor:
    tokens, mask = states.batch(captions)
    return mean_token(tokens.cpu().double(), mask.cpu())
