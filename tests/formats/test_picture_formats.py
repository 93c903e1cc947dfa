import sys
from pathlib import Path

import numpy as np
import pytest

from ram_sdk import formats
from ram_sdk.motion import Motion
from tests.full_disk import fill_disk, in_a_child
from tests.synthetic_motion import natural_poses

Image = pytest.importorskip("PIL.Image", reason="pip install 'ram_sdk[preview]'")


@pytest.fixture(scope="module")
def motion() -> Motion:
    joints = natural_poses(12).joints.float().numpy()
    return Motion(joints, prompt="a person walks forward and waves with the left hand " * 2)


def colour_share(image: np.ndarray, channel: int) -> float:
    """Share of pixels in which one of red and blue stands well above the other."""
    red, blue = image[..., 0].astype(int), image[..., 2].astype(int)
    return float(((red - blue) * (1 if channel == 0 else -1) > 60).mean())


@pytest.mark.parametrize("fps", [20.0, 12.5, 30.0, 120.0])
def test_gif_plays_at_the_speed_of_the_motion(motion: Motion, tmp_path: Path, fps: float) -> None:
    clip = Motion(motion.joints, fps)
    with Image.open(clip.save(tmp_path / "a.gif", size=96)) as gif:
        total = 0
        for frame in range(gif.n_frames):
            gif.seek(frame)
            total += gif.info["duration"]
        assert gif.size == (96, 96)
    assert total == pytest.approx(1000 * clip.duration, abs=45)


@pytest.mark.parametrize("fps", [1e-6, 1e-30, 0.0015])
def test_gif_of_frames_that_last_too_long_is_refused(motion: Motion, tmp_path: Path, fps: float) -> None:
    with pytest.raises(ValueError, match=r"frames a second: \.gif shows at least 0\.002"):
        Motion(motion.joints, fps).save(tmp_path / "a.gif", size=64)
    assert list(tmp_path.iterdir()) == []


def test_film_has_every_frame_at_the_right_speed(motion: Motion, tmp_path: Path) -> None:
    imageio_ffmpeg = pytest.importorskip("imageio_ffmpeg")
    film = imageio_ffmpeg.read_frames(str(motion.save(tmp_path / "a.mp4", size=97)))
    about = next(film)
    frames = [np.frombuffer(frame, np.uint8).reshape(98, 98, 3) for frame in film]
    assert (about["fps"], about["size"], len(frames)) == (20.0, (98, 98), len(motion))
    for channel in (0, 2):  # a coral and a blue side
        assert colour_share(frames[0], channel) > 0.005
    assert np.abs(frames[0].astype(int) - frames[-1]).mean() > 1.0


@pytest.mark.parametrize(
    ("suffix", "limit"), [(".mp4", 0), (".mp4", 1000), (".mp4", 3000), (".gif", 500), (".png", 500)]
)
def test_a_full_disk_leaves_the_old_picture(motion: Motion, tmp_path: Path, suffix: str, limit: int) -> None:
    path = tmp_path / f"a{suffix}"
    path.write_bytes(b"old")

    def work() -> None:
        fill_disk(limit)
        motion.save(path, size=96)

    assert in_a_child(work) not in (0, 98)
    assert [(each, each.read_bytes()) for each in tmp_path.iterdir()] == [(path, b"old")]


def test_strip_shows_the_whole_body_in_every_panel(motion: Motion, tmp_path: Path) -> None:
    image = np.asarray(Image.open(motion.save(tmp_path / "a.png", size=160)).convert("RGB"))
    assert image.shape[1] == 8 * 100 + 7 * 2
    panels = np.array_split(image[-160:], 8, axis=1)
    for panel in panels:
        for channel in (0, 2):
            assert colour_share(panel, channel) > 0.005
        border = np.concatenate((panel[:, 2:6].reshape(-1, 3), panel[:, -6:-2].reshape(-1, 3)))
        assert colour_share(border[None], 0) == colour_share(border[None], 2) == 0


def test_mesh_is_drawn_instead_of_the_stick_figure(motion: Motion, tmp_path: Path) -> None:
    stick, mesh = (
        np.asarray(
            Image.open(motion[:1].save(tmp_path / "a.png", size=160, body=body)).convert("L"), dtype=int
        )
        for body in ("stick", "mesh")
    )
    coloured = np.asarray(Image.open(tmp_path / "a.png").convert("RGB"))
    assert colour_share(coloured, 0) == 0  # no coral
    body = mesh[-160:] < 170
    assert 0.02 < body.mean() < 0.4
    assert (body & (stick[-160:] < 190)).sum() > 0.4 * body.sum()  # where the stick figure stands


def test_caption_can_be_changed_and_left_out(motion: Motion, tmp_path: Path) -> None:
    heights = [
        Image.open(motion.save(tmp_path / "a.png", size=80, caption=caption)).height
        for caption in (None, "jump", "")
    ]
    assert heights[0] >= heights[1] > heights[2] == 80


def test_short_and_kit_motions_can_be_shown(tmp_path: Path) -> None:
    Motion(natural_poses(1).joints.numpy()).save(tmp_path / "one.gif", size=64)
    kit = 1000 * natural_poses(3).joints[:, :21].numpy()
    Motion(kit, 12.5).save(tmp_path / "kit.png", size=64)
    assert {path.name for path in tmp_path.iterdir()} == {"one.gif", "kit.png"}


def test_unknown_options_leave_no_file(motion: Motion, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="choose 'stick' or 'mesh'"):
        motion.save(tmp_path / "a.png", body="robot")
    with pytest.raises(ValueError, match="size 8: expected 64 to 4096"):
        motion.save(tmp_path / "a.png", size=8)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("package", "suffix", "extra"),
    [
        ("PIL", ".png", "preview"),
        ("PIL", ".gif", "preview"),
        ("PIL", ".mp4", "preview"),
        ("imageio_ffmpeg", ".mp4", "film"),
    ],
)
def test_missing_packages_are_named(
    motion: Motion, tmp_path: Path, package: str, suffix: str, extra: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "")
    for name in ("pictures", "film"):
        monkeypatch.delitem(sys.modules, f"ram_sdk.formats.{name}", raising=False)
        monkeypatch.delattr(formats, name, raising=False)
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(ImportError, match=rf"pip install 'ram_sdk\[{extra}\]'"):
        motion.save(tmp_path / f"a{suffix}")
    assert not list(tmp_path.iterdir())
