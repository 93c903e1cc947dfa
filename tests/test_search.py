"""An index of motions: what it finds, reads again and refuses."""

import os
import warnings

import numpy as np
import pytest
import torch
from safetensors.numpy import save_file

from ram_sdk import Motion, MotionIndex, RAMPipeline, search
from ram_sdk.models import Matcher, MatcherConfig


@pytest.fixture(scope="module")
def calibrated(pipeline) -> RAMPipeline:
    return RAMPipeline(**pipeline.components | {"matcher": Matcher(MatcherConfig(5.0, 0.0))})


@pytest.fixture
def folder(pipeline, tmp_path):
    made = pipeline(["a person jumps"] * 3, 60, num_inference_steps=2, seed=[1, 2, 3]).motions
    for number, motion in enumerate(made):
        motion.save(tmp_path / "motions" / "inside" / f"{number}.npz")
    Motion(np.concatenate([motion.joints for motion in made * 3])).save(tmp_path / "motions" / "long.npz")
    return tmp_path / "motions"


def test_links_out_of_a_folder_are_not_followed_where_that_is_asked_for(tmp_path):
    inside, outside = tmp_path / "inside", tmp_path / "outside"
    inside.mkdir()
    outside.mkdir()
    (outside / "secret.npy").touch()
    (inside / "own.npy").touch()
    (inside / "link.npy").symlink_to(outside / "secret.npy")
    assert [name for name, *_ in search._motion_files(inside, inside)] == ["own.npy"]
    assert [name for name, *_ in search._motion_files(inside, None)] == ["link.npy", "own.npy"]


def test_finds_the_nearest_part_of_each_file(calibrated, folder):
    index = MotionIndex.build(calibrated, folder)
    assert len(index) == 4
    matches = calibrated.search("a person jumps", index)
    assert sorted(match.path.name for match in matches) == ["0.npz", "1.npz", "2.npz", "long.npz"]
    assert [m.similarity for m in matches] == sorted((m.similarity for m in matches), reverse=True)
    for match in matches:
        motion = Motion.load(match.path)[round(match.start * 20) : round(match.end * 20)]
        assert calibrated.similarity("a person jumps", motion) == pytest.approx(match.similarity, abs=1e-3)
    assert len(calibrated.search("a person jumps", index, count=2)) == 2


def test_update_reads_only_what_is_new_or_changed(calibrated, folder, monkeypatch):
    index = MotionIndex.build(calibrated, folder)
    read = []
    load = Motion.load
    monkeypatch.setattr(
        Motion, "load", lambda path, **options: read.append(path.name) or load(path, **options)
    )
    Motion.load(folder / "inside" / "0.npz").mirror().save(folder / "inside" / "1.npz")
    Motion.load(folder / "inside" / "0.npz").save(folder / "new.npz")
    (folder / "inside" / "2.npz").unlink()
    read.clear()
    again = index.update(calibrated)
    assert sorted(read) == ["1.npz", "new.npz"]
    fresh = MotionIndex.build(calibrated, folder)
    np.testing.assert_allclose(again.latents, fresh.latents, atol=1e-5)
    assert len(index) == 4


def test_saved_and_loaded_it_is_the_same_elsewhere(calibrated, folder, tmp_path):
    index = MotionIndex.build(calibrated, folder)
    index.save(tmp_path / "x.index")
    os.rename(folder, tmp_path / "moved")
    loaded = MotionIndex.load(tmp_path / "x.index", tmp_path / "moved")
    np.testing.assert_array_equal(loaded.latents, index.latents)
    best = calibrated.search("a person jumps", loaded, 1)[0]
    assert best.path.is_file()
    np.testing.assert_array_equal(loaded.update(calibrated).latents, index.latents)


def test_a_folder_is_no_index(calibrated, folder):
    with pytest.raises(TypeError, match=r"expected a MotionIndex, see MotionIndex\.build"):
        calibrated.search("a person jumps", folder)


def test_a_count_below_one_is_refused(calibrated, folder):
    index = MotionIndex.build(calibrated, folder)
    for count in (0, -3, 2.5, True):
        with pytest.raises(ValueError, match=f"count {count}: expected a whole number"):
            index.nearest(np.ones(16, np.float32), count)
        with pytest.raises(ValueError, match=f"count {count}: expected a whole number"):
            calibrated.search("a person jumps", index, count)


@pytest.mark.parametrize("place", ["motions/own.index", "beside.index"])
def test_an_index_of_a_relative_folder_works_from_anywhere(calibrated, folder, tmp_path, monkeypatch, place):
    monkeypatch.chdir(tmp_path)
    MotionIndex.build(calibrated, "motions").save(place)
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    loaded = MotionIndex.load(tmp_path / place)
    assert all(match.path.is_file() for match in calibrated.search("a person jumps", loaded))
    assert len(loaded.update(calibrated)) == 4
    assert MotionIndex.load(f"../{place}").entry(0, 1.0).path.is_file()


def test_an_index_inside_its_folder_moves_with_it(calibrated, folder, tmp_path):
    MotionIndex.build(calibrated, folder).save(folder / "inside" / "own.index")
    folder.rename(tmp_path / "moved")
    loaded = MotionIndex.load(tmp_path / "moved" / "inside" / "own.index")
    assert all(match.path.is_file() for match in calibrated.search("a person jumps", loaded))


def test_files_without_a_motion_are_named_once(calibrated, folder):
    (folder / "bad.npz").write_bytes(b"no motion")
    with pytest.warns(UserWarning, match=r"1 files hold no motion .* 'bad\.npz'"):
        index = MotionIndex.build(calibrated, folder)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        index.update(calibrated)
    assert "bad.npz" not in {m.path.name for m in calibrated.search("a person jumps", index)}


def test_an_empty_folder_finds_nothing(calibrated, tmp_path):
    assert calibrated.search("a person jumps", MotionIndex.build(calibrated, tmp_path)) == []


def test_another_checkpoint_and_other_files_are_refused(calibrated, pipeline, folder, tmp_path):
    index = MotionIndex.build(calibrated, folder)
    other = RAMPipeline(**pipeline.components | {"motion_encoder": changed(pipeline.motion_encoder)})
    with pytest.raises(ValueError, match="another checkpoint"):
        other.search("a person jumps", index)
    with pytest.raises(FileNotFoundError, match=r"MotionIndex\.build"):
        MotionIndex.load(tmp_path / "absent")
    (tmp_path / "junk").write_bytes(b"junk")
    save_file({"latents": np.zeros((2, 3), dtype=np.float32)}, tmp_path / "other", {"format": "pt"})
    for name in ("junk", "other"):
        with pytest.raises(ValueError, match=f"'{name}' is not a motion index"):
            MotionIndex.load(tmp_path / name)
    with pytest.raises(NotADirectoryError):
        MotionIndex.build(calibrated, tmp_path / "nowhere")


def changed(encoder: torch.nn.Module) -> torch.nn.Module:
    import copy

    other = copy.deepcopy(encoder)
    with torch.no_grad():
        other.token.add_(1.0)
    return other
