"""Runs that stop, are killed, or are shared by processes take the steps of one that ran through."""

import multiprocessing
import os
import resource
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch

from tests.training.tiny_training import CONFIGS, SMALL, config
from training.loop import train
from training.run_folder import RunFolder

ROOT = CONFIGS.parents[1]
OVERRIDES = ("max_steps=60", "log_every=1", "save_every=10", "keep_checkpoints=10",
             "model.dropout=0.1", "optimizer.cosine_decay=false")  # fmt: skip


def curve(run: Path) -> list[tuple[float, ...]]:
    """Every number of every step's log line that a repetition must give again."""
    names = ("step", "generation", "reconstruction", "alignment", "self_regularization", "gradient_norm")
    return [tuple(line[name] for name in names) for line in RunFolder(run).read_log("train")]


@pytest.fixture(scope="module")
def whole(data, tmp_path_factory) -> Path:
    """A run that nothing disturbed."""
    run = tmp_path_factory.mktemp("whole")
    train(config(*OVERRIDES), data, run, cpu=True)
    return run


def command(data: Path, run: Path, *overrides: str) -> list[str]:
    options = [
        "--config",
        CONFIGS / "tiny.yaml",
        "--data",
        data,
        "--out",
        run,
        "--device",
        "cpu",
        *SMALL,
        *overrides,
    ]
    return [sys.executable, "-m", "training", "train", *map(str, options)]


@pytest.mark.slow
def test_resume_gives_the_same_bits_for_fifty_steps(data, whole, tmp_path):
    run = tmp_path / "run"
    shutil.copytree(whole, run)
    for path in RunFolder(run).checkpoints():
        if path.name != "step-10.pt":
            path.unlink()
    train(config(*OVERRIDES), data, run, cpu=True)
    assert [line[0] for line in curve(run)] == list(range(1, 61))
    assert curve(run) == curve(whole)
    once, twice = RunFolder(whole).newest(), RunFolder(run).newest()
    assert once["step"] == twice["step"] == 60
    for group in ("objective", "average"):
        for key, weight in once[group].items():
            assert torch.equal(weight, twice[group][key]), key


@pytest.mark.slow
def test_resume_after_sigterm(data, whole, tmp_path):
    """A process that is told to end saves the step it is at, says so."""
    run = tmp_path / "run"
    process = subprocess.Popen(
        command(data, run, *OVERRIDES[1:], "max_steps=100000"), cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    while len(curve(run)) < 12 and process.poll() is None:
        time.sleep(0.05)
    process.send_signal(signal.SIGTERM)
    output, _ = process.communicate(timeout=60)
    assert process.returncode == 130
    stopped = len(curve(run))
    assert f"stopped at step {stopped}" in output
    assert RunFolder(run).newest()["step"] == stopped
    if stopped < 60:
        train(config(*OVERRIDES), data, run, cpu=True)
    torch.testing.assert_close(
        torch.tensor(curve(run)[:60]), torch.tensor(curve(whole)), rtol=1e-4, atol=1e-5
    )


def fill_the_disk(run: Path, state: dict, limit: int) -> None:
    """Let the system kill this process in the middle of writing a checkpoint."""
    signal.signal(signal.SIGXFSZ, signal.SIG_DFL)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
    RunFolder(run).save(state, keep=10)


def test_resume_after_a_kill_while_writing(data, whole, tmp_path):
    run = tmp_path / "run"
    shutil.copytree(whole, run)
    newest = RunFolder(run).checkpoints()[-1]
    size, state = newest.stat().st_size, RunFolder(run).newest()
    newest.unlink()
    process = multiprocessing.get_context("fork").Process(target=fill_the_disk, args=(run, state, size // 2))
    process.start()
    process.join()
    assert process.exitcode == -signal.SIGXFSZ
    (left,) = newest.parent.glob("*.part")
    assert left.stat().st_size == size // 2
    assert RunFolder(run).newest()["step"] == 50
    train(config(*OVERRIDES), data, run, cpu=True)
    assert curve(run) == curve(whole)
    assert not left.exists()


def test_resume_leaves_out_a_damaged_checkpoint(whole, tmp_path, capsys):
    run = tmp_path / "run"
    shutil.copytree(whole, run)
    newest = RunFolder(run).checkpoints()[-1]
    with newest.open("r+b") as file:
        file.truncate(newest.stat().st_size // 2)
    assert RunFolder(run).newest()["step"] == 50
    assert "step-60.pt, which is damaged" in capsys.readouterr().out


def test_resume_refuses_another_model(data, whole):
    with pytest.raises(ValueError, match="holds a run of another model"):
        train(config(*OVERRIDES, "model.latent_dim=8"), data, whole, cpu=True)


def test_only_the_newest_checkpoints_are_kept(tmp_path):
    run = RunFolder(tmp_path)
    run.start(config(), 0, "a machine", "data")
    for step in (8, 9, 10, 11):
        run.save({"step": step}, keep=2)
    assert [path.name for path in run.checkpoints()] == ["step-10.pt", "step-11.pt"]


@pytest.mark.slow
def test_two_processes_take_the_steps_of_one(data, tmp_path):
    overrides = ["max_steps=20", "log_every=1", "objective.contrastive=0.1"]
    train(config(*overrides), data, tmp_path / "one", cpu=True)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    processes = [
        subprocess.Popen(
            command(data, tmp_path / "two", *overrides),
            cwd=ROOT,
            env={
                **os.environ, "RANK": str(rank), "LOCAL_RANK": str(rank), "WORLD_SIZE": "2",
                "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port), "OMP_NUM_THREADS": "1",
            },
        )
        for rank in range(2)
    ]  # fmt: skip
    assert [process.wait(timeout=600) for process in processes] == [0, 0]
    one, two = curve(tmp_path / "one"), curve(tmp_path / "two")
    assert len(two) == 20
    torch.testing.assert_close(torch.tensor(two), torch.tensor(one), rtol=0, atol=1e-4)


@pytest.mark.slow
def test_accumulated_parts_take_the_steps_of_the_whole(data, tmp_path):
    """Without the terms that compare clips with each other, which see only a part at a time."""
    overrides = ["max_steps=5", "log_every=1", "objective.self_regularization=0"]
    for name, parts in (("whole", 1), ("parts", 2)):
        train(config(*overrides, f"accumulation={parts}"), data, tmp_path / name, cpu=True)
    logs = [RunFolder(tmp_path / name).read_log("train") for name in ("whole", "parts")]
    for whole, parts in zip(*logs, strict=True):
        assert parts["total"] == pytest.approx(whole["total"], abs=1e-4)
    with pytest.raises(ValueError, match="a batch of 4 clips cannot be split evenly into 3 parts"):
        train(config("accumulation=3"), data, tmp_path / "uneven", cpu=True)
