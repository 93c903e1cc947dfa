"""The networks and the text backbone of a training configuration."""

import torch
from torch import Tensor

from ram_sdk import RAMPipeline
from ram_sdk.checkpoint import load_text_backbone, shipped_text_backbone
from ram_sdk.checkpoint.lora import NETWORKS
from ram_sdk.models import (
    DenoiserConfig,
    EncoderConfig,
    MotionDenoiser,
    MotionEncoder,
    TextEncoder,
    TokenMean,
    TokenMeanConfig,
)
from ram_sdk.models.text_backbone import DISTILBERT, TextBackbone
from ram_sdk.scheduler import RAMScheduler
from training.config import TrainingConfig
from training.objective import RAMObjective


def build_objective(config: TrainingConfig, num_features: int, text_dim: int) -> RAMObjective:
    """Build the networks of a configuration, initialised from its seed.

    Args:
        config: of the run.
        num_features: motion features per frame.
        text_dim: width of the text backbone's token states.

    Raises:
        ValueError: the pooled text encoder together with a motion branch.
    """
    torch.manual_seed(config.seed)
    model = config.model
    pooled = model.text_encoder == "pooled"
    if pooled and config.objective.reconstruction:
        raise ValueError(
            "model.text_encoder=pooled has no latent for a motion branch: use objective.reconstruction=0"
        )

    def encoder(input_dim: int) -> EncoderConfig:
        return EncoderConfig(
            input_dim=input_dim,
            latent_dim=model.latent_dim,
            feedforward=model.encoder_feedforward,
            num_layers=model.encoder_layers,
            num_heads=model.num_heads,
            dropout=model.dropout,
        )

    denoiser = DenoiserConfig(
        num_features=num_features,
        latent_dim=text_dim if pooled else model.latent_dim,
        width=model.denoiser_width,
        feedforward=model.denoiser_feedforward,
        num_layers=model.denoiser_layers,
        num_heads=model.num_heads,
        dropout=model.dropout,
    )
    return RAMObjective(
        MotionDenoiser(denoiser),
        MotionEncoder(encoder(num_features)) if config.objective.reconstruction else None,
        TokenMean(TokenMeanConfig(text_dim)) if pooled else TextEncoder(encoder(text_dim)),
        RAMScheduler(config.sampling),
        config.objective,
    )


def load_weights(objective: RAMObjective, checkpoint: str, mean: Tensor, std: Tensor) -> None:
    """Load the weights of a pipeline into an objective's networks.

    Args:
        objective: has networks of the same kinds and sizes.
        checkpoint: name of a shipped checkpoint, pipeline folder or Hub repository.
        mean: of the features that the objective will be trained on.
        std: likewise.

    Raises:
        ValueError: the pipeline's networks or the statistics of its features differ.
    """
    pipeline = RAMPipeline.from_pretrained(checkpoint)
    normalizer = pipeline.normalizer
    for ours, theirs in ((mean, normalizer.mean), (std, normalizer.std)):
        if ours.shape != theirs.shape or not torch.allclose(ours, theirs, rtol=1e-3, atol=1e-5):
            raise ValueError(
                f"{checkpoint} was trained with other feature statistics than the data's: write those of its "
                "normalizer to the data's Mean.npy and Std.npy, or train without initial_checkpoint"
            )
    for name in NETWORKS:
        network, given = getattr(objective, name), getattr(pipeline, name)
        shapes, given_shapes = (
            {key: weight.shape for key, weight in module.state_dict().items()} if module else {}
            for module in (network, given)
        )
        if shapes != given_shapes:
            raise ValueError(
                f"initial_checkpoint={checkpoint}: the sizes of its {name.replace('_', ' ')} differ from the "
                "configuration's model; make them equal"
            )
        if network:
            network.load_state_dict(given.state_dict())


def text_backbone(name: str) -> TextBackbone:
    """The frozen text backbone that a configuration names."""
    return load_text_backbone(DISTILBERT) if name == "distilbert" else shipped_text_backbone()
