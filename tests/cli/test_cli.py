"""The command line: what it writes, how it refuses, and that refusing leaves nothing behind."""

import io
import os
import subprocess
import sys

import numpy as np
import pytest

import ram_sdk
from ram_sdk.cli import main

FAST = ["--steps", "2", "--seed", "5"]


def generate(checkpoint, *arguments) -> int:
    return main(["generate", "--checkpoint", str(checkpoint), *FAST, *map(str, arguments)])


def test_writes_every_format_asked_for(checkpoint, tmp_path, capsys):
    out = tmp_path / "out"
    out.mkdir()
    code = generate(
        checkpoint, "a person jumps", "--duration", "2", "-o", out / "jump.bvh", "-o", out / "jump.npy",
        "-o", out / "jump.json", "-o", out / "jump.npz",
    )  # fmt: skip
    assert code == 0
    assert sorted(os.listdir(out)) == ["jump.bvh", "jump.json", "jump.npy", "jump.npz"]
    assert np.load(out / "jump.npy").shape == (40, 22, 3)
    assert (out / "jump.bvh").read_text().startswith("HIERARCHY")
    printed = capsys.readouterr()
    assert "jump.bvh  2.00 s  seed 5  a person jumps" in printed.out
    assert printed.err == ""


def test_seed_repeats(checkpoint, tmp_path):
    generate(checkpoint, "a person jumps", "-o", tmp_path / "a.npy")
    generate(checkpoint, "a person jumps", "-o", tmp_path / "b.npy")
    generate(checkpoint, "a person jumps", "-o", tmp_path / "c.npy", "--reg-scale", "0")
    a, b, c = (np.load(tmp_path / f"{name}.npy") for name in "abc")
    np.testing.assert_array_equal(a, b)
    assert a.shape != c.shape or np.abs(a - c).max() > 1e-4


def test_several_prompts_are_numbered_or_named_in_a_folder(checkpoint, tmp_path, monkeypatch):
    out = tmp_path / "out"
    out.mkdir()
    file = tmp_path / "prompts.txt"
    file.write_text("someone walks\n\nthe man waves\n")
    monkeypatch.setattr(sys, "stdin", io.StringIO("a person kicks\n"))
    assert generate(checkpoint, "a person jumps", "-", "--prompt-file", file, "--num", 2, "-o", out) == 0
    names = sorted(os.listdir(out))
    assert len(names) == 8
    assert names[0] == "000_a-person-jumps.npz"
    assert names[7] == "007_a-person-kicks.npz"
    assert generate(checkpoint, "a person jumps", "someone walks", "-o", out / "clip.npy") == 0
    assert {"clip_000.npy", "clip_001.npy"} <= set(os.listdir(out))


def test_batches_do_not_change_the_motions(checkpoint, tmp_path):
    whole, parts = tmp_path / "whole", tmp_path / "parts"
    for out in (whole, parts):
        out.mkdir()
    what = ["a person jumps", "someone walks slowly", "--num", 2, "--format", "npy"]
    assert generate(checkpoint, *what, "-o", whole) == 0
    assert generate(checkpoint, *what, "-o", parts, "--batch-size", 3) == 0
    names = sorted(os.listdir(whole))
    assert sorted(os.listdir(parts)) == names
    for name in names:
        np.testing.assert_allclose(np.load(parts / name), np.load(whole / name), atol=1e-4)
    assert not np.array_equal(np.load(parts / names[0]), np.load(parts / names[1]))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([""], "an empty text"),
        (["word " * 3000], "3000 tokens: at most 62 can be read"),
        ([], "no prompt"),
        (["a person jumps", "--duration", "0.01"], "duration 0.01 s: expected 0.05 to 9.8 seconds"),
        (["a person jumps", "--duration", "-2"], "--duration: -2: expected a number above 0"),
        (["a person jumps", "--duration", "11"], "duration 11.0 s"),
        (["a person jumps", "--reg-scale", "nan"], "--reg-scale: nan: expected a finite number"),
        (["a person jumps", "--cfg-scale", "inf"], "--cfg-scale: inf"),
        (["a person jumps", "--strength", "0.4"], "strength 0.4: this checkpoint has no exemplars"),
        (["a person jumps", "--strength", "2"], "strength 2.0: expected 0 (the exemplar) to 1 (pure noise)"),
        (["a person jumps", "--steps", "99"], "num_inference_steps 99: expected 1 to 50"),
        (["a person jumps", "--seed", "-4"], "--seed: -4: expected a whole number of at least 0"),
        (["a person jumps", "--num", "0"], "--num: 0: expected a whole number of at least 1"),
        (["a person jumps", "--sampler", "euler"], "choose from 'ddpm', 'ddim', 'dpm++'"),
        (["a person jumps", "--format", "xyz"], "--format: xyz: use one of .npy"),
        (["a person jumps", "-o", "a.npz", "--format", "bvh"], "--format .bvh: it is of files in a folder"),
        (["a person jumps", "--reg-timesteps", "9,x"], "--reg-timesteps: x: expected a whole number"),
        (["a person jumps", "--batch-size", "0"], "--batch-size: 0"),
        (["a person jumps", "--prompt-file", "absent.txt"], "absent.txt"),
        (["a person jumps", "-o", "clip.xyz"], "use one of the suffixes .npy"),
        (["a person jumps", "--checkpoint", "./absent"], "no checkpoint at './absent'"),
        (["a person jumps", "--variant", "fp16"], "model.fp16.safetensors is missing"),
    ],
)
def test_bad_input_is_one_line_and_writes_nothing(
    checkpoint, tmp_path, monkeypatch, capsys, arguments, message
):
    out = tmp_path / "out"
    out.mkdir()
    monkeypatch.chdir(out)
    assert generate(checkpoint, "-o", out / "first.npy", *arguments) == 2
    error = capsys.readouterr().err
    assert error.startswith("ram-sdk: ")
    assert message in error
    assert error.count("\n") == 1
    assert os.listdir(out) == []


def test_a_prompt_too_long_in_a_later_batch_writes_nothing(checkpoint, tmp_path, capsys):
    prompts = ["a person jumps", "word " * 3000]
    assert generate(checkpoint, *prompts, "-o", tmp_path / "clip.npy", "--batch-size", 1) == 2
    assert "at most 62 can be read" in capsys.readouterr().err
    assert not list(tmp_path.glob("*.npy"))


def test_unwritable_place(checkpoint, capsys):
    assert generate(checkpoint, "a person jumps", "-o", "/proc/clip.npy") == 2
    assert capsys.readouterr().err.count("\n") == 1


def test_convert(checkpoint, tmp_path, capsys):
    out = tmp_path / "out"
    out.mkdir()
    generate(checkpoint, "a person jumps", "--duration", "2", "-o", tmp_path / "jump.npz")
    assert main(["convert", str(tmp_path / "jump.npz"), "-o", str(tmp_path / "jump.bvh"), "--fps", "30"]) == 0
    assert "Frame Time: 0.0333" in (tmp_path / "jump.bvh").read_text()
    assert main(["convert", str(tmp_path / "jump.npz"), "-o", str(out), "--format", "npy", "--mirror"]) == 0
    assert np.load(out / "jump.npy").shape == (40, 22, 3)
    smoothed = tmp_path / "smoothed.npy"
    assert main(["convert", str(tmp_path / "jump.npz"), "-o", str(smoothed), "--smooth"]) == 0
    rough = np.diff(np.load(tmp_path / "jump.npz")["joints"], n=3, axis=0)
    assert np.abs(np.diff(np.load(smoothed), n=3, axis=0)).mean() < 0.7 * np.abs(rough).mean()
    (tmp_path / "broken.npz").write_bytes(b"nothing")
    assert main(["convert", str(tmp_path / "broken.npz"), "-o", str(out / "broken.bvh")]) == 2
    assert os.listdir(out) == ["jump.npy"]
    assert "'broken.npz' is not a motion archive" in capsys.readouterr().err


def test_info(checkpoint, capsys):
    assert main(["info", str(checkpoint)]) == 0
    text = capsys.readouterr().out
    assert "humanml3d, 263 features, 20 fps" in text
    assert "reg_scale 5, cfg_scale 1.5" in text
    assert "num_layers 2" in text
    assert main(["info", "./absent"]) == 2


def test_installed_command_and_light_import(tmp_path):
    """The entry point runs, and importing the package pulls in neither transformers nor smplx."""
    command = [sys.executable, "-m", "ram_sdk.cli", "--version"]
    assert (
        subprocess.run(command, capture_output=True, text=True).stdout == f"ram-sdk {ram_sdk.__version__}\n"
    )
    heavy = ("transformers", "smplx", "huggingface_hub", "trimesh")
    code = f"import sys, ram_sdk; print([m for m in {heavy} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stdout == "[]\n"
