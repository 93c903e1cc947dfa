"""Fitting E_t alone."""

from pathlib import Path

import torch

from ram_sdk import RAMPipeline
from tests.training.tiny_training import CONFIGS, SMALL
from training.commands.runner import main

FAST = [*SMALL, "max_steps=60", "captions_per_clip=3", "optimizer.learning_rate=3e-3"]


def _fit(checkpoint: Path, data: Path, out: Path) -> int:
    config = str(CONFIGS / "tiny.yaml")
    words = ["--checkpoint", str(checkpoint), "--config", config, "--data", str(data), "--out", str(out)]
    return main(["fit-text", *words, "--device", "cpu", *FAST])


def test_only_the_text_encoder_changes_and_it_comes_closer(checkpoint, data, tmp_path, capsys):
    assert _fit(checkpoint, data, tmp_path / "fitted") == 0
    words = capsys.readouterr().out.splitlines()[-1].split()
    before, after = float(words[1]), float(words[9])
    assert after < 0.8 * before
    old, new = (RAMPipeline.from_pretrained(folder) for folder in (checkpoint, tmp_path / "fitted"))
    for name in ("denoiser", "motion_encoder", "duration_estimator", "normalizer"):
        torch.testing.assert_close(
            getattr(new, name).state_dict(), getattr(old, name).state_dict(), rtol=0.0, atol=0.0
        )
    moved = [
        float((weight - old.text_encoder.state_dict()[key]).abs().max())
        for key, weight in new.text_encoder.state_dict().items()
    ]
    assert max(moved) > 1e-3


def test_what_exists_is_not_replaced(checkpoint, data, tmp_path, capsys):
    (tmp_path / "there").mkdir()
    assert _fit(checkpoint, data, tmp_path / "there") == 2
    assert "it exists; name a new folder" in capsys.readouterr().err
    assert not list((tmp_path / "there").iterdir())


def test_a_checkpoint_without_a_motion_branch_is_refused(pipeline, data, tmp_path, capsys):
    parts = {**pipeline.components, "motion_encoder": None}
    RAMPipeline(**parts).save_pretrained(tmp_path / "plain")
    assert _fit(tmp_path / "plain", data, tmp_path / "out") == 2
    assert "needs a text encoder and a motion encoder" in capsys.readouterr().err
