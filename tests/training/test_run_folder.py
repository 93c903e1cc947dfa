"""Runs that meet damage: bad checkpoints, locks, full disks, other data, NaN losses, bad clips."""

import json
import os
import pickle
import shutil
import socket
import subprocess
import sys
import threading

import numpy as np
import pytest
import torch

from ram_sdk import locks
from ram_sdk.locks import folder_lock
from tests.full_disk import fill_disk, in_a_child
from tests.training.tiny_training import config
from training.data.folder import MotionTextFolder
from training.loop import train
from training.run_folder import RunFolder

pytestmark = pytest.mark.slow

QUICK = ("max_steps=4", "save_every=2", "log_every=1")


@pytest.fixture(scope="module")
def finished(data, tmp_path_factory):
    """A run of four steps with checkpoints of two; do not change it."""
    run = tmp_path_factory.mktemp("finished")
    train(config(*QUICK), data, run, cpu=True)
    return run


@pytest.fixture
def run(finished, tmp_path):
    shutil.copytree(finished, tmp_path / "run")
    return tmp_path / "run"


def rewrite(path, **changes) -> None:
    torch.save({**torch.load(path, weights_only=True), **changes}, path)


def flip(path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def nan(path) -> None:
    state = torch.load(path, weights_only=True)
    next(iter(state["average"].values()))[...] = torch.nan
    torch.save(state, path)


@pytest.mark.parametrize(
    "damage",
    [
        lambda path: path.write_bytes(b""),
        lambda path: path.write_bytes(b"garbage" * 100),
        lambda path: path.write_bytes(path.read_bytes()[:-1000]),
        lambda path: path.write_bytes(pickle.dumps({"step": 4})),
        lambda path: torch.save([1], path),
        lambda path: torch.save({"step": 4}, path),
        lambda path: rewrite(path, step=-5),
        lambda path: rewrite(path, step="4"),
        flip,
        nan,
    ],
)
def test_the_checkpoint_before_a_damaged_one_is_used(data, run, capsys, damage):
    damage(run / "checkpoints" / "step-4.pt")
    state = RunFolder(run).newest()
    assert state is not None
    assert state["step"] == 2
    assert "step-4.pt, which is damaged" in capsys.readouterr().out


def test_a_damaged_checkpoint_does_not_push_sound_ones_out(data, run):
    (run / "checkpoints" / "step-4.pt").write_bytes(b"garbage")
    (run / "checkpoints" / "step-x.pt").write_bytes(b"garbage")
    (run / "checkpoints" / ".1234.part").write_bytes(b"left by a kill")
    (run / "log.jsonl").write_text("garbage\n" + (run / "log.jsonl").read_text() + '{"step": 3, "cu')
    train(config(*QUICK, "keep_checkpoints=1"), data, run, cpu=True)
    names = sorted(path.name for path in (run / "checkpoints").iterdir())
    assert names == ["step-4.damaged", "step-4.pt", "step-x.pt"]
    assert [line["step"] for line in RunFolder(run).read_log("train")] == [1, 2, 3, 4]


def test_a_run_whose_checkpoints_are_all_damaged_does_not_start_anew(data, run):
    for path in RunFolder(run).checkpoints():
        path.write_bytes(b"")
    with pytest.raises(ValueError, match=r"all checkpoints in .* are damaged"):
        train(config(*QUICK), data, run, cpu=True)


def test_a_second_run_on_a_folder_is_refused(data, run):
    other = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    (run / "lock").write_text(json.dumps({"pid": other.pid, "host": socket.gethostname()}))
    try:
        with pytest.raises(ValueError, match=r"another run .*: give another folder"):
            train(config(*QUICK, "max_steps=6"), data, run, cpu=True)
    finally:
        other.kill()
        other.wait()
    assert (run / "lock").is_file()
    assert RunFolder(run).checkpoints()[-1].name == "step-4.pt"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ('{"pid": 7, "host": "another-machine"}', "a run on another-machine .process 7. is using .*delete"),
        ("garbage", "lock is damaged: delete it"),
        ("[]", "lock is damaged: delete it"),
        ('{"pid": "x", "host": "y"}', "lock is damaged: delete it"),
    ],
)
def test_locks_that_cannot_be_judged_are_left_to_people(tmp_path, content, message):
    (tmp_path / "lock").write_text(content)
    with pytest.raises(ValueError, match=message), folder_lock(tmp_path):
        pass
    assert (tmp_path / "lock").read_text() == content


def test_the_lock_of_a_dead_process_is_taken_over(tmp_path):
    dead = subprocess.Popen([sys.executable, "-c", ""])
    dead.wait()
    (tmp_path / "lock").write_text(json.dumps({"pid": dead.pid, "host": socket.gethostname()}))
    with pytest.warns(UserWarning, match="its lock is taken over"), folder_lock(tmp_path):
        assert json.loads((tmp_path / "lock").read_text())["pid"] == os.getpid()
    assert not (tmp_path / "lock").exists()


def test_threads_of_a_process_do_not_share_a_folder(tmp_path):
    with folder_lock(tmp_path):
        again = pytest.raises(ValueError, match="another run of this process")
        with again, folder_lock(tmp_path / "x" / ".."):
            pass
        assert (tmp_path / "lock").is_file()
    with folder_lock(tmp_path):
        pass


def test_a_lock_that_is_being_written_is_waited_for(tmp_path):
    (tmp_path / "lock").touch()
    holder = json.dumps({"pid": 1, "host": "another-machine"})
    threading.Timer(0.2, (tmp_path / "lock").write_text, (holder,)).start()
    with pytest.raises(ValueError, match="a run on another-machine"), folder_lock(tmp_path):
        pass


def test_a_lock_that_was_taken_over_meanwhile_stays(tmp_path):
    """Two processes find the lock of a dead one: the slower must not remove that of the faster."""
    (tmp_path / "lock").write_text("of the faster")
    locks._remove(tmp_path / "lock", "of the dead")
    assert (tmp_path / "lock").read_text() == "of the faster"
    locks._remove(tmp_path / "lock", "of the faster")
    locks._remove(tmp_path / "lock", "of the faster")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
def test_a_full_disk_leaves_no_part(finished, tmp_path, share):
    run = RunFolder(tmp_path)
    run.start(config(*QUICK), 0, "a machine", "data")
    state = RunFolder(finished).newest()
    run.save({**state, "step": 1}, keep=1)
    limit = int(share * run.checkpoints()[0].stat().st_size)

    def work() -> None:
        fill_disk(limit)
        try:
            run.save({**state, "step": 2}, keep=1)
        except OSError as error:
            os._exit(7 if "step-2.pt" in str(error) else 8)

    assert in_a_child(work) == 7
    assert [path.name for path in (tmp_path / "checkpoints").iterdir()] == ["step-1.pt"]


def test_losses_that_are_no_numbers_are_neither_saved_nor_rotated_in(data, run):
    wild = ("optimizer.learning_rate=1e6", "optimizer.clip_norm=1e6", "precision=fp32", "log_every=3")
    with pytest.raises(ValueError, match=r"training diverged: .* the newest checkpoint is step-\d+\.pt"):
        train(config(*QUICK, *wild, "max_steps=400", "keep_checkpoints=2"), data, run, cpu=True)
    state = RunFolder(run).newest()
    assert all(weight.isfinite().all() for weight in state["average"].values())


@pytest.mark.parametrize("group", ["objective", "average"])
def test_a_state_with_nan_is_not_written(run, group):
    folder = RunFolder(run)
    state = folder.newest()
    next(iter(state[group].values()))[...] = torch.nan
    with pytest.raises(
        ValueError, match=f"{group}.* is not finite at step 5.*the newest checkpoint is step-4.pt"
    ):
        folder.save({**state, "step": 5}, keep=1)
    assert [path.name for path in folder.checkpoints()] == ["step-2.pt", "step-4.pt"]


def other_statistics(folder) -> None:
    np.save(folder / "Mean.npy", np.load(folder / "Mean.npy") + 5)


def fewer_clips(folder) -> None:
    (folder / "train.txt").write_text("000003\n000004\n000005\n000006\n")


def another_caption(folder) -> None:
    (folder / "texts" / "000003.txt").write_text("a person swims#a/DET#0.0#0.0\n")


def another_motion(folder) -> None:
    path = folder / "new_joint_vecs" / "000003.npy"
    np.save(path, np.load(path) * 1.01)


@pytest.mark.parametrize("change", [other_statistics, fewer_clips, another_caption, another_motion])
def test_other_data_are_noticed(data, run, tmp_path, change):
    shutil.copytree(data, tmp_path / "data")
    change(tmp_path / "data")
    with pytest.raises(ValueError, match="was trained on other clips, captions or statistics"):
        train(config(*QUICK, "max_steps=6"), tmp_path / "data", run, cpu=True)
    (run / "data.json").unlink()  # a run of ram_sdk 0.1 does not know its data
    train(config(*QUICK, "max_steps=6"), tmp_path / "data", run, cpu=True)
    assert (run / "data.json").is_file()


def test_other_settings_are_said(data, run, capsys):
    train(config(*QUICK, "max_steps=6", "seed=9", "objective.beta=0.5", "batch_size=2"), data, run, cpu=True)
    said = capsys.readouterr().out
    for change in ("seed: 0 -> 9", "objective.beta: 0.01 -> 0.5", "batch_size: 4 -> 2", "max_steps: 4 -> 6"):
        assert f"resumed with a changed setting: {change}" in said


CLIP, TEXT = "new_joint_vecs/000003.npy", "texts/000003.txt"


@pytest.mark.parametrize(
    ("file", "content"),
    [
        (CLIP, b""),
        (CLIP, b"<html>"),
        (CLIP, b"\x93NUMPY\x01\x00"),
        (CLIP, np.zeros((50, 100), np.float32)),
        (CLIP, np.zeros(50, np.float32)),
        (CLIP, np.float32(1)),
        (CLIP, np.full((50, 263), 1e30)),
        (CLIP, np.full((50, 263), np.inf)),
        (CLIP, np.array([{}], dtype=object)),
        (CLIP, np.array(["a"] * 50)),
        (TEXT, b"just words\n"),
        (TEXT, b"caf\xe9#a/DET#0.0#0.0\n"),
        (TEXT, b"a#a/DET#0.0#inf\n"),
        (TEXT, b"a#a/DET#zero#0.0\n"),
    ],
)
def test_a_bad_clip_is_named_and_skipped(data, tmp_path, capsys, file, content):
    shutil.copytree(data, tmp_path / "data")
    path = tmp_path / "data" / file
    if isinstance(content, bytes):
        path.write_bytes(content)
    else:
        np.save(path, content, allow_pickle=True)
    clips = [clip_id for clip_id, *_ in MotionTextFolder(tmp_path / "data").clips("train")]
    assert "000003" not in clips
    assert "000004" in clips
    said = next(line for line in capsys.readouterr().out.splitlines() if "000003" in line)
    assert "clip 000003 is skipped" in said
    assert file in said


@pytest.mark.parametrize(
    ("name", "value"), [("Mean", np.nan), ("Mean", np.inf), ("Std", np.nan), ("Std", np.inf), ("Std", -1.0)]
)
def test_statistics_that_cannot_normalise(data, tmp_path, name, value):
    shutil.copytree(data, tmp_path / "data")
    np.save(tmp_path / "data" / f"{name}.npy", np.full(263, value, np.float32))
    with pytest.raises(ValueError, match=r"Mean\.npy and Std\.npy must be finite"):
        train(config(*QUICK), tmp_path / "data", tmp_path / "run", cpu=True)
