"""Configurations of checkpoints: every type, bound and key is checked before anything is built."""

import json
import os

import pytest
import torch
from safetensors.torch import load_file, save_file

from ram_sdk import CheckpointError, RAMPipeline
from ram_sdk.checkpoint import SHIPPED, write_json
from ram_sdk.checkpoint.configs import parse
from ram_sdk.scheduler import SchedulerConfig


def edit(path, **changes) -> None:
    write_json(path, {**json.loads(path.read_text()), **changes})


@pytest.mark.parametrize(
    ("part", "key", "value", "expected"),
    [
        ("denoiser", "num_layers", 10**9, "num_layers 1000000000: expected at most 128"),
        ("denoiser", "num_layers", "8", "num_layers '8': expected a whole number"),
        ("denoiser", "num_layers", 0, "num_layers 0: expected at least 1"),
        ("denoiser", "num_heads", 0, "num_heads 0: expected at least 1"),
        ("denoiser", "num_heads", 5, "width 32: expected an even multiple of num_heads 5"),
        ("denoiser", "width", -1, "width -1: expected at least 1"),
        ("denoiser", "width", 100_000, "width 100000: expected at most 16384"),
        ("denoiser", "width", True, "width True: expected a whole number"),
        ("denoiser", "width", 10**400, "width .*: expected at most 16384"),
        ("denoiser", "feedforward", [1, 2], r"feedforward \[1, 2\]: expected a whole number"),
        ("denoiser", "feedforward", {"a": 1}, "feedforward .*: expected a whole number"),
        ("denoiser", "dropout", float("nan"), "dropout nan: expected"),
        ("denoiser", "dropout", 1.0, "dropout 1.0: expected less than 1"),
        ("denoiser", "num_features", 251, "the width of features: .*num_features 251"),
        ("denoiser", "widht", 3, "unknown key widht: did you mean width"),
        ("motion_encoder", "input_dim", None, "input_dim None: expected a whole number"),
        ("motion_encoder", "latent_dim", 32, "the width of the latent: .*motion_encoder latent_dim 32"),
        ("text_encoder", "input_dim", 48, "the width of token states: .*text_encoder 48"),
        ("normalizer", "num_features", 10**9, "num_features 1000000000: expected at most 16384"),
        ("normalizer", "num_features", 251, "num_features 251: expected 263 for humanml3d"),
        ("normalizer", "fps", "8", "fps '8': expected a number"),
        ("normalizer", "fps", 0.0, "fps 0.0: expected more than 0"),
        ("normalizer", "max_frames", -1, "max_frames -1: expected at least 1"),
        ("normalizer", "max_frames", 10, "max_frames 10: expected at least min_frames 40"),
        ("normalizer", "skeleton", "smpl", "skeleton 'smpl': expected 'humanml3d' or 'kit-ml'"),
        ("duration_estimator", "text_dim", 10**9, "text_dim 1000000000: expected at most 16384"),
        ("scheduler", "reg_timesteps", 0, "reg_timesteps 0: expected a list"),
        ("scheduler", "reg_timesteps", ["49"], "reg_timesteps.0 '49': expected a whole number"),
        ("scheduler", "reg_timesteps", [48], r"reg_timesteps \[48\] are not in the schedule"),
        ("scheduler", "reg_scale", float("inf"), "reg_scale inf: expected a finite number"),
        ("scheduler", "num_train_timesteps", 10**6, "num_train_timesteps 1000000: expected at most 5000"),
    ],
)
def test_values_are_refused_with_their_key(checkpoint, part, key, value, expected):
    edit(checkpoint / part / "config.json", **{key: value})
    with pytest.raises(CheckpointError, match=expected) as caught:
        RAMPipeline.from_pretrained(checkpoint)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 400


@pytest.mark.parametrize(
    ("key", "value"),
    [("sha256", [5]), ("sha256", "short"), ("dim", 10**9), ("dim", "32"), ("place", "elsewhere"), ("name", 5),
     ("name", "x" * 10_000), ("revision", None)],
)  # fmt: skip
def test_text_backbones_are_named_by_sound_values(checkpoint, key, value):
    edit(checkpoint / "text_backbone" / "backbone.json", **{key: value})
    with pytest.raises(CheckpointError, match=rf"text_backbone/backbone.json: {key} "):
        RAMPipeline.from_pretrained(checkpoint)


@pytest.mark.parametrize("file", ["model_index.json", "denoiser/config.json", "text_backbone/config.json"])
@pytest.mark.parametrize(
    "content",
    [b'{"num_layers": ' + b"[" * 5000 + b"]" * 5000 + b"}", b"[" * 100_000, b'{"a": ' * 5000, b"", b"[]",
     b'{"a": "\xff"}', b"<html>404</html>", b'{"num_layers": ' + b"9" * 5000 + b"}", b" " * (2 << 20)],
)  # fmt: skip
def test_json_of_any_kind_is_read_or_refused(checkpoint, file, content):
    (checkpoint / file).write_bytes(content)
    with pytest.raises(CheckpointError, match=file.replace("model_index", ".*model_index")) as caught:
        RAMPipeline.from_pretrained(checkpoint)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("kind", ["pipe", "device", "folder", "loop"])
@pytest.mark.parametrize(
    "file", ["denoiser/config.json", "denoiser/model.safetensors", "text_backbone/tokenizer.json"]
)
def test_only_regular_files_are_read(checkpoint, file, kind):
    path = checkpoint / file
    path.unlink()
    if kind == "pipe":
        os.mkfifo(path)
    elif kind == "folder":
        path.mkdir()
    else:
        path.symlink_to("/dev/zero" if kind == "device" else path)
    with pytest.raises(CheckpointError, match=rf"{file} is (not a regular file|missing)"):
        RAMPipeline.from_pretrained(checkpoint)


@pytest.mark.parametrize("file", ["model_index.json", "denoiser/config.json", "text_backbone/tokenizer.json"])
def test_files_of_any_size_take_no_memory(checkpoint, file):
    """The system makes such a file in no time, and gives no end of zeros."""
    path = checkpoint / file
    with path.open("wb") as sparse:
        sparse.truncate(1 << 40)
    with pytest.raises(CheckpointError, match=rf"{path.name} has 1,099,511,627,776 bytes: expected at most"):
        RAMPipeline.from_pretrained(checkpoint)


@pytest.mark.parametrize("part", ["denoiser", "text_backbone"])
def test_weights_of_any_size_are_refused_before_they_are_hashed(checkpoint, part):
    with (checkpoint / part / "model.safetensors").open("wb") as sparse:
        sparse.truncate(1 << 40)
    with pytest.raises(
        CheckpointError, match=rf"{part}/model.safetensors is damaged or not a safetensors file"
    ):
        RAMPipeline.from_pretrained(checkpoint)


def test_sizes_are_compared_with_the_weights_before_memory_is_taken(checkpoint):
    """16,384 is allowed, but these weights are not of it: 128 such layers would be terabytes."""
    sizes = {"width": 16_384, "feedforward": 16_384, "num_layers": 128}
    edit(checkpoint / "denoiser" / "config.json", **sizes)
    with pytest.raises(CheckpointError, match=r"denoiser/model\.safetensors does not fit its config\.json"):
        RAMPipeline.from_pretrained(checkpoint)


def test_reg_timesteps_are_written_and_read(checkpoint, tmp_path):
    edit(checkpoint / "scheduler" / "config.json", reg_timesteps=[49, 46, 3])
    loaded = RAMPipeline.from_pretrained(checkpoint)
    loaded.save_pretrained(tmp_path / "again")
    again = RAMPipeline.from_pretrained(tmp_path / "again")
    assert again.scheduler.config.reg_timesteps == (49, 46, 3)
    assert parse(SchedulerConfig, "{}") == SchedulerConfig()


@pytest.mark.slow
def test_default_dtype_changes_nothing(checkpoint):
    expected = RAMPipeline.from_pretrained(checkpoint)
    motion = expected("a person jumps", num_frames=40, num_inference_steps=3, seed=1).motions[0]
    shipped = RAMPipeline.from_pretrained(next(iter(SHIPPED)))
    torch.set_default_dtype(torch.float64)
    try:
        loaded = RAMPipeline.from_pretrained(checkpoint)
        again = loaded("a person jumps", num_frames=40, num_inference_steps=3, seed=1).motions[0]
        in_double = RAMPipeline.from_pretrained(next(iter(SHIPPED)))
    finally:
        torch.set_default_dtype(torch.float32)
    for pipeline in (loaded, in_double):
        networks = [pipeline.denoiser, pipeline.text_encoder, pipeline.motion_encoder, pipeline.normalizer]
        for network in (*networks, pipeline.duration_estimator, pipeline.text_backbone.model):
            tensors = (*network.parameters(), *network.buffers())
            assert {t.dtype for t in tensors if t.is_floating_point()} == {torch.float32}
    for name, weight in shipped.denoiser.transformer.named_buffers():
        torch.testing.assert_close(in_double.denoiser.transformer.get_buffer(name), weight, rtol=0, atol=0)
    assert abs(again.joints - motion.joints).max() < 1e-5


@pytest.mark.parametrize("device", ["cuda:99", "tpu", "foo", "", "meta", "CPU", "privateuseone", "cuda:-1"])
def test_devices_that_are_not_there_are_refused_before_loading(tmp_path, device):
    with pytest.raises(ValueError, match=f"device '{device}': this machine has cpu"):
        RAMPipeline.from_pretrained(tmp_path / "absent", device=device)


def test_a_weight_of_another_shape_is_named(checkpoint):
    path = checkpoint / "duration_estimator" / "model.safetensors"
    save_file({**load_file(path), "projection.bias": torch.zeros(7)}, path)
    with pytest.raises(CheckpointError, match=r"projection.bias is \(7,\), config.json asks for \(1,\)"):
        RAMPipeline.from_pretrained(checkpoint)
