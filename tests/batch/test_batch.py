"""Batches: every prompt answered once whatever ends the run, by motions that no neighbour changes."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from ram_sdk import RAMPipeline
from ram_sdk.batch import Recipe, run
from ram_sdk.batch.manifest import sha256
from ram_sdk.changes import Changes
from ram_sdk.cli import main

STEPS = {"num_inference_steps": 2}
PROMPTS = ("a person walks", "the man jumps", "someone kicks left")


@pytest.fixture
def table(tmp_path: Path) -> Path:
    path = tmp_path / "prompts.csv"
    lines = [f"{PROMPTS[i % 3]},{1 + i % 5 / 4}" for i in range(12)]
    path.write_text("\n".join(["prompt,duration", *lines]) + "\n")
    return path


def recipe(checkpoint: Path, **more) -> Recipe:
    return Recipe(str(checkpoint), sampling=STEPS, **more)


def manifest(folder: Path) -> list[dict]:
    return [json.loads(line) for line in (folder / "manifest.jsonl").read_text().splitlines()]


def joints(folder: Path) -> dict[str, np.ndarray]:
    return {path.name: load(path)["joints"] for path in sorted(folder.glob("*.npz"))}


def load(path: Path) -> dict[str, np.ndarray]:
    with np.load(path) as arrays:
        return dict(arrays)


def test_manifest_says_how_each_file_was_made(checkpoint, table, tmp_path):
    report = run(table, tmp_path / "out", recipe(checkpoint))
    assert (report.made, report.kept, report.skipped) == (12, 0, ())
    entries = manifest(tmp_path / "out")
    assert len({entry["file"] for entry in entries}) == 12
    assert sorted(os.listdir(tmp_path / "out")) == sorted([*(e["file"] for e in entries), "manifest.jsonl"])
    for entry in entries:
        arrays = load(tmp_path / "out" / entry["file"])
        assert sha256(tmp_path / "out" / entry["file"]) == entry["sha256"]
        assert str(arrays["prompt"]) == entry["prompt"]
        assert json.loads(str(arrays["settings"]))["seed"] == entry["seed"]
        assert entry["settings"]["num_inference_steps"] == 2
        assert entry["duration"] == len(arrays["joints"]) / arrays["fps"]


def test_neighbours_change_a_motion_by_rounding_only(checkpoint, table, tmp_path):
    """What a call of the pipeline guarantees: padded sums are added in another order, nothing else."""
    run(table, tmp_path / "one", recipe(checkpoint), batch_size=1)
    run(table, tmp_path / "five", recipe(checkpoint), batch_size=5)
    one, five = joints(tmp_path / "one"), joints(tmp_path / "five")
    assert one.keys() == five.keys()
    for name, alone in one.items():
        np.testing.assert_allclose(five[name], alone, atol=1e-4)
    assert len({alone.tobytes() for alone in one.values()}) == 12


def test_a_batch_makes_what_a_call_makes(checkpoint, table, tmp_path):
    run(table, tmp_path / "out", recipe(checkpoint))
    pipe = RAMPipeline.from_pretrained(checkpoint)
    for entry in manifest(tmp_path / "out")[:3]:
        seed, duration = entry["seed"], entry["duration"]
        made = pipe(entry["prompt"], duration=duration, seed=seed, num_inference_steps=2).motions[0]
        saved = load(tmp_path / "out" / entry["file"])
        np.testing.assert_allclose(saved["joints"], made.joints, atol=1e-4)


def test_goes_on_with_what_is_missing_damaged_or_changed(checkpoint, table, tmp_path):
    out = tmp_path / "out"
    run(table, out, recipe(checkpoint))
    before = {path.name: path.stat().st_mtime_ns for path in out.glob("*.npz")}
    names = sorted(before)
    (out / names[0]).unlink()
    (out / names[1]).write_bytes(b"half")
    with (out / "manifest.jsonl").open("ab") as file:
        file.write(b'{"file": "cut o')
    lines = table.read_text().splitlines()
    lines[3] = "a person waves,1"
    table.write_text("\n".join(lines))
    report = run(table, out, recipe(checkpoint))
    assert (report.made, report.kept) == (3, 9)
    entries = manifest(out)
    assert len(entries) == 13  # the file of the changed row's old name stays, and is recorded
    assert all(sha256(out / entry["file"]) == entry["sha256"] for entry in entries)
    assert all((out / name).stat().st_mtime_ns == before[name] for name in names[3:])
    assert run(table, out, recipe(checkpoint)).made == 0
    assert run(table, out, Recipe(str(checkpoint), sampling={"num_inference_steps": 3})).made == 12


def test_the_record_of_a_folder_is_no_table_for_it(checkpoint, tmp_path):
    table = tmp_path / "manifest.jsonl"
    table.write_text('{"prompt": "a person walks"}\n')
    with pytest.raises(ValueError, match="is the record of that folder"):
        run(table, tmp_path, recipe(checkpoint))
    assert table.read_text() == '{"prompt": "a person walks"}\n'


def test_motions_that_cannot_be_changed_do_not_end_a_run(checkpoint, table, tmp_path):
    told = []
    cut = recipe(checkpoint, changes=Changes(loop=10**6))
    report = run(table, tmp_path / "out", cut, on_bad_row=told.append)
    assert (report.made, report.kept, len(report.skipped)) == (0, 0, 12)
    assert told == list(report.skipped)
    assert told[0].reason.startswith(".npz: ", told[0].reason.index(".npz"))
    assert os.listdir(tmp_path / "out") == ["manifest.jsonl"]


def test_two_runs_in_one_folder_are_refused(checkpoint, table, tmp_path):
    sleeper = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    try:
        (tmp_path / "lock").write_text(json.dumps({"pid": sleeper.pid, "host": os.uname().nodename}))
        with pytest.raises(ValueError, match="another run"):
            run(table, tmp_path, recipe(checkpoint))
    finally:
        sleeper.kill()
        sleeper.wait()


def test_command_lists_bad_rows_and_makes_the_rest(checkpoint, tmp_path, capsys):
    table = tmp_path / "prompts.jsonl"
    rows = [{"prompt": PROMPTS[0], "duration": 1, "num": 2}, {"prompt": ""}, {"prompt": "x", "duration": 99}]
    table.write_text("\n".join(map(json.dumps, rows)))
    command = ["batch", str(table), "-o", str(tmp_path / "out"), "--checkpoint", str(checkpoint)]
    options = ["--steps", "2", "--format", "bvh", "--unit", "m", "--fps", "30"]
    assert main([*command, *options]) == 2
    printed = capsys.readouterr()
    assert "row 2 is skipped: no prompt" in printed.err
    assert "row 3 is skipped: duration 99.0 s" in printed.err
    assert printed.err.endswith("ram-sdk: rows that were skipped: 2, see above\n")
    assert "2 motions made" in printed.out
    files = ["00001_a-person-walks_01.bvh", "00001_a-person-walks_02.bvh"]
    assert [entry["file"] for entry in manifest(tmp_path / "out")] == files
    assert "Frame Time: 0.03333333" in (tmp_path / "out" / files[0]).read_text()


@pytest.mark.slow
@pytest.mark.parametrize("workers", [1, 2])
def test_killed_twice_every_prompt_is_answered_once(checkpoint, table, tmp_path, workers):
    """SIGKILL, wherever it strikes, loses no more than the batch at hand; workers end with their parent."""
    out = tmp_path / "out"
    table.write_text(table.read_text() + "someone turns slowly,3\n" * 28)
    command = [
        sys.executable, "-m", "ram_sdk", "batch", str(table), "-o", str(out), "--checkpoint", str(checkpoint),
        "--steps", "8", "--batch-size", "4", "--workers", str(workers),
    ]  # fmt: skip
    for least in (4, 12):
        process = subprocess.Popen(command, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
        end = time.monotonic() + 120
        while process.poll() is None and count(out) < least and time.monotonic() < end:
            time.sleep(0.05)
        process.send_signal(signal.SIGKILL)
        assert process.wait() == -signal.SIGKILL, "it ended before it was killed"
    assert 12 <= count(out) < 40
    assert subprocess.run(command, stderr=subprocess.DEVNULL).returncode == 0
    entries = manifest(out)
    assert len(entries) == len({entry["file"] for entry in entries}) == 40
    assert all(sha256(out / entry["file"]) == entry["sha256"] for entry in entries)
    assert not (out / "lock").exists()


def count(folder: Path) -> int:
    path = folder / "manifest.jsonl"
    return path.read_bytes().count(b"\n") if path.exists() else 0


def test_where_there_is_no_terminal_lines_say_how_far_it_is(checkpoint, table, tmp_path, capsys):
    command = ["batch", table, "-o", tmp_path / "out", "--checkpoint", checkpoint, "--steps", "2"]
    assert main(list(map(str, command))) == 0
    told = capsys.readouterr().err
    assert told.index("0 of 12 motions") < told.index("12 of 12 motions")


def test_no_more_motions_at_a_time_than_a_call_makes(checkpoint, table, tmp_path):
    many = Recipe(str(checkpoint), sampling={**STEPS, "num_candidates": 16})
    with pytest.raises(ValueError, match="batch_size 257"):
        run(table, tmp_path / "out", many, batch_size=257)
