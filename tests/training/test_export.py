"""What an export takes from a run."""

import pytest
import torch
from safetensors.torch import load_file

from tests.training.tiny_training import config
from training.export import export
from training.loop import train
from training.run_folder import RunFolder


@pytest.mark.slow
def test_export_takes_the_averaged_weights(data, tmp_path):
    train(
        config("max_steps=3", "save_every=3", "optimizer.learning_rate=1e-2"),
        data,
        tmp_path / "run",
        cpu=True,
    )
    state = RunFolder(tmp_path / "run").newest()
    export(tmp_path / "run", data, tmp_path / "pipeline")
    for network in ("denoiser", "motion_encoder", "text_encoder"):
        exported = load_file(tmp_path / "pipeline" / network / "model.safetensors")
        for name, weight in exported.items():
            assert torch.equal(weight, state["average"][f"{network}.{name}"]), name
        raw = (state["objective"][f"{network}.{name}"] for name in exported)
        assert max(float((a - b).abs().max()) for a, b in zip(raw, exported.values(), strict=True)) > 1e-4
