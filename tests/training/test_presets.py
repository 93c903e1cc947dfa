"""The paper's configurations as literal numbers (section 4.2): no default may move unseen."""

import dataclasses
from typing import Any

import pytest
import torch

from tests.training.tiny_training import CONFIGS
from training.config import load_config
from training.networks import build_objective

DISTILBERT_WIDTH = 768
HUMANML3D: dict[str, Any] = {
    "text_backbone": "distilbert",
    "min_frames": 40,
    "max_frames": 196,
    "batch_size": 64,
    "accumulation": 1,
    "bucketing": False,
    "balance": 0.0,
    "emphasis": {},
    "max_steps": 450_000,
    "precision": "fp32",
    "model": {
        "text_encoder": "transformer",
        "latent_dim": 256,
        "dropout": 0.1,
        "denoiser_width": 512,
        "denoiser_feedforward": 1024,
        "denoiser_layers": 8,
        "encoder_feedforward": 1024,
        "encoder_layers": 6,
        "num_heads": 4,
    },
    "objective": {
        "reconstruction": 1.0,
        "alignment": 1.0,
        "alignment_reduction": "mean",
        "self_regularization": 0.5,
        "contrastive": 0.0,
        "beta": 0.01,
        "temperature": 1.0,
        "contrastive_temperature": 0.1,
        "null_probability": 0.1,
        "noisy_share": 0.0,
    },
    "optimizer": {
        "learning_rate": 1e-4,
        "muon": False,
        "weight_decay": 0.01,
        "warmup_steps": 0,
        "cosine_decay": False,
        "clip_norm": 1.0,
        "ema_decay": 0.9999,
    },
    "sampling": {
        "num_train_timesteps": 50,
        "signal_scale": 1.0,
        "num_inference_steps": 20,
        "sampler": "ddpm",
        "timestep_spacing": "linear",
        "reg_scale": 5.0,
        "cfg_scale": 1.5,
        "reg_timesteps": None,
        "strength": 1.0,
    },
}
KIT = HUMANML3D | {
    "min_frames": 24,
    "max_steps": 400_000,
    "model": HUMANML3D["model"] | {"latent_dim": 192},
}


@pytest.mark.parametrize(("name", "expected"), [("humanml3d", HUMANML3D), ("kit", KIT)])
def test_preset_is_the_papers(name, expected):
    values = dataclasses.asdict(load_config(CONFIGS / f"{name}.yaml"))
    assert {key: values[key] for key in expected} == expected


@pytest.mark.parametrize(
    ("name", "features", "millions"),
    [("humanml3d", 263, (17.75, 4.81, 4.94)), ("kit", 251, (17.70, 3.31, 3.41))],
)
def test_networks_of_a_preset_have_the_papers_depths_and_sizes(name, features, millions):
    objective = build_objective(load_config(CONFIGS / f"{name}.yaml"), features, DISTILBERT_WIDTH)
    networks = (objective.denoiser, objective.motion_encoder, objective.text_encoder)
    assert [len(network.transformer.layers) for network in networks] == [8, 6, 6]
    sizes = [sum(weight.numel() for weight in network.parameters()) / 1e6 for network in networks]
    torch.testing.assert_close(torch.tensor(sizes), torch.tensor(millions), atol=0.006, rtol=0)
    timesteps = [49, 46, 44, 41, 39, 36, 34, 31, 28, 26, 23, 21, 18, 15, 13, 10, 8, 5, 3, 0]
    assert list(objective.scheduler.timesteps) == timesteps
