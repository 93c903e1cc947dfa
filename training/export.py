"""Turn a training run into a pipeline folder that `RAMPipeline.from_pretrained` loads.

    python -m training.export --run RUN --data DIR --out FOLDER

The averaged weights go in, with the data's feature statistics and a duration estimator fitted in closed form
on the training captions.
"""

import argparse
import json
from pathlib import Path

import torch
from torch import Tensor

from ram_sdk import RAMPipeline, RAMScheduler
from ram_sdk.models import DurationConfig, DurationEstimator, FeatureNormalizer, NormalizerConfig
from ram_sdk.models.duration import mean_token
from ram_sdk.scheduler import SchedulerConfig
from ram_sdk.text import TextBackbone
from training.config import TrainingConfig, build
from training.data.folder import MotionTextFolder
from training.dataset import CaptionStates, Clip, pad, read_split
from training.networks import build_objective, text_backbone
from training.train import Trainer

_RIDGE = 1e-2  # of the mean squared feature; keeps rare words from deciding a length


def export(run: Path, data: Path, out: Path) -> RAMPipeline:
    """Write the pipeline folder of a run.

    Args:
        run: folder that `training.train` filled.
        data: the folder that it was trained on.
        out: where the pipeline folder goes; a model card that is there already is kept.

    Returns:
        The pipeline.
    """
    config = build(TrainingConfig, json.loads((run / "config.json").read_text(encoding="utf-8")))
    folder = MotionTextFolder(data)
    skeleton = folder.skeleton
    backbone = text_backbone(config.text_backbone)
    trainer = Trainer(
        config,
        build_objective(config, skeleton.num_features, backbone.config.dim),
        torch.device("cpu"),
    )
    trainer.load(run / "state.pt")
    normalizer = FeatureNormalizer(
        NormalizerConfig(
            skeleton.name, skeleton.num_features, skeleton.fps, config.min_frames, config.max_frames
        )
    )
    normalizer.mean.copy_(torch.from_numpy(folder.mean))
    normalizer.std.copy_(torch.from_numpy(folder.std))
    motion_encoder = trainer.average.motion_encoder
    pipeline = RAMPipeline(
        text_backbone=backbone,
        text_encoder=trainer.average.text_encoder,
        motion_encoder=motion_encoder,
        denoiser=trainer.average.denoiser,
        normalizer=normalizer,
        duration_estimator=fit_duration(
            read_split(folder, "train", config.min_frames), backbone, data / ".captions", skeleton.fps
        ),
        scheduler=RAMScheduler(SchedulerConfig() if motion_encoder else SchedulerConfig(reg_scale=0.0)),
    )
    pipeline.save_pretrained(out)
    return pipeline


def fit_duration(clips: list[Clip], backbone: TextBackbone, cache: Path, fps: float) -> DurationEstimator:
    """Ridge regression of log seconds on the mean token state, in float64."""
    pairs = [(caption, len(clip.features) / fps) for clip in clips for caption in clip.captions]
    states = CaptionStates([caption for caption, _ in pairs], backbone, cache)
    inputs = torch.cat(
        [_mean_states(states, [c for c, _ in pairs[i : i + 512]]) for i in range(0, len(pairs), 512)]
    )
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
    tokens, mask = pad([states[caption] for caption in captions], 1)
    return mean_token(tokens.double(), mask)


def main() -> None:
    """Command line of `python -m training.export`."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--run", type=Path, required=True)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    arguments = parser.parse_args()
    export(arguments.run, arguments.data, arguments.out)


if __name__ == "__main__":
    main()
