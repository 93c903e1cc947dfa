"""The registry of formats: what each entry promises, and its options in Python, command line and docs."""

import subprocess
import sys
from dataclasses import fields
from importlib import import_module
from pathlib import Path

import numpy as np
import pytest

from ram_sdk import formats
from ram_sdk.cli import main
from ram_sdk.formats.table import markdown
from ram_sdk.formats.write_options import options_of
from ram_sdk.motion import Motion
from ram_sdk.skeleton.joints import MAX_FPS
from tests.synthetic_motion import natural_poses


@pytest.fixture(scope="module")
def motion() -> Motion:
    return Motion(natural_poses(4).joints.float().numpy(), prompt="a person walks")


@pytest.mark.parametrize("kind", formats.FORMATS, ids=lambda kind: kind.module)
def test_every_format_has_a_module_and_documented_options(kind: formats.Format) -> None:
    module = import_module(f"ram_sdk.formats.{kind.module}")
    assert hasattr(module, "write")
    assert hasattr(module, "read") == kind.readable
    assert [option.name for option in options_of(kind.options)] == [one.name for one in fields(kind.options)]
    assert all(option.help for option in options_of(kind.options))
    kind.options()


def test_the_table_has_every_format_and_choice() -> None:
    assert len(markdown().splitlines()) == 2 + len(formats.FORMATS)
    assert "`names` mixamo, mixamorig, smpl, unreal" in markdown()
    assert "`.usd` `.usda`" in markdown()


def test_the_command_line_offers_every_option(capsys: pytest.CaptureFixture[str]) -> None:
    for verb in ("generate", "convert"):
        with pytest.raises(SystemExit):
            main([verb, "--help"])
        text = capsys.readouterr().out
        for kind in formats.FORMATS:
            for option in options_of(kind.options):
                assert option.flag in text or option.kind is object
        assert "in Blender import cm with scale 0.01" in " ".join(text.split())


def test_unknown_options_name_the_known_ones(motion: Motion, tmp_path: Path) -> None:
    with pytest.raises(TypeError, match=r"\.bvh has no option 'units': it has unit, names, order"):
        motion.save(tmp_path / "a.bvh", units="m")
    with pytest.raises(TypeError, match=r"\.npy has no option 'fps': it has no options"):
        motion.save(tmp_path / "a.npy", fps=30)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("suffix", "option"),
    [(".bvh", {"fps": 1e9}), (".glb", {"fps": 0}), (".png", {"size": 10**6}), (".obj", {"frame": 0.5})],
)
def test_numbers_out_of_range_leave_no_file(
    motion: Motion, tmp_path: Path, suffix: str, option: dict[str, float]
) -> None:
    with pytest.raises(ValueError, match=next(iter(option))):
        motion.save(tmp_path / f"a{suffix}", **option)
    assert not list(tmp_path.iterdir())


def test_numbers_of_numpy_are_numbers(motion: Motion, tmp_path: Path) -> None:
    odd = Motion(motion.joints, settings={"scale": np.float32(0.5), "seed": np.int64(7), "at": np.arange(2)})
    for suffix in (".json", ".npz"):
        assert Motion.load(odd.save(tmp_path / f"a{suffix}")).settings == {
            "scale": 0.5,
            "seed": 7,
            "at": [0, 1],
        }
    motion.save(tmp_path / "a.png", size=np.int64(64))
    motion.save(tmp_path / "a.bvh", fps=np.float64(30))
    motion.save(tmp_path / "a.obj", frame=np.int32(-1))


@pytest.mark.parametrize("fps", [0.01, 2 * MAX_FPS, 1e308, 1e-308, float("nan")])
def test_resampling_is_bounded(motion: Motion, fps: float) -> None:
    with pytest.raises(ValueError, match=r"expected 0\.1 to 1000"):
        motion.resample(fps)
    with pytest.raises(ValueError, match="more than 250000 frames"):
        Motion(motion.joints, 1e-6).resample(30)


def test_folders_on_the_way_are_made(motion: Motion, tmp_path: Path) -> None:
    assert motion.save(tmp_path / "new" / "deep" / "a.npy").is_file()
    (tmp_path / "file").touch()
    with pytest.raises(NotADirectoryError, match="is not a folder"):
        motion.save(tmp_path / "file" / "a.npy")


def test_help_needs_no_torch() -> None:
    code = "import sys; from ram_sdk.cli import main\n"
    code += "try: main(['generate', '--help'])\nexcept SystemExit: pass\n"
    code += "print([name for name in ('torch', 'transformers', 'PIL') if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stdout.endswith("[]\n")
