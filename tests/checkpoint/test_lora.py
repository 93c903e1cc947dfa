"""LoRAs on a pipeline: exact to load, scale and remove, peft's own files, and refused on another base."""

import copy
import json
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors import safe_open
from safetensors.torch import load_file, save_file

from ram_sdk import Motion, RAMPipeline
from ram_sdk.checkpoint import CheckpointError, lora
from ram_sdk.cli import main
from tests.tiny_pipeline import objective_of
from training.lora import add_lora, save_lora
from training.objective import RAMObjective

pytestmark = pytest.mark.slow

PROMPT = "a person jumps"


@pytest.fixture
def pipe(checkpoint) -> RAMPipeline:
    return RAMPipeline.from_pretrained(checkpoint)


@pytest.fixture
def trained(pipe, tmp_path) -> tuple[RAMObjective, Path]:
    """An objective with a LoRA whose weights are not zero, and the folder that it was saved in."""
    objective = objective_of(pipe)
    add_lora(objective, 4, 0, pipe.name)
    torch.manual_seed(2)
    with torch.no_grad():
        for name, weight in objective.named_parameters():
            if "lora_B" in name:
                weight.normal_(std=0.1)
    save_lora(objective, 4, pipe, tmp_path / "lora")
    return objective.eval(), tmp_path / "lora"


@pytest.fixture
def folder(trained) -> Path:
    return trained[1]


def features(pipe: RAMPipeline) -> np.ndarray:
    return pipe(PROMPT, 40, num_inference_steps=3, seed=1, output_type="features").motions[0].numpy()


def test_removing_restores_every_bit(pipe, folder):
    before = features(pipe)
    pipe.load_lora(folder)
    with_lora = features(pipe)
    assert np.abs(with_lora - before).max() > 0.01
    pipe.set_lora_scale(0.5)
    assert not np.array_equal(features(pipe), with_lora)
    pipe.set_lora_scale(0.0)
    np.testing.assert_array_equal(features(pipe), before)
    pipe.set_lora_scale(1.0)
    np.testing.assert_array_equal(features(pipe), with_lora)
    pipe.unload_lora()
    np.testing.assert_array_equal(features(pipe), before)


def test_removing_restores_every_bit_after_a_change_of_precision(pipe, folder, checkpoint):
    pipe.load_lora(folder, 0.7)
    pipe.to(dtype=torch.float16)
    pipe.unload_lora()
    half = RAMPipeline.from_pretrained(checkpoint, dtype=torch.float16)
    for name in lora.NETWORKS:
        for here, there in zip(
            getattr(pipe, name).parameters(), getattr(half, name).parameters(), strict=True
        ):
            assert torch.equal(here, there)


def test_gives_what_peft_gives(pipe, trained):
    """The networks with peft's layers inside, and a copy into which peft itself loads the files."""
    from peft import PeftModel

    objective, folder = trained
    torch.manual_seed(0)
    x_t, latent, step = torch.randn(2, 40, 263), torch.randn(2, 16), torch.tensor([3, 30])
    pipe.load_lora(folder)
    with torch.no_grad():
        ours = pipe.denoiser(x_t, step, latent)
        torch.testing.assert_close(ours, objective.denoiser(x_t, step, latent), atol=1e-5, rtol=0)
        pipe.unload_lora()
        theirs = PeftModel.from_pretrained(objective_of(pipe), str(folder)).base_model.model
        torch.testing.assert_close(ours, theirs.denoiser(x_t, step, latent), atol=1e-5, rtol=0)
        torch.testing.assert_close(
            theirs.motion_encoder(x_t), objective.motion_encoder(x_t), atol=1e-5, rtol=0
        )


def test_every_network_is_changed(pipe, folder):
    before = {name: copy.deepcopy(getattr(pipe, name).state_dict()) for name in lora.NETWORKS}
    pipe.load_lora(folder)
    for name, weights in before.items():
        after = getattr(pipe, name).state_dict()
        changed = {key for key, weight in weights.items() if not weight.equal(after[key])}
        matrices = {key for key, weight in weights.items() if weight.dim() == 2}
        assert changed == {key for key in matrices if "timestep_embedding" not in key}


def test_settings_name_the_lora(pipe, folder):
    assert "lora" not in pipe(PROMPT, 40, num_inference_steps=1).motions[0].settings
    pipe.load_lora(folder, 0.5)
    settings = pipe(PROMPT, 40, num_inference_steps=1).motions[0].settings
    assert (settings["lora"], settings["lora_scale"]) == (str(folder), 0.5)


def test_command_line_takes_a_lora(pipe, checkpoint, folder, tmp_path):
    made = tmp_path / "jump.npz"
    options = [
        "--duration",
        "2",
        "--steps",
        "3",
        "--seed",
        "1",
        "--checkpoint",
        str(checkpoint),
        "-o",
        str(made),
    ]
    assert main(["generate", PROMPT, *options, "--lora", str(folder), "--lora-scale", "0.5"]) == 0
    pipe.load_lora(folder, 0.5)
    np.testing.assert_array_equal(Motion.load(made).features, features(pipe))


def test_a_saved_pipeline_holds_its_lora(pipe, folder, tmp_path):
    pipe.load_lora(folder)
    pipe.save_pretrained(tmp_path / "merged")
    np.testing.assert_array_equal(features(RAMPipeline.from_pretrained(tmp_path / "merged")), features(pipe))


def test_half_precision_copy_of_the_base_is_recognised(pipe, folder, tmp_path):
    pipe.save_pretrained(tmp_path / "both")
    pipe.save_pretrained(tmp_path / "both", variant="fp16")
    for options in ({"variant": "fp16"}, {"dtype": torch.float16}):
        half = RAMPipeline.from_pretrained(tmp_path / "both", **options)
        half.load_lora(folder)
        assert half.lora.scale == 1.0
    with pytest.raises(ValueError, match="load it before"):
        RAMPipeline.from_pretrained(tmp_path / "both", dtype=torch.bfloat16).load_lora(folder)


def test_loads_from_the_hub(pipe, folder, hub, tmp_path):
    hub.add("studio/capoeira", folder)
    pipe.load_lora("studio/capoeira", cache_dir=tmp_path / "cache")
    assert pipe.lora.name == "studio/capoeira"
    fetched = {request.rsplit("/", 1)[-1] for request in hub.requests if "/resolve/" in request}
    assert fetched == {lora.CONFIG, lora.WEIGHTS}


def test_refuses_another_base(pipe, folder):
    with torch.no_grad():
        pipe.text_encoder.token += 0.01
    pipe.name = "another"
    with pytest.raises(
        CheckpointError, match=r"was made on the checkpoint .*, and text_encoder of 'another' are"
    ):
        pipe.load_lora(folder)
    assert pipe.lora is None


def test_warns_where_the_base_is_not_named(pipe, folder):
    save_file(load_file(folder / lora.WEIGHTS), folder / lora.WEIGHTS)
    with pytest.warns(UserWarning, match="does not say which checkpoint"):
        pipe.load_lora(folder)


def rewrite(folder: Path, **changes) -> None:
    config = json.loads((folder / lora.CONFIG).read_text())
    (folder / lora.CONFIG).write_text(json.dumps(config | changes))


LAYER = f"{lora.PREFIX}denoiser.transformer.layers.0.attention_output"


def replace_weight(folder: Path, key: str, weight: torch.Tensor) -> None:
    """Put `weight` in the place of matrix A of one layer."""
    with safe_open(folder / lora.WEIGHTS, "pt") as file:
        header, weights = file.metadata(), {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    del weights[f"{LAYER}.lora_A.weight"]
    save_file(weights | {key: weight}, folder / lora.WEIGHTS, header)


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda f: rewrite(f, use_dora=True), "use_dora is True: only LoRAs with False"),
        (lambda f: rewrite(f, peft_type="IA3"), "peft_type is 'IA3'"),
        (lambda f: rewrite(f, r=0), "r 0, lora_alpha 4: expected positive"),
        (lambda f: (f / lora.WEIGHTS).unlink(), "adapter_model.safetensors is missing"),
        (lambda f: (f / lora.WEIGHTS).write_bytes(b"no"), "damaged or not a safetensors file"),
        (lambda f: (f / lora.CONFIG).unlink(), "holds no adapter_config.json: it is not a RAM LoRA folder"),
        (lambda f: replace_weight(f, f"{LAYER}.lora_A.weight", torch.ones(4, 31)),
         r"A \(4, 31\) and B \(32, 4\) of denoiser.* belongs to a checkpoint of another size"),
        (lambda f: replace_weight(f, f"{LAYER}.lora_A.weight", torch.full((4, 32), torch.nan)),
         "NaN or infinite values in denoiser"),
        (lambda f: replace_weight(f, f"{lora.PREFIX}decoder.lora_A.weight", torch.ones(4, 32)),
         "changes decoder, which is not a linear layer of this pipeline"),
        (lambda f: replace_weight(f, f"{LAYER}.bias", torch.ones(32)), "attention_output.bias: expected"),
    ],
)  # fmt: skip
def test_says_what_is_wrong(pipe, folder, damage, message):
    before = features(pipe)
    damage(folder)
    with pytest.raises(CheckpointError, match=message):
        pipe.load_lora(folder)
    assert pipe.lora is None
    np.testing.assert_array_equal(features(pipe), before)


def test_misuse_is_told(pipe, folder):
    with pytest.raises(ValueError, match="no LoRA is loaded"):
        pipe.set_lora_scale(1.0)
    with pytest.raises(ValueError, match="no LoRA is loaded"):
        pipe.unload_lora()
    with pytest.raises(ValueError, match="expected a finite number"):
        pipe.load_lora(folder, float("nan"))
    with pytest.raises(CheckpointError, match=r"no LoRA at '\./absent'"):
        pipe.load_lora("./absent")
    pipe.load_lora(folder)
    with pytest.raises(ValueError, match=r"is loaded already: call unload_lora\(\)"):
        pipe.load_lora(folder)
