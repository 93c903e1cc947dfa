"""Batches and places: nothing is lost, nothing is overwritten, one failure does not end the rest."""

import io
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from ram_sdk import formats
from ram_sdk.cli import main
from ram_sdk.cli.outputs import distinct_names
from ram_sdk.motion import Motion
from tests.synthetic_motion import natural_poses

FAST = ["--steps", "2", "--seed", "5", "--duration", "1"]


@pytest.fixture
def clips(tmp_path: Path) -> list[Path]:
    """Files of one name in two folders, and one of another name."""
    motion = Motion(natural_poses(8).joints.float().numpy())
    names = ("a/walk.npz", "b/walk.npz", "b/run.npz")
    return [motion[: 8 - i].save(tmp_path / name) for i, name in enumerate(names)]


def convert(*arguments: object) -> int:
    return main(["convert", *map(str, arguments)])


def test_files_of_one_name_are_all_kept(clips: list[Path], tmp_path: Path) -> None:
    assert convert(*clips, "-o", f"{tmp_path}/new/deep/", "--format", "npy") == 0
    lengths = {path.name: len(np.load(path)) for path in (tmp_path / "new" / "deep").iterdir()}
    assert lengths == {"a_walk.npy": 8, "b_walk.npy": 7, "run.npy": 6}


@pytest.mark.parametrize(
    ("sources", "names"),
    [
        (["walk.bvh", "jump.bvh"], ["walk", "jump"]),
        (["x/walk.bvh", "y/Walk.bvh"], ["x_walk", "y_Walk"]),
        (["x/walk.bvh", "x/walk.npz"], ["x_walk", "x_walk_2"]),
        (["x/a/walk.bvh", "y/a/walk.bvh", "a_walk.bvh"], ["a_walk", "a_walk_2", "a_walk_3"]),
    ],
)
def test_names_are_distinct(sources: list[str], names: list[str]) -> None:
    assert distinct_names([Path(source) for source in sources]) == names


@pytest.mark.parametrize("target", ["a/", "a/walk.npz", "link.npz", "hard.npz"])
def test_sources_are_never_overwritten(
    clips: list[Path], tmp_path: Path, target: str, capsys: pytest.CaptureFixture[str]
) -> None:
    before = clips[0].read_bytes()
    (tmp_path / "link.npz").symlink_to(clips[0])
    (tmp_path / "hard.npz").hardlink_to(clips[0])
    assert convert(clips[0], "-o", os.path.join(tmp_path, target)) == 2
    assert "is a source of this command" in capsys.readouterr().err
    assert clips[0].read_bytes() == before


def test_two_outputs_at_one_place_are_refused(
    clips: list[Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert convert(clips[0], "-o", tmp_path / "x.npy", "-o", tmp_path / "a/../x.npy") == 2
    assert "would be written twice" in capsys.readouterr().err
    assert not (tmp_path / "x.npy").exists()


def test_a_bad_file_does_not_end_a_batch(
    clips: list[Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "bad.npz").write_bytes(b"nothing")
    sources = [clips[0], tmp_path / "bad.npz", tmp_path / "absent.npy", clips[2]]
    assert convert(*sources, "-o", f"{tmp_path}/out/") == 2
    assert sorted(os.listdir(tmp_path / "out")) == ["run.npz", "walk.npz"]
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 3
    assert lines[-1].startswith("ram-sdk: 2 of 4 failed: ")
    assert "bad.npz" in lines[-1]
    assert "absent.npy" in lines[-1]


def test_what_is_not_installed_is_said_first_and_the_rest_is_written(
    clips: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PATH", "")
    monkeypatch.setitem(sys.modules, "bpy", None)
    assert convert(clips[0], "-o", tmp_path / "x.fbx") == 2
    error = capsys.readouterr().err
    assert error == "ram-sdk: fbx needs Blender on the PATH or its package: pip install bpy\n"
    assert convert(clips[0], "-o", tmp_path / "x.fbx", "-o", tmp_path / "x.npy") == 2
    assert not (tmp_path / "x.fbx").exists()
    assert (tmp_path / "x.npy").exists()


@pytest.mark.parametrize(
    ("outputs", "message"),
    [
        (["x.gif", "x.bvh"], "pictures need Pillow: pip install 'ram_sdk[preview]'"),
        (["x.bvh", "x.png"], "pictures need Pillow: pip install 'ram_sdk[preview]'"),
        (["x.mp4", "x.npz"], "films need Pillow: pip install 'ram_sdk[preview]'"),
        (["x.fbx", "x.json"], "fbx needs Blender on the PATH or its package: pip install bpy"),
    ],
)
def test_what_is_not_installed_does_not_cost_the_other_outputs(
    checkpoint: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    outputs: list[str],
    message: str,
) -> None:
    monkeypatch.setenv("PATH", "")
    for package in ("bpy", "PIL"):
        monkeypatch.setitem(sys.modules, package, None)
    for name in ("pictures", "film"):
        monkeypatch.delitem(sys.modules, f"ram_sdk.formats.{name}", raising=False)
        monkeypatch.delattr(formats, name, raising=False)
    places = [argument for name in outputs for argument in ("-o", str(tmp_path / name))]
    assert main(["generate", "a person walks", "--checkpoint", str(checkpoint), *FAST, *places]) == 2
    lines = capsys.readouterr().err.splitlines()
    assert lines[0] == f"ram-sdk: {message}"
    assert not any("Traceback" in line for line in lines)
    written = [path.name for path in tmp_path.glob("x.*")]
    assert written == [name for name in outputs if name.endswith((".bvh", ".npz", ".json"))]


@pytest.mark.parametrize("package", ["peft", "ray", "mcp", "PIL", "uvicorn"])
@pytest.mark.parametrize("fault", ["cannot import name 'HybridCache' from 'transformers'", "absent"])
def test_an_installed_package_that_fails_to_import_is_not_called_missing(package: str, fault: str) -> None:
    error = ModuleNotFoundError(package) if fault == "absent" else ImportError(f"{fault}\nsee above")
    message = str(formats.MissingPackageError.because(error, f"this needs {package}", "training"))
    assert message.startswith(f"this needs {package}")
    assert message.endswith(" 'ram_sdk[training]'")
    assert ("installed but fails to import" in message) == (fault != "absent")
    assert (fault in message) == (fault != "absent")
    assert "\n" not in message


def test_links_are_written_through_and_pipes_refused(clips: list[Path], tmp_path: Path) -> None:
    (tmp_path / "link.npy").symlink_to("real.npy")
    assert convert(clips[0], "-o", tmp_path / "link.npy") == 0
    assert (tmp_path / "link.npy").is_symlink()
    assert len(np.load(tmp_path / "real.npy")) == 8
    os.mkfifo(tmp_path / "pipe.npy")
    assert convert(clips[0], "-o", tmp_path / "pipe.npy") == 2
    assert (tmp_path / "pipe.npy").is_fifo()


@pytest.mark.parametrize(
    ("letter", "suffix"),
    [
        ("n", ".npy"),
        ("n", ".npz"),
        ("ö", ".json"),
        ("動", ".bvh"),
        ("ö", ".glb"),
        ("動", ".html"),
        ("n", ".png"),
    ],
)
def test_the_longest_names_that_are_allowed(
    clips: list[Path], tmp_path: Path, letter: str, suffix: str, capsys: pytest.CaptureFixture[str]
) -> None:
    width, room = len(letter.encode()), 255 - len(suffix)  # the system counts bytes
    longest = letter * (room // width) + "n" * (room % width)
    assert convert(clips[0], "-o", tmp_path / f"{longest}{suffix}") == 0
    assert capsys.readouterr().err == ""
    assert convert(clips[0], "-o", tmp_path / f"{longest}n{suffix}") == 2
    message = capsys.readouterr().err
    assert "File name too long" in message
    assert ".part" not in message
    assert [path.name for path in tmp_path.iterdir() if path.is_file()] == [f"{longest}{suffix}"]


@pytest.mark.parametrize("encoding", ["cp1252", "ascii", "gbk"])
def test_consoles_that_cannot_show_a_name(
    checkpoint: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, encoding: str
) -> None:
    printed = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(printed, encoding=encoding))
    prompts = ["a person walks", "someone waves \N{SNOWMAN}\N{PERFORMING ARTS}", "a person jumps"]
    command = ["generate", *prompts, "--checkpoint", str(checkpoint), *FAST, "--batch-size", "1"]
    assert main([*command, "-o", f"{tmp_path}/out/"]) == 0
    assert len(os.listdir(tmp_path / "out")) == 3
    assert b"waves ?" in printed.getvalue() or encoding == "gbk"


def _output(reader: str) -> io.TextIOWrapper | None:
    """A standard output that nobody reads, that is full, or that was closed before the start."""
    if reader == "full":
        return open("/dev/full", "w")
    if reader == "absent":
        return None
    read, write = os.pipe()
    os.close(read)
    return os.fdopen(write, "w")


@pytest.mark.parametrize("reader", ["closed", "full", "absent"])
@pytest.mark.parametrize(
    ("command", "files"),
    [
        (["convert", "a/walk.npz", "b/run.npz", "-o", "out/", "--format", "npy"], 2),
        (["convert", "a/walk.npz", "b/walk.npz", "b/run.npz", "--json", "-o", "out/"], 3),
        (["generate", "a person walks", "--num", "3", "--batch-size", "1", *FAST, "-o", "out/"], 3),
        (["batch", "table.csv", "-o", "out", "--steps", "2", "--device", "cpu"], 2),
    ],
)
def test_an_output_that_takes_nothing_ends_no_run(
    checkpoint: Path, clips: list[Path], monkeypatch: pytest.MonkeyPatch, tmp_path: Path, command: list[str],
    files: int, reader: str,
) -> None:  # fmt: skip
    monkeypatch.chdir(tmp_path)
    Path("table.csv").write_text("prompt,duration\na person walks,1\na person jumps,1\n")
    if command[0] != "convert":
        command = [*command, "--checkpoint", str(checkpoint)]
    output = _output(reader)
    monkeypatch.setattr(sys, "stdout", output)
    assert main(command) == 0
    assert len([path for path in Path("out").iterdir() if path.suffix in (".npy", ".npz")]) == files
    if output is not None:
        output.close()


@pytest.mark.slow
@pytest.mark.parametrize("reader", ["closed", "full"])
def test_nobody_who_reads_the_list(checkpoint: Path, tmp_path: Path, reader: str) -> None:
    command = [
        sys.executable, "-m", "ram_sdk", "generate", "a person walks", "--num", "6", "--batch-size", "2",
        *FAST, "--checkpoint", str(checkpoint), "-o", f"{tmp_path}/out/",
    ]  # fmt: skip
    if reader == "full":
        with open("/dev/full", "w") as full:
            done = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True)
        assert "the files still are" in done.stderr
    else:
        read, write = os.pipe()
        os.close(read)
        done = subprocess.run(command, stdout=write, stderr=subprocess.PIPE, text=True)
        os.close(write)
        assert done.stderr == ""
    assert done.returncode == 0
    assert len(os.listdir(tmp_path / "out")) == 6


@pytest.mark.slow
def test_termination_leaves_no_temporary_file(clips: list[Path], tmp_path: Path) -> None:
    command = [sys.executable, "-m", "ram_sdk", "convert", str(clips[0]), "-o", f"{tmp_path}/out/x.gif"]
    process = subprocess.Popen([*command, "--fps", "1000", "--body", "mesh"], stderr=subprocess.PIPE)
    end = time.monotonic() + 60
    while process.poll() is None and not list(tmp_path.glob("out/.ram_sdk-*")) and time.monotonic() < end:
        time.sleep(0.02)
    process.send_signal(signal.SIGTERM)
    assert process.wait(60) in (143, 0)
    assert not list(tmp_path.glob("out/.*"))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--names", "smpl"], "--names is an option of .bvh, .glb, .usd, .usda, .fbx: .npz does not take it"),
        (["--layout", "amass"], ".npz: layout 'amass': choose 'motion', 'smplh' or 'smplx'"),
        (["-o", "x.png", "--size", "3"], ".png: size 3: expected 64 to 4096"),
        (["-o", "x.obj", "-o", "x.gif", "--body", "mesh"], ".obj: body 'mesh': choose 'embedded' or 'smpl'"),
        (["--fps", "1e9"], "--fps 1e+09: expected 0.1 to 1000"),
        (["--fps", "nan"], "--fps: nan: expected a finite number"),
        (["-o", "folder"], "or 'folder/' for a folder"),
        (["-o", "out/", "--format", "xyz"], "--format: xyz: use one of .npy"),
    ],
)
def test_options_that_do_not_fit(
    clips: list[Path],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
    message: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    before = sorted(os.listdir(tmp_path))
    assert convert(clips[0], "-o", "new.npz", *arguments) == 2
    error = capsys.readouterr().err
    assert message in error
    assert error.count("\n") == 1
    assert sorted(os.listdir(tmp_path)) == before


def test_options_of_formats_reach_their_files(clips: list[Path], tmp_path: Path) -> None:
    outputs = ["-o", tmp_path / "x.bvh", "-o", tmp_path / "x.npz", "-o", tmp_path / "x.usda"]
    options = ["--unit", "m", "--names", "smpl", "--layout", "smplh", "--fps", "60"]
    assert convert(clips[0], *outputs, *options) == 0
    text = (tmp_path / "x.bvh").read_text()
    assert "ROOT Pelvis" in text
    assert "Frame Time: 0.01666667" in text
    assert "OFFSET 0.000000 -0.393600" in text
    with np.load(tmp_path / "x.npz") as arrays:
        assert arrays["mocap_framerate"] == 60
    assert "Pelvis/L_Hip" in (tmp_path / "x.usda").read_text()


@pytest.mark.parametrize("number", ["1000000000", "200000"])
def test_too_many_motions_are_refused(
    checkpoint: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], number: str
) -> None:
    command = ["generate", "a person walks", "--checkpoint", str(checkpoint), "-o", f"{tmp_path}/out/"]
    assert main([*command, "--num", number]) == 2
    assert f"--num {number}" in capsys.readouterr().err


@pytest.mark.parametrize("device", ["cuda:99", "tpu", "", "meta", "CPU", "cuda:-1", "privateuseone"])
def test_devices_that_are_not_there(tmp_path: Path, capsys: pytest.CaptureFixture[str], device: str) -> None:
    command = ["generate", "a person walks", "--checkpoint", "./absent", "-o", str(tmp_path / "x.npz")]
    assert main([*command, "--device", device]) == 2
    error = capsys.readouterr().err
    assert error.startswith(f"ram-sdk: --device {device!r}: this machine has cpu")
    assert error.count("\n") == 1


@pytest.mark.parametrize("scale", ["1e30", "1e300", "-1e4"])
@pytest.mark.parametrize("name", ["reg", "cfg"])
def test_scales_that_overflow_are_named(
    checkpoint: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str, scale: str
) -> None:
    command = ["generate", "a person walks", "--checkpoint", str(checkpoint), "-o", str(tmp_path / "x.npz")]
    assert main([*command, f"--{name}-scale={scale}"]) == 2
    assert f"{name}_scale" in capsys.readouterr().err


def test_sampling_options_reach_the_pipeline(checkpoint: Path, tmp_path: Path) -> None:
    command = ["generate", "a person walks", "--checkpoint", str(checkpoint), "-o", str(tmp_path / "x.npz")]
    options = ["--sampler", "dpm++", "--spacing", "noisy_first", "--steps", "4", "--duration", "1"]
    assert main([*command, *options, "--reg-scale", "2", "--cfg-scale", "1"]) == 0
    settings = Motion.load(tmp_path / "x.npz").settings
    assert (settings["sampler"], settings["timestep_spacing"]) == ("dpm++", "noisy_first")
    assert (settings["num_inference_steps"], settings["reg_scale"], settings["cfg_scale"]) == (4, 2, 1)
    timesteps = main([*command, "--steps", "4", "--reg-timesteps", "3,2", "--duration", "1"])
    assert timesteps in (0, 2)  # 2 where the checkpoint's schedule has other timesteps
