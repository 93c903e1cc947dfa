"""Positions that other programs wrote: rate, unit, axes, sides and order of joints are read or told."""

import json
import pickle
import tracemalloc
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ram_sdk.formats.bone_names import BONE_NAMES
from ram_sdk.formats.positions import MisreadWarning
from ram_sdk.motion import Motion
from ram_sdk.skeleton.features import canonicalize
from ram_sdk.skeleton.joints import HUMANML3D
from ram_sdk.skeleton.upright import turn_to_y
from tests.synthetic_kit import kit_joints
from tests.synthetic_motion import natural_poses

FPS = 20.0


@pytest.fixture(scope="module")
def joints() -> np.ndarray:
    return canonicalize(natural_poses(60).joints).numpy()


def load(path: Path, array: np.ndarray, **options: Any) -> Motion:
    np.save(path, array)
    return Motion.load(path, **options)


@pytest.mark.parametrize(("count", "fps"), [(22, "20"), (21, "12.5")])
def test_a_rate_that_is_assumed_is_said(joints: np.ndarray, tmp_path: Path, count: int, fps: str) -> None:
    array = joints if count == 22 else kit_joints(30)
    with pytest.warns(UserWarning, match=f"it has no frame rate: {fps} fps is assumed.*--source-fps"):
        assert load(tmp_path / "a.npy", array).fps == float(fps)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        motion = load(tmp_path / "a.npy", array, fps=30)
    assert (motion.fps, motion.duration) == (30.0, len(array) / 30)


def _written(path: Path, array: np.ndarray) -> Path:
    """A file of positions alone in the format of the suffix, which could name a rate and does not."""
    match path.suffix:
        case ".npy":
            np.save(path, array)
        case ".npz":
            np.savez(path, joints=array)
        case _:
            path.write_text(json.dumps({"joints": array.tolist()}))
    return path


@pytest.mark.parametrize("dtype", [np.float16, np.float32, ">f8"])
@pytest.mark.parametrize("suffix", [".npy", ".npz", ".json"])
def test_a_rate_that_the_file_lacks_is_said(
    joints: np.ndarray, tmp_path: Path, suffix: str, dtype: Any
) -> None:
    path = _written(tmp_path / f"a{suffix}", joints.astype(dtype))
    with pytest.warns(UserWarning, match=rf"'a{suffix}': it has no frame rate: 20 fps is assumed"):
        assert Motion.load(path).duration == 3.0
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert Motion.load(path, fps=30).duration == 2.0


@pytest.mark.parametrize("unit", [1, 10, 1000])
@pytest.mark.parametrize("suffix", [".npy", ".npz", ".json"])
def test_kit_ml_has_its_own_rate_in_every_format_and_unit(tmp_path: Path, suffix: str, unit: int) -> None:
    path = _written(tmp_path / f"a{suffix}", kit_joints(25) / unit)
    with pytest.warns(UserWarning, match="it has no frame rate: 12.5 fps is assumed"):
        motion = Motion.load(path)
    assert (motion.fps, motion.duration) == (12.5, 2.0)
    with warnings.catch_warnings():
        warnings.filterwarnings("error", message=".*no frame rate")
        warnings.filterwarnings("ignore", message=".*multiplied by")
        assert Motion.load(path, fps=25).duration == 1.0


@pytest.mark.parametrize("count", [22, 21])
def test_features_have_the_rate_of_their_data_set(joints: np.ndarray, tmp_path: Path, count: int) -> None:
    motion = Motion((joints if count == 22 else kit_joints(30)).astype(np.float32))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        read = load(tmp_path / "a.npy", motion.features)
    assert read.fps == motion.fps == read.skeleton.fps
    normal = (motion.features - motion.features.mean(0)) / (motion.features.std(0) + 0.1)
    with pytest.raises(ValueError, match=r"'a.npy': .* look normalised; multiply them by Std.npy"):
        load(tmp_path / "a.npy", normal)


@pytest.mark.parametrize("up", ["+z", "-z", "+x", "-y"])
@pytest.mark.parametrize("suffix", [".npy", ".npz", ".json"])
def test_another_up_axis_is_turned_and_said(joints: np.ndarray, tmp_path: Path, up: str, suffix: str) -> None:
    turned = Motion((joints @ turn_to_y(up)).astype(np.float32), FPS, "he walks")
    path = turned.save(tmp_path / f"a{suffix}")
    with pytest.warns(MisreadWarning, match=rf"'a.{suffix[1:]}': the body stands along .*: it was rotated"):
        read = Motion.load(path)
    np.testing.assert_allclose(read.joints, joints, atol=1e-4)
    np.testing.assert_allclose(Motion.load(path, up=up).joints, joints, atol=1e-4)
    np.testing.assert_allclose(Motion.load(path, up="y").joints, turned.joints, atol=1e-4)


@pytest.mark.parametrize("factor", [100.0, 1000.0])
@pytest.mark.parametrize("suffix", [".npy", ".npz", ".json"])
def test_another_unit_is_scaled_and_said(
    joints: np.ndarray, tmp_path: Path, factor: float, suffix: str
) -> None:
    path = Motion((joints * factor).astype(np.float32)).save(tmp_path / f"a{suffix}")
    with pytest.warns(UserWarning, match=rf"'a.{suffix[1:]}': .* look like .*: multiplied by {1 / factor:g}"):
        read = Motion.load(path)
    np.testing.assert_allclose(read.joints, joints, atol=1e-4)
    assert read.features.shape == (60, 263)


@pytest.mark.parametrize("divisor", [10, 1000])
def test_kit_ml_is_brought_to_millimetres(tmp_path: Path, divisor: int) -> None:
    kit = kit_joints(30)
    with pytest.warns(UserWarning, match=f"multiplied by {divisor}"):
        read = load(tmp_path / "a.npy", kit / divisor)
    np.testing.assert_allclose(read.joints, kit, atol=0.05)


@pytest.mark.parametrize("suffix", [".npy", ".npz", ".json", ".bvh"])
def test_swapped_sides_are_reported(joints: np.ndarray, tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"a{suffix}"
    if suffix == ".bvh":
        text = Motion(joints.astype(np.float32)).save(path).read_text(encoding="ascii")
        swapped = text.replace("Left", "#").replace("Right", "Left").replace("#", "Right")
        path.write_text(swapped, encoding="ascii")
    else:
        Motion((joints * (-1, 1, 1)).astype(np.float32)).save(path)
    with pytest.warns(MisreadWarning, match="toes point backwards.*: nothing was changed; swap left"):
        Motion.load(path)


def named(joints: np.ndarray, names: list[str], **more: Any) -> dict[str, Any]:
    return {"fps": FPS, "joint_names": names, "joints": joints.tolist(), **more}


@pytest.mark.parametrize("seed", range(3))
def test_joints_are_in_the_order_that_the_file_names(joints: np.ndarray, tmp_path: Path, seed: int) -> None:
    path = tmp_path / "a.json"
    order = np.random.default_rng(seed).permutation(22)
    path.write_text(json.dumps(named(joints[:, order], [HUMANML3D.joint_names[j] for j in order])))
    np.testing.assert_allclose(Motion.load(path).joints, joints, atol=1e-5)


@pytest.mark.parametrize("names", ["mixamo", "smpl", "unreal"])
def test_joints_of_other_names_are_found_by_role(joints: np.ndarray, tmp_path: Path, names: str) -> None:
    path = tmp_path / "a.json"
    order = np.random.default_rng(1).permutation(22)
    path.write_text(json.dumps(named(100 * joints[:, order], [BONE_NAMES[names][j] for j in order])))
    assert np.linalg.norm(Motion.load(path).joints - joints, axis=-1).mean() < 0.05


@pytest.mark.parametrize(
    "change",
    [
        {"joint_names": "pelvis"},
        {"joint_names": ["pelvis"] * 22},
        {"joint_names": list(HUMANML3D.joint_names[:21])},
        {"joint_names": [f"point {i}" for i in range(22)]},
        {"joints": [[1, 2], [3]]},
        {"joints": "many"},
        {"joints": [[[10**400] * 3] * 22]},
        {"fps": "20"},
        {"fps": 10**400},
        {"fps": True},
        {"prompt": 5},
        {"settings": [1]},
    ],
)
def test_json_of_odd_content_is_told(joints: np.ndarray, tmp_path: Path, change: dict[str, Any]) -> None:
    path = tmp_path / "a.json"
    path.write_text(json.dumps(named(joints, list(HUMANML3D.joint_names)) | change))
    with pytest.raises(ValueError, match=r"^'a.json' is not a motion in JSON: \S"):
        Motion.load(path)


@pytest.mark.parametrize("content", ["[]", "5", '{"fps": 20}', "[" * 100_000, '{"joints": NaN}'])
def test_other_json_is_told(tmp_path: Path, content: str) -> None:
    (tmp_path / "a.json").write_text(content)
    with pytest.raises(ValueError, match=r"^'a.json' is not a motion in JSON: \S"):
        Motion.load(tmp_path / "a.json")


class _Hostile:
    def __init__(self, trace: Path) -> None:
        self.trace = trace

    def __reduce__(self) -> Any:
        return open, (str(self.trace), "w")


@pytest.mark.parametrize(
    ("content", "hint"),
    [
        ({"motion": np.zeros((3, 22, 3, 60)), "lengths": np.array([60] * 3), "text": ["a"] * 3}, True),
        ({"motion": np.zeros((500, 22, 3, 60)), "lengths": np.full(500, 60), "num_samples": 500}, True),
        ({"smpl": np.zeros(3)}, False),
        ([1, 2], False),
    ],
)
def test_results_of_mdm_are_not_opened_but_known(tmp_path: Path, content: Any, hint: bool) -> None:
    path, trace = tmp_path / "results.npy", tmp_path / "trace"
    hostile = [_Hostile(trace)] if isinstance(content, list) else content | {"code": _Hostile(trace)}
    array = np.empty((), dtype=object)
    array[()] = hostile
    np.save(path, array, allow_pickle=True)
    with pytest.raises(ValueError, match=r"^'results.npy': holds pickled Python objects") as error:
        Motion.load(path)
    assert ("['motion'][0].transpose(2, 0, 1)" in str(error.value)) == hint
    assert not trace.exists()
    path.write_bytes(pickle.dumps(hostile))
    with pytest.raises(ValueError, match="is not an array file"):
        Motion.load(path)
    assert not trace.exists()


def test_the_way_out_that_is_named_for_mdm_works(joints: np.ndarray, tmp_path: Path) -> None:
    """What the message says, done by hand, gives a file that is read."""
    results = {"motion": joints.transpose(1, 2, 0)[None], "lengths": np.array([60])}
    np.save(tmp_path / "results.npy", np.array(results, dtype=object), allow_pickle=True)
    loaded = np.load(tmp_path / "results.npy", allow_pickle=True)
    array = loaded.item()["motion"][0].transpose(2, 0, 1)
    np.testing.assert_allclose(load(tmp_path / "motion.npy", array, fps=20).joints, joints, atol=1e-5)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"settings": np.array(3)}, "settings of shape"),
        ({"settings": np.array("[1]")}, "expected an object"),
        ({"settings": np.array("{" * 9)}, "Expecting property name"),
        ({"prompt": np.zeros(3)}, "prompt of shape"),
        ({"fps": np.array([20, 30])}, "fps of shape"),
        ({"fps": np.array(-1.0)}, "expected a positive number"),
        ({"joints": np.array([{}], dtype=object)}, "holds pickled Python objects"),
        ({"joints": np.zeros((5, 4))}, "joints of shape"),
    ],
)
def test_archives_of_odd_content_are_told(
    joints: np.ndarray, tmp_path: Path, change: dict[str, Any], message: str
) -> None:
    path = Motion(joints.astype(np.float32)).save(tmp_path / "a.npz")
    with np.load(path) as archive:
        arrays = {name: archive[name] for name in archive.files}
    np.savez(path, **(arrays | change))
    with pytest.raises(ValueError, match=f"^'a.npz' is not a motion archive: .*{message}"):
        Motion.load(path)


@pytest.mark.parametrize(
    "arrays",
    [
        {"poses": np.zeros((400_000, 156), np.uint8), "trans": np.zeros((400_000, 3), np.uint8)},
        {"joints": np.zeros((900_000, 22, 3), np.uint8)},
    ],
)
def test_archives_that_grow_are_refused_unopened(tmp_path: Path, arrays: dict[str, np.ndarray]) -> None:
    path = tmp_path / "a.npz"
    np.savez_compressed(path, fps=20.0, **arrays)
    assert path.stat().st_size < 70_000
    tracemalloc.start()
    with pytest.raises(ValueError, match=r"has \d00000 frames: at most 250000 are read; cut it first"):
        Motion.load(path)
    assert tracemalloc.get_traced_memory()[1] < 1 << 20
    tracemalloc.stop()


def test_long_motions_are_read(joints: np.ndarray, tmp_path: Path) -> None:
    long = np.resize(joints, (50_000, 22, 3)).astype(np.float32)
    np.savez(tmp_path / "a.npz", joints=long, fps=120.0)
    np.testing.assert_array_equal(Motion.load(tmp_path / "a.npz").joints, long)


@pytest.mark.parametrize("suffix", [".npz", ".json"])
@pytest.mark.parametrize(
    ("made", "warning"),
    [
        ({"prompt": "x" * 20_001}, "its prompt has 20001 characters, above 20000: left out"),
        ({"settings": {"a": "x" * (1 << 20)}}, "its settings have 1048585 characters, above 1048576: left"),
    ],
)
def test_prompts_and_settings_of_any_size_are_left_out(
    joints: np.ndarray, tmp_path: Path, suffix: str, made: dict[str, Any], warning: str
) -> None:
    path = Motion(joints.astype(np.float32), **made).save(tmp_path / f"a{suffix}")
    with pytest.warns(UserWarning, match=warning):
        motion = Motion.load(path)
    assert (motion.prompt, motion.settings) == (None, {})


@pytest.mark.parametrize(
    ("change", "what"),
    [
        (lambda features: features[:3], r"have the shape \(3, 263\), not \(60, 263\)"),
        (lambda features: features[:, :251], r"have the shape \(60, 251\)"),
        (lambda features: features[:, :4], r"have the shape \(60, 4\)"),
        (lambda features: features * np.nan, "are not finite numbers"),
        (lambda features: features.astype(str), "are not finite numbers"),
        (lambda features: features[::-1], r"decode to other joints, up to [\d.]+ m away"),
        (lambda features: features * 1e300, "decode to other joints"),
        (lambda features: features + 0.1 * (np.arange(263) == 40), "decode to other joints"),
    ],
)
def test_features_of_other_joints_are_left_out(
    joints: np.ndarray, tmp_path: Path, change: Callable[[np.ndarray], np.ndarray], what: str
) -> None:
    features = Motion(joints.astype(np.float32)).features.astype(np.float64)
    np.savez(tmp_path / "a.npz", joints=joints, features=change(features), fps=20.0)
    with pytest.warns(UserWarning, match=f"its features {what}.*: left out"):
        motion = Motion.load(tmp_path / "a.npz")
    assert motion.generated_features is None
    np.testing.assert_allclose(motion.joints, joints, atol=1e-5)


def test_features_of_a_part_are_kept_wherever_it_stands(joints: np.ndarray, tmp_path: Path) -> None:
    """A span keeps its place and heading, which features do not hold."""
    motion = Motion.from_features(Motion(joints.astype(np.float32)).features)[20:50]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        read = Motion.load(motion.save(tmp_path / "a.npz"))
    np.testing.assert_array_equal(read.features, motion.features)


def test_an_archive_of_joints_alone_is_read(joints: np.ndarray, tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", joints=joints, fps=np.array([[25]]))
    motion = Motion.load(tmp_path / "a.npz")
    assert (motion.fps, motion.prompt, motion.settings) == (25.0, None, {})


@pytest.mark.parametrize("suffix", [".npz", ".json"])
@pytest.mark.parametrize("name", ["mocap_framerate", "mocap_frame_rate", "fps", "framerate", "frame_rate"])
def test_the_frame_rate_has_many_names(joints: np.ndarray, tmp_path: Path, suffix: str, name: str) -> None:
    path = tmp_path / f"a{suffix}"
    if suffix == ".npz":
        np.savez(path, joints=joints, **{name: np.array(120.0)})
    else:
        path.write_text(json.dumps({"joints": joints.tolist(), name: 120}))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert Motion.load(path).fps == 120.0


@pytest.mark.parametrize("suffix", [".npz", ".json", ".bvh"])
@pytest.mark.parametrize(
    ("fps", "told"), [(0.12, "0.12 .*, or 120 if it means milliseconds"), (4.0, "4 "), (1200, "1200 ")]
)
def test_rates_that_nobody_captures_at_are_told(
    joints: np.ndarray, tmp_path: Path, suffix: str, fps: float, told: str
) -> None:
    path = tmp_path / f"a{suffix}"
    Motion(joints.astype(np.float32)).save(path)
    if suffix == ".npz":
        np.savez(path, joints=joints, fps=fps)
    elif suffix == ".json":
        path.write_text(json.dumps({"joints": joints.tolist(), "fps": fps}))
    else:
        path.write_text(path.read_text().replace("Frame Time: 0.05000000", f"Frame Time: {1 / fps:.8f}"))
    with pytest.warns(UserWarning, match=f"it says {told}"):
        assert Motion.load(path).fps == pytest.approx(fps, rel=1e-4, abs=1e-3)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        Motion.load(path, fps=120)


@pytest.mark.parametrize("suffix", [".npy", ".npz"])
def test_a_clip_without_a_body_is_told(tmp_path: Path, suffix: str) -> None:
    path = Motion(np.zeros((40, 22, 3), np.float32)).save(tmp_path / f"a{suffix}")
    with pytest.warns(UserWarning, match="the legs have no length: there is no body in it"):
        Motion.load(path, fps=20)


def test_only_files_that_name_joints_have_a_person_or_a_skeleton(joints: np.ndarray, tmp_path: Path) -> None:
    for suffix in (".npy", ".npz"):
        path = Motion(joints.astype(np.float32)).save(tmp_path / f"a{suffix}")
        for options in ({"person": 1}, {"skeleton": {"left_hip": "a"}}):
            with pytest.raises(ValueError, match="are for files that name their joints"):
                Motion.load(path, **options)
