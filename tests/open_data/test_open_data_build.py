"""The open data set built from real excerpts: layout, statistics, determinism, and what the checker finds."""

import hashlib
import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from excerpts import copy_excerpts
from PIL import Image

from ram_sdk.skeleton.features import canonicalize, decode_features, encode_joints
from ram_sdk.skeleton.joints import HUMANML3D, UNIFORM_BONE_LENGTHS
from training.commands.runner import main
from training.data.folder import MotionTextFolder
from training.open_data.build import Totals, build
from training.open_data.check import check_folder
from training.open_data.sources import MIX_TERMS, MIXES, SOURCES

pytestmark = pytest.mark.slow

SENTENCE = "a man strolls ahead and veers to his left"
CLIPS = 6  # of the excerpts some give none: rest poses, a run, half a second of salsa, ...


def digests(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


@pytest.fixture(scope="module")
def captures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = copy_excerpts(tmp_path_factory.mktemp("captures") / "all")
    (folder / "captions" / "accad_on_our_bvh.csv").write_text(
        "bvh,humanml3d_id,amass_seq,start_s,end_s,bvh_seconds,name_match,caption,split\n"
        f"Male2_B10_WalkTurnLeft45.bvh,000001,B10,0.2,2.5,2.6,1.0,{SENTENCE},train\n"
    )
    return folder


@pytest.fixture(scope="module")
def built(captures: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Totals]:
    out = tmp_path_factory.mktemp("open")
    return out, build(captures, out, "open-free", processes=1)


@pytest.fixture
def copy(built: tuple[Path, Totals], tmp_path: Path) -> Path:
    """A copy of the set to break."""
    shutil.copytree(built[0], tmp_path / "set")
    return tmp_path / "set"


def test_layout_and_numbers(built: tuple[Path, Totals]) -> None:
    out, totals = built
    data = MotionTextFolder(out)
    ids = data.ids("all")
    assert (totals.captures, totals.clips - totals.composed) == (10, CLIPS)
    assert totals.composed > CLIPS
    assert len(ids) == 2 * CLIPS + totals.composed
    assert sorted(ids) == sorted(data.ids("train") + data.ids("val") + data.ids("test"))
    listing = json.loads((out / "clips.json").read_text())
    seconds = sum(c["end_seconds"] - c["start_seconds"] for c in listing.values() if not c["mirrored"])
    assert totals.hours == pytest.approx(seconds / 3600)
    for clip_id in ids:
        features, joints = data.features(clip_id), data.joints(clip_id)
        clip = listing[clip_id]
        frames = round((clip["end_seconds"] - clip["start_seconds"]) * 20)
        assert features.shape == (frames, 263)
        assert joints.shape == (frames, 22, 3)
        assert 40 <= frames <= 196
        if "composed" in clip:
            assert clip_id in data.ids("train")
            assert {listing[source]["split"] for source, *_ in clip["sources"]} == {"train"}
            assert len(data.captions(clip_id)) >= 2
        else:
            assert clip["license"] == SOURCES[clip["source"]].license
            assert len(data.captions(clip_id)) >= 4


def test_clips_are_canonical(built: tuple[Path, Totals]) -> None:
    data = MotionTextFolder(built[0])
    parents = np.array(HUMANML3D.parents[1:])
    for clip_id in data.ids("all"):
        joints = data.joints(clip_id).astype(np.float64)
        lengths = np.linalg.norm(joints[:, 1:] - joints[:, parents], axis=-1)
        assert np.abs(lengths - UNIFORM_BONE_LENGTHS).max() < 0.0005
        assert abs(joints[..., 1].min()) < 1e-4
        np.testing.assert_allclose(joints[0, 0, (0, 2)], 0.0, atol=1e-5)
        across = joints[0, 1] - joints[0, 2] + joints[0, 16] - joints[0, 17]
        assert abs(np.degrees(np.arctan2(-across[2], across[0]))) < 1.0
        features = torch.from_numpy(data.features(clip_id)).double()
        np.testing.assert_allclose(decode_features(features).numpy(), joints, atol=1e-5)
        again = decode_features(encode_joints(canonicalize(torch.from_numpy(joints)))).numpy()
        np.testing.assert_allclose(again, joints[:-1], atol=1e-5)


def test_statistics_are_grouped_as_in_humanml3d(built: tuple[Path, Totals]) -> None:
    data = MotionTextFolder(built[0])
    features = np.concatenate([data.features(i) for i in data.ids("train")]).astype(np.float64)
    np.testing.assert_allclose(data.mean, features.mean(0), atol=1e-5)
    for start, end in ((0, 1), (1, 3), (3, 4), (4, 67), (67, 193), (193, 259), (259, 263)):
        np.testing.assert_allclose(data.std[start:end], features[:, start:end].std(0).mean(), rtol=1e-4)


def test_captions_that_people_wrote_of_the_capture_are_listed(built: tuple[Path, Totals]) -> None:
    data = MotionTextFolder(built[0])
    listing = json.loads((built[0] / "clips.json").read_text())
    told = {clip_id: clip["people"] for clip_id, clip in listing.items() if "people" in clip}
    (plain,) = (clip_id for clip_id in told if not listing[clip_id]["mirrored"])
    assert told == {plain: [SENTENCE], f"M{plain}": [SENTENCE.replace("left", "right")]}
    for clip_id, (sentence,) in told.items():
        captions = [caption.text for caption in data.captions(clip_id)]
        assert sentence in captions
        assert len(captions) > 1


def test_mirrored_clips_say_the_other_side(built: tuple[Path, Totals]) -> None:
    data = MotionTextFolder(built[0])
    listing = json.loads((built[0] / "clips.json").read_text())
    turn = next(i for i, c in listing.items() if "TurnLeft" in c.get("file", "") and not c["mirrored"])
    plain = " ".join(caption.text for caption in data.captions(turn))
    mirrored = " ".join(caption.text for caption in data.captions(f"M{turn}"))
    assert "left" in plain
    assert "right" in mirrored
    assert plain.count("left") == mirrored.count("right")

    def turned(clip_id: str) -> float:
        joints = data.joints(clip_id)
        across = joints[:, 1] - joints[:, 2]
        return float(np.ptp(np.unwrap(np.arctan2(-across[:, 2], across[:, 0]))[[0, -1]]))

    assert turned(turn) > 0.3
    assert turned(f"M{turn}") == pytest.approx(turned(turn), abs=0.05)


def test_a_second_build_is_the_same_to_the_byte(
    built: tuple[Path, Totals], captures: Path, tmp_path: Path
) -> None:
    """In two processes, interrupted: two captures are without record and one of them without its files."""
    out = tmp_path / "again"
    shutil.copytree(built[0], out)
    first, second = sorted((out / "records").glob("*.json"))[:2]
    for clip in json.loads(first.read_text())["clips"]:
        for path in out.glob(f"*/*{clip['clip_id']}.*"):
            path.unlink()
    first.unlink()
    second.unlink()
    (out / "clips.json").unlink()
    build(captures, out, "open-free", processes=2)
    assert digests(out) == digests(built[0])


def test_the_card_states_licences_and_losses(built: tuple[Path, Totals]) -> None:
    card = (built[0] / "DATA_CARD.md").read_text()
    assert MIX_TERMS["open-free"] in card
    for name in ("accad", "cmu", "mesh2motion"):
        assert SOURCES[name].license in card
        assert SOURCES[name].credit in card
    assert "SA 3.0" not in card
    about = json.loads((built[0] / "sources.json").read_text())
    assert about["terms"] == MIX_TERMS["open-free"]
    assert about["titles"].keys() == set(MIXES["open-free"])
    assert "NC 4.0" not in card
    assert "mesh2motion: 1 (a single pose)" in card
    assert "| tempo | slower or faster" in card
    assert "| cmu-salsa | 1 | 0 | 1 | 0 |" in card
    assert "| `cmu-extra` | 0.00 of 0.00 | the set has joints" in card
    assert "| https://accad.osu.edu/research/motion-lab/mocap-system-and-data |" in card


def test_mixes_keep_licences_apart() -> None:
    assert not any(
        "NC" in SOURCES[name].license or "SA" in SOURCES[name].license for name in MIXES["open-free"]
    )
    assert not any("SA" in SOURCES[name].license for name in MIXES["open"])
    assert set(MIXES["all"]) == set(SOURCES)
    assert len({source.number for source in SOURCES.values()}) == len(SOURCES)


def test_another_mix_does_not_mix_in(copy: Path, captures: Path) -> None:
    with pytest.raises(ValueError, match="holds the mix 'open-free': build 'open' in another folder"):
        build(captures, copy, "open", processes=1)
    with pytest.raises(ValueError, match="build 'open-free-without-accad' in another folder"):
        build(captures, copy, "open-free", processes=1, without=["accad"])
    with pytest.raises(ValueError, match="mix 'free': choose one of open-free, open, all"):
        build(captures, copy, "free", processes=1)
    (copy / "records" / "mix.txt").write_text("open-free 0123abcd")
    with pytest.raises(ValueError, match="started by another version"):
        build(captures, copy, "open-free", processes=1)


def test_a_capture_that_cannot_be_read_is_named(captures: Path, tmp_path: Path) -> None:
    broken = tmp_path / "captures"
    shutil.copytree(captures, broken)
    walk = broken / "accad" / "Male2_B10_WalkTurnLeft45.bvh"
    walk.write_text(walk.read_text().partition("MOTION")[0])
    with pytest.raises(ValueError, match=r"1 captures could not be built:\n.*WalkTurnLeft45"):
        build(broken, tmp_path / "out", "open-free", processes=1)
    assert len(list((tmp_path / "out" / "records").glob("*.json"))) == 9  # the others are kept


def test_a_built_set_has_no_problem(built: tuple[Path, Totals], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["prepare", "check", "--data", str(built[0])]) == 0
    assert "no problems" in capsys.readouterr().out


def shift_joints(data: MotionTextFolder, clip_id: str, change: Callable[[np.ndarray], np.ndarray]) -> None:
    """Change a clip's joints and encode them again, so that features and joints agree."""
    joints = change(data.joints(clip_id).astype(np.float64))
    features = encode_joints(torch.from_numpy(np.concatenate((joints, joints[-1:])))).float()
    np.save(data.root / "new_joint_vecs" / f"{clip_id}.npy", features.numpy())
    decoded = decode_features(features.double()).float().numpy()
    np.save(data.root / "new_joints" / f"{clip_id}.npy", decoded)


def exchange_sides(joints: np.ndarray) -> np.ndarray:
    names = HUMANML3D.joint_names
    swap = {n: n.replace("left", "#").replace("right", "left").replace("#", "right") for n in names}
    turned = joints[:, [names.index(swap[n]) for n in names]]
    return turned * np.array((-1.0, 1.0, -1.0))  # turned about, so that the exchanged body faces +Z again


def spoil(data: MotionTextFolder, fault: str, clip_id: str) -> None:
    texts = data.root / "texts" / f"{clip_id}.txt"
    features = data.features(clip_id)
    match fault:
        case "nan":
            features[3, 7] = np.nan
            np.save(data.root / "new_joint_vecs" / f"{clip_id}.npy", features)
        case "width":
            np.save(data.root / "new_joint_vecs" / f"{clip_id}.npy", features[:, :251])
        case "missing":
            (data.root / "new_joints" / f"{clip_id}.npy").unlink()
        case "bones":
            shift_joints(data, clip_id, lambda joints: joints * 1.05)
        case "floor":
            shift_joints(data, clip_id, lambda joints: joints + np.array((0.0, 0.1, 0.0)))
        case "sides":
            shift_joints(data, clip_id, exchange_sides)
        case "decode":
            np.save(data.root / "new_joints" / f"{clip_id}.npy", data.joints(clip_id) + np.float32(0.01))
        case "mirror":
            other = next(i for i in data.ids("train") if i.startswith("M") and i != f"M{clip_id}")
            shutil.copy(
                data.root / "new_joint_vecs" / f"{other}.npy",
                data.root / "new_joint_vecs" / f"M{clip_id}.npy",
            )
            shutil.copy(
                data.root / "new_joints" / f"{other}.npy", data.root / "new_joints" / f"M{clip_id}.npy"
            )
        case "no caption":
            texts.write_text("")
        case "caption":
            texts.write_text("a person walks#0.0#0.0\n")
        case "mirrored text":
            texts.write_text(texts.read_text().replace("a", "the left", 1))
        case "leak":
            (data.root / "test.txt").write_text(f"M{clip_id}\n")
        case "composed":
            moved = next(i for i in data.ids("train") if i.startswith("C"))
            ids = [i for i in data.ids("train") if i != moved]
            (data.root / "train.txt").write_text("\n".join(ids))
            (data.root / "test.txt").write_text(moved)
        case "trial":
            listing = json.loads((data.root / "clips.json").read_text())
            test_id = next(
                i for i in reversed(data.ids("train")) if not i.startswith(("C", "M")) and i != clip_id
            )
            listing[test_id] |= {key: listing[clip_id][key] for key in ("source", "file", "take")}
            (data.root / "clips.json").write_text(json.dumps(listing))
            ids = [i for i in data.ids("train") if i.removeprefix("M") != test_id]
            (data.root / "train.txt").write_text("\n".join(ids))
            (data.root / "test.txt").write_text(f"{test_id}\nM{test_id}\n")


@pytest.mark.parametrize(
    ("fault", "complaint"),
    [
        ("nan", "holds NaN or infinite numbers"),
        ("width", r"features of shape \(\d+, 251\); expected \(frames, 263\)"),
        ("missing", "cannot be read"),
        ("bones", "the length of the bone to .* is off by up to"),
        ("floor", "the lowest joint is 10.0 cm from the floor"),
        ("sides", "the toes point backwards"),
        ("decode", "features and joints differ by up to 10.00 mm"),
        ("mirror", "(from the mirror image|frames, but)"),
        ("no caption", "has no caption"),
        ("caption", "captions cannot be read"),
        ("mirrored text", "captions are not those of .* with left and right swapped"),
        ("leak", "in train.txt and in test.txt"),
        ("composed", r"^C\d+: in test.txt, but composed of M?\d+, which is not"),
        ("trial", "^trial .*: in test and train"),
    ],
)
def test_the_checker_finds(copy: Path, fault: str, complaint: str) -> None:
    data = MotionTextFolder(copy)
    listing = json.loads((copy / "clips.json").read_text())
    walk = next(i for i, c in listing.items() if c.get("file") == "02_01" and not c["mirrored"])
    spoil(data, fault, walk)
    problems = list(check_folder(copy))
    assert any(re.search(complaint, problem) for problem in problems), problems
    assert all("\n" not in problem for problem in problems)


def test_contact_sheets(built: tuple[Path, Totals], tmp_path: Path) -> None:
    assert main(["prepare", "sheets", "--data", str(built[0]), "--out", str(tmp_path)]) == 0
    sheets = {path.stem: path for path in tmp_path.glob("*.png")}
    assert {"walk", "walk-turn", "pick-up-box-put-down", "jumping-jacks", "punch", "roll"} == {
        name for name in sheets if not name.startswith("composed")
    }
    assert "composed-tempo" in sheets
    picture = np.asarray(Image.open(sheets["walk"])).astype(int)
    coral, blue = picture[..., 0] - picture[..., 2] > 100, picture[..., 2] - picture[..., 0] > 100
    assert coral.any()
    assert blue.any()


def test_commands_complain_in_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["prepare", "check", "--data", str(tmp_path)]) == 2
    assert main(["prepare", "open", "--captures", str(tmp_path), "--out", str(tmp_path / "out")]) == 2
    errors = capsys.readouterr().err.strip().splitlines()
    assert len(errors) == 2
    assert "no folder captions/" in errors[1]
