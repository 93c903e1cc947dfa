"""What every command has: examples, JSON, completion; and the commands that say what there is."""

import json
import re
import shlex
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from ram_sdk import RAMPipeline, formats
from ram_sdk.checkpoint import add_component
from ram_sdk.cli import main, parser
from ram_sdk.models import KnownAction, KnownActions, KnownActionsConfig
from ram_sdk.shipped import SHIPPED
from tests.synthetic_motion import natural_poses

ROOT = Path(__file__).resolve().parents[2]

VERBS = sorted(next(iter(parser()._subparsers._group_actions)).choices)


def lines(capsys: pytest.CaptureFixture[str]) -> list[dict]:
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


@pytest.mark.parametrize("verb", VERBS)
def test_every_command_has_examples_that_are_commands(verb, capsys):
    with pytest.raises(SystemExit):
        main([verb, "--help"])
    text = capsys.readouterr().out
    assert "--json" in text
    assert "-v, --verbose" in text
    examples = re.findall(rf"ram-sdk {verb}([^#\n]*)", text.partition("examples:")[2])
    assert examples
    for example in examples:
        words = example.replace('"$(', "").replace(')"', "").split(" > ")[0]
        parser().parse_args([verb, *shlex.split(words)])


def test_help_imports_nothing_heavy():
    heavy = ("torch", "transformers", "trimesh", "shtab", "fastapi", "ray")
    code = (
        "import sys; from ram_sdk.cli import parser; parser().format_help(); "
        f"print([m for m in {heavy} if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stdout == "[]\n"


def test_without_output_and_screen_the_page_lies_where_it_is_said(checkpoint, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    monkeypatch.setattr(sys, "platform", "linux")
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "BROWSER"):
        monkeypatch.delenv(name, raising=False)
    command = ["generate", "a person walks", "--num", "2", "--checkpoint", str(checkpoint), "--seed", "3"]
    assert main([*command, "--steps", "2", "--duration", "1", "--json"]) == 0
    (facts,) = lines(capsys)
    page = Path(facts["file"])
    assert (facts["opened"], facts["seeds"]) == (False, [3, 4])
    assert page.parent.parent == tmp_path
    assert page.read_text(encoding="utf-8").count('"frames": 20') == 2


@pytest.mark.slow
def test_without_output_the_browser_opens(tmp_path):
    browser, clip, seen = tmp_path / "browser", tmp_path / "walk.npy", tmp_path / "seen"
    browser.write_text(f'#!/bin/sh\necho "$1" > {seen}\n')
    browser.chmod(0o755)
    np.save(clip, natural_poses(8).joints.float().numpy())
    environment = {"BROWSER": str(browser), "PATH": "/usr/bin:/bin", "TMPDIR": str(tmp_path)}
    command = [sys.executable, "-m", "ram_sdk", "convert", str(clip)]
    subprocess.run(command, env=environment, cwd=ROOT, check=True)
    assert seen.read_text().startswith(f"file://{tmp_path}/ram_sdk-")


def test_more_motions_than_the_player_shows_need_a_place(checkpoint, capsys):
    assert main(["generate", "a person walks", "--num", "7", "--checkpoint", str(checkpoint)]) == 2
    assert "without -o at most 6 are shown side by side; give -o DIR/" in capsys.readouterr().err


def test_results_as_json(checkpoint, tmp_path, capsys):
    command = ["generate", "a person walks", "--checkpoint", str(checkpoint), "--steps", "2", "--seed", "5"]
    assert main([*command, "--json", "--duration", "1", "-o", str(tmp_path / "x.npy")]) == 0
    (facts,) = lines(capsys)
    assert (facts["file"], facts["duration"]) == (str(tmp_path / "x.npy"), 1.0)
    assert (facts["prompt"], facts["settings"]["seed"]) == ("a person walks", 5)
    assert main(["info", str(checkpoint), "--json"]) == 0
    (facts,) = lines(capsys)
    assert facts["motion"].startswith("humanml3d")


def test_verbose_says_where_an_error_is(checkpoint, tmp_path, capsys):
    command = ["generate", "", "--checkpoint", str(checkpoint), "-o", str(tmp_path / "x.npy")]
    assert main(command) == 2
    assert "Traceback" not in capsys.readouterr().err
    assert main([*command, "-v"]) == 2
    assert "Traceback" in capsys.readouterr().err


def test_formats_are_those_of_the_registry(capsys):
    assert main(["formats", "--json"]) == 0
    listed = {suffix: facts for facts in lines(capsys) for suffix in facts["suffixes"]}
    assert set(listed) == set(formats.BY_SUFFIX)
    assert listed[".bvh"]["options"]["unit"]["choices"] == ["cm", "m"]
    assert main(["formats"]) == 0
    assert "--unit" in capsys.readouterr().out


def test_prompts_come_from_the_checkpoint(checkpoint, capsys):
    assert main(["prompts", str(checkpoint)]) == 0
    assert "does not list what it knows" in capsys.readouterr().out
    examples = ("a person walks", "someone strolls")
    known = KnownActions(KnownActionsConfig(32, 0.5, (KnownAction("walk", examples, 1),)))
    add_component(checkpoint, "known_actions", known)
    assert main(["prompts", str(checkpoint)]) == 0
    assert capsys.readouterr().out == "walk\n  a person walks\n  someone strolls\n"
    assert main(["prompts", str(checkpoint), "--json"]) == 0
    assert lines(capsys) == [{"action": "walk", "examples": list(examples)}]
    assert main(["info", str(checkpoint)]) == 0
    assert "1 actions, see ram-sdk prompts" in capsys.readouterr().out


@pytest.mark.slow
def test_doctor_finds_what_is_here(capsys):
    assert main(["doctor", "--json"]) == 0
    found = {facts["name"]: facts for facts in lines(capsys)}
    assert "auto takes" in found["devices"]["found"]
    for name in SHIPPED:
        assert found[f"checkpoint {name}"]["found"].startswith("sound; ")
    for name, facts in found.items():
        if name.startswith("extra ") and facts["found"] is None:
            assert facts["remedy"] == f'pip install "ram_sdk[{name.removeprefix("extra ")}]"'
    assert "extra preview" in found


def test_completion_knows_commands_and_options(tmp_path, capsys):
    assert main(["completion", "bash"]) == 0
    script = tmp_path / "completion.bash"
    script.write_text(capsys.readouterr().out)
    ask = f"""source {script}
    COMP_WORDS=(ram-sdk batch --wor); COMP_CWORD=2; _shtab_ram_sdk; echo "${{COMPREPLY[@]}}"
    COMP_WORDS=(ram-sdk gen); COMP_CWORD=1; _shtab_ram_sdk; echo "${{COMPREPLY[@]}}" """
    done = subprocess.run(["bash", "-c", ask], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["--workers", "generate"]
    for shell in ("zsh", "fish", "powershell"):
        assert main(["completion", shell]) == 0
        assert "candidates" in capsys.readouterr().out


def test_licences_of_weights_go_where_motions_go(checkpoint, tmp_path, capsys):
    (checkpoint / "README.md").write_text("---\nlicense: cc-by-nc-4.0\n---\n# A card\n")
    motion = RAMPipeline.from_pretrained(checkpoint)("a person walks", 20, num_inference_steps=2).motions[0]
    assert motion.settings["licence"].startswith("cc-by-nc-4.0: non-commercial use only")
    content = motion.save(tmp_path / "x.glb").read_bytes()
    asset = json.loads(content[20 : 20 + int.from_bytes(content[12:16], "little")])["asset"]
    assert "cc-by-nc-4.0: non-commercial use only" in asset["copyright"]
    (made,) = asset["extras"]["motions"]
    assert (made["prompt"], made["settings"]["licence"]) == ("a person walks", motion.settings["licence"])
    assert main(["info", str(checkpoint)]) == 0
    assert "cc-by-nc-4.0: non-commercial use only" in capsys.readouterr().out
    for name, words in (("open-small", "non-commercial use only"), ("open-free-small", "of its own")):
        assert main(["info", name]) == 0
        assert words in capsys.readouterr().out


def test_a_misspelt_option_is_guessed(capsys):
    assert main(["generate", "a person walks", "--duraton", "3"]) == 2
    assert "--duraton 3, did you mean --duration?" in capsys.readouterr().err


@pytest.mark.parametrize(
    "command",
    [
        ["convert", "absent.npz", "-o", "x.bvh"],
        ["edit", "absent.npz", "--keep", "lower", "--prompt", "a person waves"],
        ["retarget", "absent.npz", "--onto", "absent.glb", "-o", "x.glb"],
        ["compose", "absent.yaml"],
        ["batch", "absent.csv", "-o", "out/"],
    ],
)
def test_a_file_that_is_missing_is_noticed_before_anything_heavy_is_imported(command):
    code = (
        "import sys; from ram_sdk.cli import main; "
        f"assert main({command}) == 2; assert 'torch' not in sys.modules"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "there is no such file" in done.stderr
