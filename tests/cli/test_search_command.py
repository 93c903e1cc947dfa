"""`ram-sdk search` and the edits of `convert`."""

import json

import numpy as np
import pytest

from ram_sdk import Motion
from ram_sdk.checkpoint import add_component
from ram_sdk.cli import main
from ram_sdk.models import Matcher, MatcherConfig


@pytest.fixture
def folder(pipeline, checkpoint, tmp_path):
    add_component(checkpoint, "matcher", Matcher(MatcherConfig(5.0, 0.0)))
    for number, motion in enumerate(pipeline(["a person jumps"] * 2, 50, num_inference_steps=2).motions):
        motion.save(tmp_path / "motions" / f"{number}.npz")
    return tmp_path / "motions"


def test_search_prints_the_best_and_keeps_the_index(folder, checkpoint, capsys):
    command = ["search", "a person jumps", str(folder), "--checkpoint", str(checkpoint)]
    assert main([*command, "--json"]) == 0
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert {line["path"] for line in lines} == {str(folder / "0.npz"), str(folder / "1.npz")}
    assert lines[0]["similarity"] >= lines[1]["similarity"]
    assert (folder / ".ram_sdk-index.safetensors").is_file()
    assert main([*command, "--top", "1"]) == 0
    (line,) = capsys.readouterr().out.splitlines()
    assert line.endswith(lines[0]["path"])


def test_a_folder_without_motions_is_refused_and_left_alone(folder, checkpoint, tmp_path, capsys):
    (tmp_path / "empty").mkdir()
    assert main(["search", "a person jumps", str(tmp_path / "empty"), "--checkpoint", str(checkpoint)]) == 2
    assert "empty' holds no motion" in capsys.readouterr().err
    assert not list((tmp_path / "empty").iterdir())


def test_an_index_that_cannot_be_kept_costs_no_result(folder, checkpoint, tmp_path, capsys):
    (tmp_path / "file").touch()
    place = tmp_path / "file" / "x.index"
    command = ["search", "a person jumps", str(folder), "--checkpoint", str(checkpoint)]
    assert main([*command, "--index", str(place)]) == 0
    said = capsys.readouterr()
    assert len(said.out.splitlines()) == 2
    (line,) = said.err.splitlines()
    assert "the index is not kept" in line
    assert str(place) in line


def test_search_refuses_in_one_line(folder, checkpoint, capsys):
    assert main(["search", "a person jumps", str(folder / "nowhere"), "--checkpoint", str(checkpoint)]) == 2
    assert "is not a folder of motions" in capsys.readouterr().err


def test_convert_edits(folder, tmp_path):
    out = tmp_path / "out.npz"
    source = folder / "0.npz"
    assert main(["convert", str(source), "--mirror", "--speed", "2", "-o", str(out)]) == 0
    expected = Motion.load(source).mirror().speed(2.0)
    np.testing.assert_allclose(Motion.load(out).joints, expected.joints, atol=1e-5)
    assert main(["convert", str(source), "--speed", "99", "-o", str(tmp_path / "not.npz")]) == 2
    assert not (tmp_path / "not.npz").exists()
