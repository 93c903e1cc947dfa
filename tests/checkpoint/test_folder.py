"""Pipeline folders and the Hub: bitwise round trips, the real download path, and every way to be damaged."""

import dataclasses
import json
import pickle
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file
from tiny_pipeline import write_tiny_bert

from ram_sdk import CheckpointError, RAMPipeline
from ram_sdk.checkpoint import SHIPPED, write_json

RUN = {"prompt": "a person jumps", "num_frames": 40, "num_inference_steps": 3, "seed": 1}


def generate(pipeline: RAMPipeline) -> np.ndarray:
    return pipeline(**RUN).motions[0].features


def edit(path, **changes) -> None:
    content = json.loads(path.read_text())
    path.write_text(json.dumps({**content, **changes}))


def test_save_and_load_are_bitwise(pipeline, checkpoint, tmp_path):
    loaded = RAMPipeline.from_pretrained(checkpoint)
    np.testing.assert_array_equal(generate(loaded), generate(pipeline))
    loaded.save_pretrained(tmp_path / "again")
    for path in sorted(checkpoint.rglob("*")):
        if path.is_file():
            assert path.read_bytes() == (tmp_path / "again" / path.relative_to(checkpoint)).read_bytes(), path


def test_folder_layout(checkpoint):
    index = json.loads((checkpoint / "model_index.json").read_text())
    assert index["denoiser"] == ["ram_sdk", "MotionDenoiser"]
    assert index["scheduler"] == ["ram_sdk", "RAMScheduler"]
    motion = json.loads((checkpoint / "config.json").read_text())["motion_representation"]
    assert (motion["skeleton"], motion["num_features"], motion["fps"]) == ("humanml3d", 263, 20.0)
    assert {"mean", "std"} == load_file(checkpoint / "normalizer" / "model.safetensors").keys()
    assert "reg_scale=5" in (checkpoint / "README.md").read_text()


def test_a_card_that_is_there_is_kept(checkpoint, pipeline):
    (checkpoint / "README.md").write_text("my card")
    pipeline.save_pretrained(checkpoint)
    assert (checkpoint / "README.md").read_text() == "my card"


def test_components_can_be_replaced(checkpoint, pipeline):
    other = RAMPipeline.from_pretrained(checkpoint, denoiser=pipeline.denoiser)
    assert other.denoiser is pipeline.denoiser
    with pytest.raises(TypeError, match="there is no argument denoizer"):
        RAMPipeline.from_pretrained(checkpoint, denoizer=pipeline.denoiser)


def test_a_missing_variant_is_no_silent_fallback(checkpoint, pipeline):
    with pytest.raises(
        CheckpointError, match=r"denoiser/model.fp16.safetensors is missing.* has model.safetensors"
    ):
        RAMPipeline.from_pretrained(checkpoint, variant="fp16")
    pipeline.save_pretrained(checkpoint, variant="fp16")
    half = RAMPipeline.from_pretrained(checkpoint, variant="fp16")
    expected = pipeline.denoiser.output_projection.weight.half().float()
    torch.testing.assert_close(half.denoiser.output_projection.weight, expected, rtol=0, atol=0)


def test_networks_are_stored_in_their_precision(checkpoint, tmp_path):
    half = RAMPipeline.from_pretrained(checkpoint, dtype=torch.float16)
    half.save_pretrained(tmp_path / "half")
    weights = load_file(tmp_path / "half" / "denoiser" / "model.safetensors")
    assert {weight.dtype for weight in weights.values()} == {torch.float16}
    statistics = load_file(tmp_path / "half" / "normalizer" / "model.safetensors")
    assert {statistic.dtype for statistic in statistics.values()} == {torch.float32}
    loaded = RAMPipeline.from_pretrained(tmp_path / "half")
    expected = half.denoiser.output_projection.weight.float()
    torch.testing.assert_close(loaded.denoiser.output_projection.weight, expected, rtol=0, atol=0)


@pytest.mark.slow
@pytest.mark.parametrize("name", SHIPPED)
def test_shipped_checkpoints_load_by_name(name, tmp_path, monkeypatch):
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    (tmp_path / name).mkdir()  # a folder of that name does not hide it
    monkeypatch.chdir(tmp_path)
    with pytest.raises(CheckpointError, match=r"holds no model_index\.json"):
        RAMPipeline.from_pretrained(Path(name))
    shipped = RAMPipeline.from_pretrained(name)
    assert shipped.name == name
    assert np.isfinite(generate(shipped)).all()
    shipped.save_pretrained(tmp_path / "mine")
    assert [path.name for path in (tmp_path / "mine" / "text_backbone").iterdir()] == ["backbone.json"]
    again = RAMPipeline.from_pretrained("./mine")
    np.testing.assert_array_equal(generate(again), generate(shipped))


def test_hub_download(hub, checkpoint, pipeline, tmp_path):
    hub.add("acme/ram", checkpoint)
    loaded = RAMPipeline.from_pretrained("acme/ram", cache_dir=tmp_path / "cache")
    np.testing.assert_array_equal(generate(loaded), generate(pipeline))
    assert loaded.name == "acme/ram"


def test_hub_revision_and_variant(hub, checkpoint, pipeline, tmp_path):
    hub.add("acme/ram", checkpoint)
    newer = tmp_path / "newer"
    shutil.copytree(checkpoint, newer)
    edit(newer / "scheduler" / "config.json", reg_scale=2.0)
    pipeline.save_pretrained(newer, variant="fp16")
    edit(newer / "scheduler" / "config.json", reg_scale=2.0)
    commit = hub.add("acme/ram", newer, revision="v2")
    cache = tmp_path / "cache"
    assert RAMPipeline.from_pretrained("acme/ram", cache_dir=cache).scheduler.config.reg_scale == 5.0
    for revision in ("v2", commit):
        loaded = RAMPipeline.from_pretrained("acme/ram", cache_dir=cache, revision=revision, variant="fp16")
        assert loaded.scheduler.config.reg_scale == 2.0
    fetched = [path for path in hub.requests if path.startswith("GET") and commit in path]
    assert any(path.endswith("denoiser/model.fp16.safetensors") for path in fetched)
    assert not any(path.endswith("denoiser/model.safetensors") for path in fetched)
    with pytest.raises(CheckpointError, match="'acme/ram' at revision 'v9' cannot be downloaded"):
        RAMPipeline.from_pretrained("acme/ram", cache_dir=cache, revision="v9")


def test_hub_variant_that_is_not_there(hub, checkpoint, tmp_path):
    hub.add("acme/ram", checkpoint)
    with pytest.raises(CheckpointError, match=r"model.bf16.safetensors"):
        RAMPipeline.from_pretrained("acme/ram", cache_dir=tmp_path / "cache", variant="bf16")


def test_hub_offline(hub, checkpoint, pipeline, tmp_path):
    hub.add("acme/ram", checkpoint)
    cache = tmp_path / "cache"
    with pytest.raises(CheckpointError, match="not in the local cache"):
        RAMPipeline.from_pretrained("acme/ram", cache_dir=cache, local_files_only=True)
    RAMPipeline.from_pretrained("acme/ram", cache_dir=cache)
    hub.requests.clear()
    offline = RAMPipeline.from_pretrained("acme/ram", cache_dir=cache, local_files_only=True)
    np.testing.assert_array_equal(generate(offline), generate(pipeline))
    assert hub.requests == []


def test_hub_repository_that_is_not_there(hub, tmp_path):
    with pytest.raises(CheckpointError, match="'acme/absent' cannot be downloaded"):
        RAMPipeline.from_pretrained("acme/absent", cache_dir=tmp_path)


def test_text_backbone_from_the_hub_by_revision_and_hash(hub, checkpoint, pipeline, tmp_path):
    """As the paper's checkpoints do: only the name, revision and hash of the backbone are stored."""
    backbone = tmp_path / "bert"
    config = dataclasses.replace(write_tiny_bert(backbone), place="hub")
    hub.add(config.name, backbone)
    shutil.rmtree(checkpoint / "text_backbone")
    (checkpoint / "text_backbone").mkdir()
    write_json(checkpoint / "text_backbone" / "backbone.json", dataclasses.asdict(config))
    cache = tmp_path / "cache"
    loaded = RAMPipeline.from_pretrained(checkpoint, cache_dir=cache)
    np.testing.assert_array_equal(generate(loaded), generate(pipeline))
    loaded.save_pretrained(tmp_path / "again")
    assert [path.name for path in (tmp_path / "again" / "text_backbone").iterdir()] == ["backbone.json"]

    edit(checkpoint / "text_backbone" / "backbone.json", sha256="0" * 64)
    with pytest.raises(CheckpointError, match=r"have sha256 .*, expected 000000000000"):
        RAMPipeline.from_pretrained(checkpoint, cache_dir=cache)


def test_push_to_hub(hub, pipeline):
    address = pipeline.push_to_hub("acme/mine", token="hf_good")
    assert address.startswith(hub.endpoint)
    uploaded = hub.uploads["acme/mine"]
    assert {"README.md", "model_index.json", "config.json", "denoiser/model.safetensors"} <= uploaded.keys()
    assert b"library_name: ram_sdk" in uploaded["README.md"]
    assert not any(name.endswith((".pt", ".bin", ".pkl")) for name in uploaded)


def test_push_without_permission(pipeline):
    with pytest.raises(CheckpointError, match="'acme/mine' cannot be uploaded"):
        pipeline.push_to_hub("acme/mine", token="hf_bad")


def test_sources_that_are_no_checkpoint(tmp_path):
    pickled = tmp_path / "model.pt"
    pickled.write_bytes(pickle.dumps({"weights": 1}))
    with pytest.raises(CheckpointError, match=r"is a file: a checkpoint is a folder .*pickles"):
        RAMPipeline.from_pretrained(pickled)
    with pytest.raises(CheckpointError, match=r"holds no model_index\.json"):
        RAMPipeline.from_pretrained(tmp_path)
    with pytest.raises(CheckpointError, match=r"no checkpoint at '\./absent/folder'"):
        RAMPipeline.from_pretrained("./absent/folder")
    with pytest.raises(CheckpointError, match=r"no checkpoint at 'open-tiny': give .*'open-small', a folder"):
        RAMPipeline.from_pretrained("open-tiny")


def damage_truncate(folder):
    path = folder / "denoiser" / "model.safetensors"
    path.write_bytes(path.read_bytes()[:-1000])


def damage_garbage(folder):
    (folder / "denoiser" / "model.safetensors").write_bytes(b"\x80\x04pickle")


def damage_shape(folder):
    edit(folder / "denoiser" / "config.json", feedforward=64)


def damage_missing_weight(folder):
    path = folder / "text_encoder" / "model.safetensors"
    weights = load_file(path)
    del weights["token"]
    save_file(weights, path)


def damage_extra_weight(folder):
    path = folder / "text_encoder" / "model.safetensors"
    save_file({**load_file(path), "extra": torch.zeros(1)}, path)


def damage_nan(folder):
    path = folder / "normalizer" / "model.safetensors"
    save_file({**load_file(path), "std": torch.full((263,), torch.nan)}, path)


def damage_old_nan(folder):
    """In a checkpoint without checksums."""
    index = json.loads((folder / "model_index.json").read_text())
    del index["_sha256"]
    write_json(folder / "model_index.json", index)
    damage_nan(folder)


def damage_file(folder):
    (folder / "motion_encoder" / "model.safetensors").unlink()


def damage_json(folder):
    (folder / "motion_encoder" / "config.json").write_text("{")


def damage_key(folder):
    edit(folder / "motion_encoder" / "config.json", latent=4)


def damage_class(folder):
    edit(folder / "model_index.json", denoiser=["os", "system"])


def damage_backbone(folder):
    path = folder / "text_backbone" / "model.safetensors"
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)


def damage_place(folder):
    edit(folder / "text_backbone" / "backbone.json", place="https://elsewhere")


def damage_scheduler(folder):
    edit(folder / "scheduler" / "config.json", sampler="euler")


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (damage_truncate, "denoiser/model.safetensors is damaged or not a safetensors file"),
        (damage_garbage, "denoiser/model.safetensors is damaged or not a safetensors file"),
        (damage_shape, r"denoiser/model.safetensors does not fit its config.json: .* 6 of another shape"),
        (damage_missing_weight, r"text_encoder/.*: 1 weights missing.*\(token is missing\)"),
        (damage_extra_weight, r"text_encoder/.* 1 unknown.*\(extra is not part of the network\)"),
        (damage_nan, "normalizer/model.safetensors is damaged: its sha256"),
        (damage_old_nan, "normalizer/model.safetensors holds NaN or infinite values in std"),
        (damage_file, "motion_encoder/model.safetensors is missing"),
        (damage_json, "motion_encoder/config.json: not valid JSON"),
        (damage_key, "motion_encoder/config.json: unknown key latent: did you mean latent_dim"),
        (damage_class, r"model_index.json says denoiser is \['os', 'system'\]"),
        (damage_backbone, r"the text backbone acme/tiny-bert have sha256"),
        (damage_place, "text_backbone/backbone.json: place 'https://elsewhere': expected 'folder'"),
        (damage_scheduler, "scheduler/config.json: sampler 'euler'"),
    ],
)
def test_damaged_folders_are_refused_in_one_line(checkpoint, damage, message):
    damage(checkpoint)
    with pytest.raises(CheckpointError, match=message) as caught:
        RAMPipeline.from_pretrained(checkpoint)
    assert "\n" not in str(caught.value)
