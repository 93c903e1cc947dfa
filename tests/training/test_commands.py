"""Running commands: what is listed, what is checked before any work, and the exit codes."""

import argparse
import subprocess
import sys
from collections.abc import Iterator
from importlib import import_module
from types import ModuleType

import pytest

from training import CONFIGS, commands
from training.commands import options, runner

ROOT = CONFIGS.parents[1]


def leaves(group: ModuleType, *path: str) -> Iterator[tuple[str, ...]]:
    for name in group.COMMANDS:
        module = import_module(f"{group.__name__}.{name.replace('-', '_')}")
        yield from leaves(module, *path, name) if hasattr(module, "COMMANDS") else [(*path, name)]


ALL = list(leaves(commands))


def test_the_list_has_a_line_for_each_command_and_does_not_load_torch() -> None:
    code = (
        "import sys\nfrom training.commands.runner import main\n"
        "assert main([]) == 0\nassert not {'torch', 'numpy'} & sys.modules.keys()"
    )
    listed = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    lines = [line.split(maxsplit=1) for line in listed.stdout.splitlines() if line.startswith("  ")]
    assert [name for name, _ in lines] == list(commands.COMMANDS)
    assert all(about.endswith(".") for _, about in lines)


@pytest.mark.parametrize("path", ALL, ids=" ".join)
def test_every_command_has_help_with_an_example(path: tuple[str, ...], capsys) -> None:
    with pytest.raises(SystemExit) as ended:
        runner.main([*path, "--help"])
    assert ended.value.code == 0
    text = capsys.readouterr().out
    assert text.startswith(f"usage: python -m training {' '.join(path)} ")
    assert f"\n    python -m training {' '.join(path)}" in text


@pytest.mark.parametrize("path", ALL, ids=" ".join)
def test_every_option_has_help(path: tuple[str, ...]) -> None:
    parser = argparse.ArgumentParser()
    module = import_module(".".join(["training.commands", *path]).replace("-", "_"))
    module.add_arguments(parser)
    assert not [action.dest for action in parser._actions if not action.help]


def test_a_group_lists_its_commands(capsys) -> None:
    assert runner.main(["prepare", "--help"]) == 0
    assert "  unpack           Unpack a packed data set into a folder." in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("evalute", "python -m training: unknown command 'evalute': did you mean evaluate?"),
        ("prepare zip", "python -m training prepare: unknown command 'zip': use fetch, open, check"),
        ("train --out x", "python -m training train: the following arguments are required: --config, --data"),
        ("aits --data x --out x --sentences 0", "'0' is not a whole number of at least 1"),
        ("evaluate --data x --out x --row A=b,guidance=2", "unknown setting 'guidance', use reg_scale"),
        ("prompt-checks run --out x --device tpu", "'tpu' is not a device: use cpu, cuda or mps"),
        ("export --run nowhere --data x --out x", "export: nowhere has no config.json"),
    ],
)
def test_errors_are_one_line_and_status_2(words: str, message: str, capsys, tmp_path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    try:
        code = runner.main(words.split())
    except SystemExit as ended:
        code = ended.code
    assert code == 2
    error = capsys.readouterr().err
    assert message in error
    assert error.count("\n") == 1
    assert not list(tmp_path.iterdir())


def test_a_device_that_is_not_there_is_known_before_any_work(monkeypatch) -> None:
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    parser = argparse.ArgumentParser(exit_on_error=False)
    options.add_device(parser)
    assert parser.parse_args([]).device == "cpu"
    with pytest.raises(argparse.ArgumentError, match="torch finds no cuda device: use --device cpu"):
        parser.parse_args(["--device", "cuda"])


@pytest.mark.parametrize("error", [KeyboardInterrupt(), InterruptedError("stopped")])
def test_an_interrupted_command_ends_with_130(error: BaseException, monkeypatch) -> None:
    def stopped(*_: object) -> None:
        raise error

    monkeypatch.setattr("training.open_data.check.check_folder", stopped)
    assert runner.main(["prepare", "check", "--data", "x"]) == 130


def test_overrides_may_stand_anywhere() -> None:
    parser = argparse.ArgumentParser()
    options.add_config(parser, default=CONFIGS / "tiny.yaml")
    options.add_data(parser)
    given = parser.parse_intermixed_args(["batch_size=4", "--data", "x", "objective.beta=0.1"])
    assert given.overrides == ["batch_size=4", "objective.beta=0.1"]
