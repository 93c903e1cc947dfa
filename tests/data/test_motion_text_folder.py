"""Reading folders in HumanML3D's layout: the official sample clip, KIT-ML's form, and what is skipped."""

from pathlib import Path

import numpy as np
import pytest
import torch

from ram_sdk.geometry import quaternion_conjugate, rotate, yaw_quaternion
from ram_sdk.skeleton.features import canonicalize, decode_features, encode_joints
from ram_sdk.skeleton.joints import HUMANML3D, KIT_ML, Skeleton
from tests.synthetic_kit import kit_joints
from training.data.check import check_folder
from training.data.folder import MotionTextFolder
from training.dataset import read_split
from training.evaluation.clips import read_labelled
from training.open_data import check as open_data_check
from training.open_data.captions import read_human_captions

OFFICIAL = Path(__file__).with_name("humanml3d_012314.npz")
SAMPLE = "012314"
TEXT = "a person serves a ball#a/DET person/NOUN serve/VERB a/DET ball/NOUN#0.0#0.0\n"


def write_set(
    root: Path, clips: dict[str, tuple[np.ndarray, np.ndarray]], splits: dict[str, list[str]]
) -> None:
    """Write features, joints, one caption each, and the lists of splits."""
    for folder in ("new_joints", "new_joint_vecs", "texts"):
        (root / folder).mkdir(parents=True)
    for clip_id, (features, joints) in clips.items():
        np.save(root / "new_joint_vecs" / f"{clip_id}.npy", features.astype(np.float32))
        np.save(root / "new_joints" / f"{clip_id}.npy", joints.astype(np.float32))
        (root / "texts" / f"{clip_id}.txt").write_text(TEXT)
    for split in ("train", "val", "test"):
        (root / f"{split}.txt").write_text("".join(f"{i}\n" for i in splits.get(split, [])))


def kit_clip(frames: int = 40) -> tuple[np.ndarray, np.ndarray]:
    """KIT-ML features `(frames, 251)` and joints in millimetres of a body that walks stiffly ahead."""
    lengths = np.full(21, 200.0)
    lengths[[11, 16]] = 90.0
    pose = np.zeros((21, 3))
    for joint, parent in enumerate(KIT_ML.parents[1:], start=1):
        pose[joint] = pose[parent] + lengths[joint] * np.array(KIT_ML.rest_directions[joint])
    pose[:, 0] *= -1  # the rest directions are those of a body that faces -Z
    time = np.arange(frames + 1)
    joints = np.tile(pose, (frames + 1, 1, 1))
    joints[..., 2] += 60.0 * time[:, None]
    joints[..., 1] += 30.0 * np.sin(time / 3)[:, None]
    canonical = canonicalize(torch.from_numpy(joints), KIT_ML)
    features = encode_joints(canonical, KIT_ML)
    return features.numpy(), decode_features(features, KIT_ML).numpy()


def heights(skeleton: Skeleton, joints: np.ndarray) -> tuple[float, float]:
    return float(joints[0, skeleton.left_hip, 0]), float(joints[0, skeleton.right_hip, 0])


@pytest.fixture
def official(tmp_path: Path) -> MotionTextFolder:
    """A folder with the official sample clip and statistics, and a copy of the clip that holds NaN."""
    with np.load(OFFICIAL) as stored:
        features, joints, mean, std = (stored[name] for name in ("features", "joints", "mean", "std"))
    broken = features.copy()
    broken[50:] = np.nan
    write_set(tmp_path, {SAMPLE: (features, joints), "007975": (broken, joints)}, {"test": [SAMPLE]})
    np.save(tmp_path / "Mean.npy", mean)
    np.save(tmp_path / "Std.npy", std)
    return MotionTextFolder(tmp_path)


def test_official_sample_is_accepted(official: MotionTextFolder) -> None:
    assert official.skeleton is HUMANML3D
    assert list(check_folder(official.root)) == []


def test_official_features_are_reproduced(official: MotionTextFolder) -> None:
    """The joints lack the last frame that the features were made from; its velocities give it back."""
    joints = torch.from_numpy(official.joints(SAMPLE)).double()
    features = torch.from_numpy(official.features(SAMPLE)).double()
    to_world = quaternion_conjugate(yaw_quaternion(features[:-1, 0].sum()))
    step = rotate(to_world.expand(22, 4), features[-1, 193:259].reshape(22, 3))
    encoded = encode_joints(torch.cat((joints, (joints[-1] + step)[None])))
    assert (encoded - features).abs().max() < 1e-4


def test_clips_with_nan_are_skipped_with_a_message(
    official: MotionTextFolder, capsys: pytest.CaptureFixture[str]
) -> None:
    (official.root / "train.txt").write_text(f"007975\n{SAMPLE}\n")
    clips = list(official.clips("train"))
    assert [clip_id for clip_id, _, _ in clips] == [SAMPLE]
    assert clips[0][2][0].text == "a person serves a ball"
    said = capsys.readouterr().out
    assert "clip 007975 is skipped: new_joint_vecs/007975.npy holds NaN or infinite numbers" in said


def test_kit_ml_is_in_millimetres_at_12_5_fps(tmp_path: Path) -> None:
    features, joints = kit_clip()
    write_set(
        tmp_path, {"00001": (features, joints), "00002": (features, joints * 1.02)}, {"train": ["00001"]}
    )
    np.save(tmp_path / "Mean.npy", np.zeros(251, np.float32))
    np.save(tmp_path / "Std.npy", np.ones(251, np.float32))
    data = MotionTextFolder(tmp_path)
    assert data.skeleton is KIT_ML
    assert data.skeleton.fps == 12.5
    assert data.metre == 1000.0
    left, right = heights(KIT_ML, joints)
    assert left > right
    assert list(check_folder(tmp_path)) == []
    (tmp_path / "train.txt").write_text("00002\n")
    assert any("features and joints differ by up to" in problem for problem in check_folder(tmp_path))


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ((1.0, 1.0, -1.0), "the toes point backwards"),
        ((1.0, -1.0, -1.0), "the body stands along -y, not along y"),
        ((0.001, 0.001, 0.001), "they look like metres"),
    ],
)
def test_positions_are_judged_as_when_they_are_read(tmp_path: Path, change: tuple, problem: str) -> None:
    joints = kit_joints(40) * change
    canonical = canonicalize(torch.from_numpy(joints), KIT_ML)
    features = encode_joints(canonical, KIT_ML)
    decoded = decode_features(features, KIT_ML).numpy()
    write_set(tmp_path, {"00001": (features.numpy(), decoded)}, {"train": ["00001"]})
    for name in ("Mean.npy", "Std.npy"):
        np.save(tmp_path / name, np.ones(251, np.float32))
    assert any(problem in found for found in check_folder(tmp_path))


@pytest.mark.parametrize("content", ["[1]", '{"00001": 5}', "[" * 100_000, "walk", "5"])
def test_odd_listings_are_told(tmp_path: Path, content: str) -> None:
    features, joints = kit_clip()
    write_set(tmp_path, {"00001": (features, joints)}, {"train": ["00001"]})
    for name in ("Mean.npy", "Std.npy"):
        np.save(tmp_path / name, np.ones(251, np.float32))
    (tmp_path / "clips.json").write_text(content)
    for read in (
        lambda: list(open_data_check.check_folder(tmp_path)),
        lambda: read_split(MotionTextFolder(tmp_path), "train", 24),
        lambda: read_labelled(MotionTextFolder(tmp_path), "train"),
    ):
        with pytest.raises(ValueError, match=r"clips.json"):
            read()
    (tmp_path / "kit_ml_cmu.json").write_text(content)
    with pytest.raises(ValueError, match=r"kit_ml_cmu.json: expected sentences by trial"):
        read_human_captions(tmp_path)


def test_damaged_arrays_name_their_file(tmp_path: Path) -> None:
    features, joints = kit_clip()
    write_set(tmp_path, {"00001": (features, joints)}, {"train": ["00001"]})
    for name in ("Mean.npy", "Std.npy"):
        np.save(tmp_path / name, np.ones(251, np.float32))
    path = tmp_path / "new_joints" / "00001.npy"
    path.write_bytes(path.read_bytes()[:-100])
    assert any("00001.npy: is cut off" in found for found in check_folder(tmp_path))


def test_captions_name_the_part_that_they_describe(tmp_path: Path) -> None:
    features, joints = kit_clip()
    write_set(tmp_path, {"00001": (features, joints)}, {"train": ["00001"]})
    for name in ("Mean.npy", "Std.npy"):
        np.save(tmp_path / name, np.ones(251, np.float32))
    data = MotionTextFolder(tmp_path)
    (tmp_path / "texts" / "00001.txt").write_text(
        "he walks.#he/PRON walk/VERB#1.5#3.0\n\nshe stops#she/PRON stop/VERB#nan#nan\n"
    )
    first, second = data.captions("00001")
    assert (first.text, first.tokens, first.start, first.end) == (
        "he walks.",
        ("he/PRON", "walk/VERB"),
        1.5,
        3.0,
    )
    assert (second.start, second.end) == (0.0, 0.0)
    (tmp_path / "texts" / "00001.txt").write_text("he walks#he/PRON#0.0\n")
    with pytest.raises(ValueError, match=r"00001.txt, line 1: .* is not caption#word/TAG"):
        data.captions("00001")


def test_statistics_of_neither_set_are_refused(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        MotionTextFolder(tmp_path)
    for name in ("Mean.npy", "Std.npy"):
        np.save(tmp_path / name, np.ones(67, np.float32))
    with pytest.raises(ValueError, match=r"expected \(263,\) for HumanML3D or \(251,\) for KIT-ML"):
        MotionTextFolder(tmp_path)


def test_items_are_what_the_official_loader_takes(tmp_path):
    clips = {f"{n:06d}": (np.ones((n, 251)), np.ones((n, 21, 3))) for n in (23, 24, 199, 200)}
    write_set(tmp_path, clips, {"train": list(clips)})
    np.save(tmp_path / "Mean.npy", np.zeros(251, dtype=np.float32))
    np.save(tmp_path / "Std.npy", np.ones(251, dtype=np.float32))
    tagged = "a man bows#a/DET man/NOUN bow/VERB#1.0#3.5\n"
    short = "a man nods#a/DET man/NOUN nod/VERB#0.0#1.1\n"
    for clip_id in ("000199", "000200"):
        (tmp_path / "texts" / f"{clip_id}.txt").write_text(TEXT + tagged + tagged + short)

    items = list(MotionTextFolder(tmp_path).items("train", 24))

    told = [(clip_id, len(features), [c.text for c in captions]) for clip_id, features, captions in items]
    serves, bows = ["a person serves a ball"], ["a man bows"]
    assert told == [
        ("000024", 24, serves),
        ("000199", 199, serves),
        ("000199", 50, bows),
        ("000199", 50, bows),
    ]
    (tmp_path / "train.txt").write_text("000200\n")
    with pytest.raises(ValueError, match=r"train.txt of .* lists no clip of 24 to 199 frames"):
        list(MotionTextFolder(tmp_path).items("train", 24))
