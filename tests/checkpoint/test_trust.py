"""What checkpoints of other people may not do: run code, load odd weights, be damaged without a word."""

import builtins
import hashlib
import json
import os
import stat
import subprocess
import sys

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

from ram_sdk import CheckpointError, Motion, RAMPipeline
from ram_sdk.checkpoint import SHIPPED, add_component, write_json
from ram_sdk.models import Matcher, MatcherConfig
from ram_sdk.search import MotionIndex
from tests.synthetic_motion import natural_poses
from tests.tiny_pipeline import objective_of
from training.lora import add_lora, save_lora

pytestmark = pytest.mark.slow

RUN = {"prompt": "a person jumps", "num_frames": 40, "num_inference_steps": 2, "seed": 1}


def edit(path, **changes) -> None:
    write_json(path, {**json.loads(path.read_text()), **changes})


def forget_checksums(folder) -> None:
    """As checkpoints that ram_sdk 0.1 wrote."""
    index = json.loads((folder / "model_index.json").read_text())
    del index["_sha256"]
    write_json(folder / "model_index.json", index)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"auto_map": {"AutoConfig": "evil.C", "AutoModel": "evil.M"}, "model_type": "evilx"}, "model_type"),
        ({"auto_map": {"AutoConfig": "evil.C", "AutoModel": "evil.M"}}, "unknown key auto_map"),
        ({"auto_map": {"AutoModel": "acme/repository--evil.M"}}, "unknown key auto_map"),
        ({"custom_pipelines": {"text": {"impl": "evil.P"}}}, "unknown key custom_pipelines"),
        ({"attn_implementation": "evil/kernel"}, "unknown key attn_implementation"),
        ({"_attn_implementation": "evil/kernel:function"}, "unknown key _attn_implementation"),
        ({"_attn_implementation_internal": "evil/kernel"}, "unknown key _attn_implementation_internal"),
        ({"experts_implementation": "evil/kernel"}, "unknown key experts_implementation"),
        ({"quantization_config": {"quant_method": "bitsandbytes"}}, "unknown key quantization_config"),
        ({"quantization_config": 5}, "unknown key quantization_config"),
        ({"dtype": "os.system"}, "dtype 'os.system': expected 'float32', 'float16' or 'bfloat16'"),
        ({"hidden_act": "evil.func"}, "hidden_act 'evil.func': expected 'gelu'"),
        ({"hidden_act": 5}, "hidden_act 5: expected"),
        ({"model_type": []}, r"model_type \[\]: expected one of bert, distilbert"),
        ({"model_type": "llama"}, "model_type 'llama': expected one of bert, distilbert"),
        ({"model_type": "../x"}, "model_type '../x'"),
        ({"num_hidden_layers": "2"}, "num_hidden_layers '2': expected a whole number"),
        ({"num_hidden_layers": 10**9}, "num_hidden_layers 1000000000: expected at most 128"),
        ({"hidden_size": 0}, "hidden_size 0: expected at least 1"),
        ({"num_attention_heads": 5}, "a width of 32 cannot be shared by 5 heads"),
        ({"vocab_size": 10**9}, "vocab_size 1000000000: expected at most 1000000"),
        ({"vocab_size": 10}, "weights of another shape"),
        ({"pad_token_id": 5000}, "pad_token_id 5000: expected less than vocab_size"),
        ({"is_decoder": True}, "is_decoder True"),
    ],
)
def test_a_backbone_sets_sizes_and_nothing_else(checkpoint, monkeypatch, changes, message):
    evil = f"import pathlib\npathlib.Path({str(checkpoint / 'ran')!r}).write_text('x')\n"
    (checkpoint / "text_backbone" / "evil.py").write_text(evil)
    monkeypatch.setattr(builtins, "input", lambda *_: pytest.fail("asked on the terminal"))
    forget_checksums(checkpoint)
    edit(checkpoint / "text_backbone" / "config.json", **changes)
    with pytest.raises(CheckpointError, match=message) as caught:
        RAMPipeline.from_pretrained(checkpoint)
    assert "\n" not in str(caught.value)
    assert not (checkpoint / "ran").exists()


def test_no_answer_on_the_terminal_runs_code(checkpoint):
    """In a process of its own, with "y" waiting on its standard input."""
    config = {"auto_map": {"AutoConfig": "evil.C", "AutoModel": "evil.M"}, "model_type": "evilx"}
    edit(checkpoint / "text_backbone" / "config.json", **config)
    (checkpoint / "text_backbone" / "evil.py").write_text("open('ran', 'w')\n")
    code = f"from ram_sdk import RAMPipeline; RAMPipeline.from_pretrained({str(checkpoint)!r})"
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run(
        [sys.executable, "-c", code],
        input="y\n",
        text=True,
        capture_output=True,
        cwd=checkpoint,
        env=environment,
    )
    assert "CheckpointError" in done.stderr
    assert "[y/N]" not in done.stdout + done.stderr
    assert not (checkpoint / "ran").exists()


def test_distilbert_is_read_too(checkpoint, tmp_path):
    from transformers import DistilBertConfig, DistilBertModel

    folder = checkpoint / "text_backbone"
    words = len(json.loads((folder / "tokenizer.json").read_text())["model"]["vocab"])
    sizes = {"dim": 32, "n_layers": 2, "n_heads": 2, "hidden_dim": 64, "max_position_embeddings": 64}
    config = DistilBertConfig(vocab_size=words, **sizes)
    torch.manual_seed(0)
    model = DistilBertModel(config).eval()
    model.save_pretrained(folder)
    weights = folder / "model.safetensors"
    save_file(
        {f"distilbert.{k}": w for k, w in load_file(weights).items()} | {"head.ids": torch.arange(3)}, weights
    )
    forget_checksums(checkpoint)
    edit(folder / "backbone.json", sha256=hashlib.sha256(weights.read_bytes()).hexdigest())
    backbone = RAMPipeline.from_pretrained(checkpoint).text_backbone
    states, _ = backbone.encode(["a person jumps"])
    ids = torch.tensor(backbone.tokenize(["a person jumps"]))
    with torch.no_grad():
        torch.testing.assert_close(states, model(ids).last_hidden_state)


@pytest.mark.parametrize(
    "part", ["denoiser", "normalizer", "text_encoder", "duration_estimator", "text_backbone"]
)
@pytest.mark.parametrize("dtype", [torch.int64, torch.uint8, torch.bool, torch.complex64])
def test_weights_are_floating_point(checkpoint, part, dtype):
    path = checkpoint / part / "model.safetensors"
    save_file({key: weight.to(dtype) for key, weight in load_file(path).items()}, path)
    forget_checksums(checkpoint)
    if part == "text_backbone":
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        edit(checkpoint / part / "backbone.json", sha256=digest)
    with pytest.raises(CheckpointError, match=rf"{part}/model\.safetensors: .*expected floating-point"):
        RAMPipeline.from_pretrained(checkpoint)


@pytest.mark.parametrize("part", ["denoiser", "motion_encoder", "normalizer", "duration_estimator"])
@pytest.mark.parametrize("place", [0.3, 0.7, 0.999])
def test_a_flipped_bit_is_noticed(checkpoint, part, place):
    path = checkpoint / part / "model.safetensors"
    content = bytearray(path.read_bytes())
    start = 8 + int.from_bytes(content[:8], "little")
    content[start + int(place * (len(content) - start))] ^= 1
    path.write_bytes(content)
    with pytest.raises(CheckpointError, match=f"{part}/model.safetensors is damaged: its sha256"):
        RAMPipeline.from_pretrained(checkpoint)


def test_checkpoints_without_checksums_still_load(checkpoint, pipeline):
    forget_checksums(checkpoint)
    loaded = RAMPipeline.from_pretrained(checkpoint)
    np.testing.assert_array_equal(loaded(**RUN).motions[0].features, pipeline(**RUN).motions[0].features)


@pytest.mark.parametrize("name", SHIPPED)
def test_shipped_checkpoints_have_checksums(name):
    checksums = json.loads((SHIPPED[name] / "model_index.json").read_text())["_sha256"]
    files = {path.relative_to(SHIPPED[name]).as_posix() for path in SHIPPED[name].rglob("*.safetensors")}
    assert checksums.keys() == files
    for file, digest in checksums.items():
        assert hashlib.sha256((SHIPPED[name] / file).read_bytes()).hexdigest() == digest, file


@pytest.mark.parametrize("content", [b"<html>404</html>", b"{}", b"", b"garbage", b"cut", b"tokens"])
def test_a_damaged_tokenizer_is_refused(checkpoint, content):
    path = checkpoint / "text_backbone" / "tokenizer.json"
    whole = path.read_bytes()
    content = whole[: len(whole) // 2] if content == b"cut" else content
    content = whole.replace(b'"jumps":', b'"jumps":99') if content == b"tokens" else content
    path.write_bytes(content)
    with pytest.raises(CheckpointError, match=r"text_backbone/tokenizer\.json is damaged: its sha256"):
        RAMPipeline.from_pretrained(checkpoint)
    forget_checksums(checkpoint)
    with pytest.raises(CheckpointError, match=r"tokenizer\.json (is damaged|has the token)") as caught:
        RAMPipeline.from_pretrained(checkpoint)
    assert "\n" not in str(caught.value)


_WORDS = "embeddings.word_embeddings.weight"
_QUERY = "encoder.layer.1.attention.self.query.weight"


@pytest.mark.parametrize(
    ("key", "change", "seen"),
    [
        (_WORDS, lambda w: torch.zeros(3, 5), r"\(3, 5\)"),
        (_WORDS, lambda w: w[:-1].clone(), r"\(\d+, 32\)"),  # a token less
        (_QUERY, lambda w: w[:, :16].clone(), r"\(32, 16\)"),  # half as wide
        (_QUERY, lambda w: w.flatten(), r"\(1024,\)"),
        ("encoder.layer.0.output.LayerNorm.bias", lambda w: w[None], r"\(1, 32\)"),
        ("encoder.layer.0.intermediate.dense.weight", lambda w: w.T.contiguous(), r"\(32, 64\)"),
    ],
)
def test_a_backbone_of_another_shape_is_refused(checkpoint, key, change, seen):
    path = checkpoint / "text_backbone" / "model.safetensors"
    weights = load_file(path)
    save_file({**weights, key: change(weights[key])}, path)
    edit(checkpoint / "text_backbone" / "backbone.json", sha256=hashlib.sha256(path.read_bytes()).hexdigest())
    forget_checksums(checkpoint)
    with pytest.raises(CheckpointError, match=rf"1 weights of another shape \({key} is {seen}, exp") as error:
        RAMPipeline.from_pretrained(checkpoint)
    assert "text_backbone/model.safetensors" in str(error.value)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    "sizes",
    [
        {"hidden_size": 64},
        {"num_hidden_layers": 3},
        {"intermediate_size": 48},
        {"vocab_size": 5000},
        {"max_position_embeddings": 512},
    ],
)
def test_a_backbone_of_other_sizes_than_its_weights_is_refused(checkpoint, sizes):
    edit(checkpoint / "text_backbone" / "config.json", **sizes)
    forget_checksums(checkpoint)
    with pytest.raises(
        CheckpointError, match=r"text_backbone.*(does not fit|another shape|64 wide)"
    ) as error:
        RAMPipeline.from_pretrained(checkpoint)
    assert "\n" not in str(error.value)


def _save_checkpoint(pipeline, folder):
    pipeline.save_pretrained(folder / "new")
    pipeline.save_pretrained(folder / "new", variant="fp16")


def _save_part(pipeline, folder):
    pipeline.save_pretrained(folder / "new")
    add_component(folder / "new", "matcher", Matcher(MatcherConfig(5.0, 0.0)))


def _save_lora(pipeline, folder):
    objective = objective_of(pipeline)
    add_lora(objective, 2, 0, "base")
    save_lora(objective, 2, pipeline, folder / "lora")


def _save_index(pipeline, folder):
    MotionIndex(folder, "0" * 64, (), np.zeros((0, 16), np.float32)).save(folder / "motions.index")


def _save_motions(pipeline, folder):
    motion = Motion(natural_poses(4).joints.float().numpy())
    for suffix in ("npy", "npz", "json", "bvh", "glb", "html", "usda", "obj"):
        motion.save(folder / "motions" / f"a.{suffix}")


@pytest.mark.parametrize("umask", [0o022, 0o027, 0o002])
@pytest.mark.parametrize("save", [_save_checkpoint, _save_part, _save_lora, _save_index, _save_motions])
def test_files_have_the_mode_of_other_files(pipeline, tmp_path, save, umask):
    place = tmp_path / "place"
    before = os.umask(umask)
    try:
        place.mkdir()
        save(pipeline, place)
    finally:
        os.umask(before)
    written = [*place.rglob("*")]
    assert written
    for path in written:
        assert stat.S_IMODE(path.stat().st_mode) == (0o777 if path.is_dir() else 0o666) & ~umask, path
