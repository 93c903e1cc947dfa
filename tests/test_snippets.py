"""What README and docs show runs: each document in a folder of its own, block by block, in order.

Python and `ram-sdk` run with the shipped checkpoint in two denoising steps. Training commands run at a small
size where `SMALL` has one and their data is there; of the others the options are read, no more.
"""

import argparse
import shlex
from importlib import import_module
from pathlib import Path

import pytest

from ram_sdk import RAMPipeline, cli
from tests import few_steps
from tests.documents import OTHERS, ROOT, SITE, blocks
from tests.training.tiny_training import SMALL as SMALL_NETWORKS
from tests.training.tiny_training import write_data
from training.commands import runner

DOCUMENTS = [path for path in OTHERS + SITE if any(b.language in ("sh", "python") for b in blocks(path))]
SETS_UP = ("git", "python3", "pip", ".", "pre-commit", "npm", "cd", "curl", ".venv/bin/pip", "poe")
"""Programs that set up a machine, or ask one: they are not run."""
ENDLESS = {"studio", "mcp", "--workers"}
"""Words of `ram-sdk` that start servers or processes: their options are read, no more."""

SMALL = {
    "train": [*SMALL_NETWORKS, "max_steps=1", "save_every=1", "precision=fp32", "compile=false"],
    "side-by-side": ["--duration", "2"],
}
"""Options that make a training command small."""


@pytest.fixture(scope="module")
def places(tmp_path_factory, pipeline) -> Path:
    """A folder with what documents call DATA and CHECKPOINT, both small, and a clone's training/."""
    folder = tmp_path_factory.mktemp("places")
    (folder / "DATA").mkdir()
    write_data(folder / "DATA")
    pipeline.save_pretrained(folder / "CHECKPOINT")
    (folder / "training").symlink_to(ROOT / "training")
    return folder


@pytest.mark.slow
@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_snippets_run(document: Path, tmp_path, monkeypatch, places) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(RAMPipeline, "from_pretrained", few_steps.from_pretrained)
    for place in places.iterdir():
        (tmp_path / place.name).symlink_to(place)
    names: dict[str, object] = {}
    for block in blocks(document):
        if block.title:
            (tmp_path / block.title).write_text(block.text, encoding="utf-8")
        elif block.language == "python":
            exec(compile(block.text, str(document), "exec"), names)
        elif block.language == "sh":
            for line in block.text.replace("\\\n", " ").splitlines():
                run_line(line)


def run_line(line: str) -> None:
    words = shlex.split(line, comments=True)
    while words:
        command, words = split_at_and(words)
        run(command)


def split_at_and(words: list[str]) -> tuple[list[str], list[str]]:
    end = words.index("&&") if "&&" in words else len(words)
    return words[:end], words[end + 1 :]


def run(command: list[str]) -> None:
    if command[0] == "ram-sdk" and ENDLESS & set(command):
        cli.parser().parse_args(command[1:])
    elif command[0] == "ram-sdk":
        assert cli.main(command[1:]) == 0
    elif command[:3] == ["python", "-m", "training"]:
        run_training(command[3:], really=True)
    elif command[:4] == ["accelerate", "launch", "-m", "training"]:
        run_training(command[4:], really=False)
    elif command[:2] in (["python", "-m"], ["python"]) and command[2] in ("pytest", "tests.mutations"):
        assert import_module(command[2])
    else:
        assert command[0] in SETS_UP or command == [".ci/run"], command


def run_training(words: list[str], really: bool) -> None:
    path: list[str] = []
    module = import_module("training.commands")
    while names := getattr(module, "COMMANDS", ()):
        assert words[0] in names, words
        path.append(words.pop(0))
        module = import_module(".".join(["training.commands", *path]).replace("-", "_"))
    parser = argparse.ArgumentParser(prog=" ".join(path))
    module.add_arguments(parser)
    given = parser.parse_intermixed_args(words)
    if really and path[0] in SMALL and Path(getattr(given, "data", None) or "DATA").exists():
        assert runner.main([*path, *words, *SMALL[path[0]]]) == 0
