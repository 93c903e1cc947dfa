"""AdamW alone, or Muon for the matrices of the transformer layers beside it."""

import shutil

import pytest
import torch

from tests.training.tiny_training import config
from training.config import OptimizerConfig
from training.loop import train
from training.networks import build_objective
from training.run_folder import RunFolder
from training.trainer import make_optimizers

MUON = ("optimizer.muon=true", "max_steps=12", "log_every=1", "save_every=4", "keep_checkpoints=9")


def test_muon_takes_the_matrices_of_the_layers_alone():
    objective = build_objective(config(), 263, 384)
    objective.motion_encoder.requires_grad_(False)
    adamw, muon = make_optimizers(objective, OptimizerConfig(muon=True, learning_rate=1e-3))
    taken, left = (
        {id(one) for group in chosen.param_groups for one in group["params"]} for chosen in (muon, adamw)
    )
    names = {id(one): name for name, one in objective.named_parameters() if one.requires_grad}
    assert taken | left == set(names)
    assert not taken & left
    matrices = ("query_key_value", "attention_output", "feedforward_input", "feedforward_output")
    assert {names[one] for one in taken} == {
        name for name in names.values() if name.endswith(tuple(f"{m}.weight" for m in matrices))
    }
    assert len(make_optimizers(objective, OptimizerConfig())) == 1


def test_a_run_with_muon_learns_resumes_and_stays_one(data, tmp_path):
    run = tmp_path / "run"
    train(config(*MUON), data, run, cpu=True)
    lines = RunFolder(run).read_log("train")
    assert lines[-1]["reconstruction"] < lines[0]["reconstruction"]
    again = tmp_path / "again"
    shutil.copytree(run, again)
    for step in (8, 12):
        (again / "checkpoints" / f"step-{step}.pt").unlink()
    train(config(*MUON), data, again, cpu=True)
    for key, weight in RunFolder(run).newest()["objective"].items():
        assert torch.equal(weight, RunFolder(again).newest()["objective"][key]), key
    with pytest.raises(ValueError, match="a run of another optimizer"):
        train(config(*MUON, "optimizer.muon=false", "max_steps=20"), data, run, cpu=True)
