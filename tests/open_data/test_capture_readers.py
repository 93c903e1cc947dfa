"""Readers of ASF/AMC, GLB and NPZ captures on short excerpts of real ones."""

import json
import re
import shutil
import struct
from pathlib import Path

import numpy as np
import pytest
from excerpts import CAPTURES, copy_excerpts
from scipy.spatial.transform import Rotation

from training.open_data.asf_amc import acclaim_positions, read_amc, read_asf
from training.open_data.captures import CaptureFile, find_captures, read_capture
from training.open_data.gltf import GltfAnimations

ASF, AMC = CAPTURES / "cmu" / "02" / "02.asf", CAPTURES / "cmu" / "02" / "02_01.amc"
GLB = CAPTURES / "mesh2motion" / "human-base_07962f0f.glb"


@pytest.fixture
def captures(tmp_path: Path) -> Path:
    return copy_excerpts(tmp_path / "captures")


def capture(folder: Path, stem: str, take: str = "") -> CaptureFile:
    files = find_captures(folder, "open-free", folder / "unused")
    return next(file for file in files if file.path.stem == stem and file.take == take)


def test_acclaim_root_and_bones_in_metres() -> None:
    skeleton = read_asf(ASF)
    motion = read_amc(AMC)
    names, positions = acclaim_positions(skeleton, motion)
    unit = 0.0254 / 0.45  # the file's ":units length 0.45"
    assert positions.shape == (128, 31, 3)
    np.testing.assert_allclose(positions[0, 0], np.array([10.4194, 16.7048, -30.1003]) * unit, atol=1e-9)
    femur = next(bone for bone in skeleton.bones if bone.name == "lfemur")
    assert femur.parent == "lhipjoint"
    length = np.linalg.norm(
        positions[:, names.index("lfemur")] - positions[:, names.index("lhipjoint")], axis=-1
    )
    np.testing.assert_allclose(length, np.linalg.norm(femur.offset) * unit, atol=1e-9)


def test_acclaim_angles_turn_about_each_bones_own_axes() -> None:
    """The left knee of frame 0, composed with SciPy from the numbers in the two files."""
    names, positions = acclaim_positions(read_asf(ASF), read_amc(AMC))
    blocks = {}
    for block in ASF.read_text().split(":bonedata")[1].split(":hierarchy")[0].split("begin")[1:]:
        fields = {line.split()[0]: line.split()[1:] for line in block.splitlines() if line.split()}
        blocks[fields["name"][0]] = fields
    first = {}
    for line in AMC.read_text().split("\n1\n")[1].split("\n2\n")[0].splitlines():
        first[line.split()[0]] = np.array(line.split()[1:], dtype=float)

    def frame(angles: list[float]) -> Rotation:  # XYZ with x first: extrinsic, lower case
        return Rotation.from_euler("xyz", angles, degrees=True)

    def reach(bone: str) -> np.ndarray:
        fields = blocks[bone]
        return np.array(fields["direction"], dtype=float) * float(fields["length"][0])

    root = frame(first["root"][3:])
    axis = frame([float(a) for a in blocks["lfemur"]["axis"][:3]])
    assert blocks["lfemur"]["dof"] == ["rx", "ry", "rz"]
    femur = root * axis * frame(first["lfemur"]) * axis.inv()
    knee = first["root"][:3] + root.apply(reach("lhipjoint")) + femur.apply(reach("lfemur"))
    np.testing.assert_allclose(positions[0, names.index("lfemur")], knee * 0.0254 / 0.45, atol=1e-9)


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        (lambda text: text[: len(text) // 2], "bone .* (frames; the file is cut off|inhomogeneous)"),
        (lambda text: text.replace("lfemur", "lfemur x", 1), "bone 'lfemur'"),
        (lambda text: "", "no frames"),
        (lambda text: "lfemur 1 2 3\n" + text, "line 1: .* before the first frame"),
    ],
)
def test_broken_amc_is_refused(tmp_path: Path, change, complaint: str) -> None:
    broken = tmp_path / "02_01.amc"
    broken.write_text(change(AMC.read_text()))
    with pytest.raises(ValueError, match=complaint):
        read_amc(broken)


@pytest.mark.parametrize(
    ("word", "line", "complaint"),
    [
        ("name", "name", "bone 'without a name'"),
        ("name", "", "bone 'without a name'"),
        ("length", "length", "bone 'lhipjoint'"),
        ("length", "length long", "bone 'lhipjoint'.*'long'"),
        ("axis", "axis 0 0", "bone 'lhipjoint'"),
        ("axis", "axis 0 0 0 ZYX", "bone 'lhipjoint': the axis order must be XYZ"),
    ],
)
def test_a_broken_bone_is_named(tmp_path: Path, word: str, line: str, complaint: str) -> None:
    broken = tmp_path / "02.asf"
    head, bones = ASF.read_text().split(":bonedata")
    broken.write_text(head + ":bonedata" + re.sub(rf"\b{word}\b.*", line, bones, count=1))
    with pytest.raises(ValueError, match=rf"02\.asf: {complaint}"):
        read_asf(broken)


def test_amc_of_another_skeleton_is_refused() -> None:
    motion = read_amc(AMC)
    motion["ltibia"] = np.zeros((128, 3))
    with pytest.raises(ValueError, match="'ltibia': the skeleton expects 1 angles"):
        acclaim_positions(read_asf(ASF), motion)


def test_glb_keys_are_reached_exactly() -> None:
    library = GltfAnimations(GLB)
    assert set(library.names) == {"Punch_Jab", "T-Pose"}
    data = GLB.read_bytes()
    size = struct.unpack("<I", data[12:16])[0]
    content = json.loads(data[20 : 20 + size])
    jab = next(a for a in content["animations"] if a["name"] == "Punch_Jab")
    keys = max(content["accessors"][s["input"]]["count"] for s in jab["samplers"])
    at_keys, between = (library.positions("Punch_Jab", fps) for fps in (24.0, 48.0))
    assert len(at_keys) == keys
    np.testing.assert_allclose(between[::2], at_keys, atol=1e-6)
    hand = library.node_names.index("DEF-hand.L")
    forearm = library.node_names.index("DEF-forearm.L")
    lengths = np.linalg.norm(between[:, hand] - between[:, forearm], axis=-1)
    assert np.ptp(lengths) < 1e-5  # rotations are interpolated, not positions


def test_glb_cut_off_is_refused(tmp_path: Path) -> None:
    (tmp_path / "cut.glb").write_bytes(GLB.read_bytes()[:-4])
    with pytest.raises(ValueError, match="not a complete GLB file"):
        GltfAnimations(tmp_path / "cut.glb")


@pytest.mark.parametrize(
    ("stem", "take", "fps", "frames"),
    [
        ("02_01", "", 60.0, 128),
        ("Male2_B10_WalkTurnLeft45", "", 30.0, 80),
        ("PickUpBox_02", "", 12.0, 56),
        ("01", "", 60.0, 30),
        ("human-base_07962f0f", "Punch_Jab", 60.0, 197),
        ("humanoid3d_roll", "", 59.88, 241),
        ("amp_humanoid_run", "", 60.0, 50),
        ("run", "", 120.0, 66),
        ("fair1__wave_hello", "", 97.0, 60),
    ],
)
def test_every_format_gives_22_joints_of_a_person(
    captures: Path, stem: str, take: str, fps: float, frames: int
) -> None:
    found = read_capture(capture(captures, stem, take))
    assert found.fps == pytest.approx(fps, abs=0.01)
    assert found.joints.shape == (frames, 22, 3)
    pose = found.joints[frames // 2]
    assert pose[15, 1] > pose[12, 1] > pose[0, 1] > pose[4, 1] > pose[7, 1]  # head, neck, pelvis, knee, ankle
    across = pose[1] - pose[2]
    toes = pose[10] - pose[7] + pose[11] - pose[8]
    assert np.cross(across, (0.0, 1.0, 0.0)) @ toes > 0  # left and right hip agree with where the toes point


def test_short_loops_are_played_again(captures: Path) -> None:
    loop = read_capture(capture(captures, "human-base_07962f0f", "Punch_Jab")).joints
    period = 49
    np.testing.assert_allclose(loop[period], loop[0], atol=0.05)
    np.testing.assert_allclose(loop[period : 2 * period], loop[:period], atol=0.01)


def test_a_loop_that_travels_goes_on_from_where_it_ended(captures: Path) -> None:
    roll = read_capture(capture(captures, "humanoid3d_roll")).joints
    period = 120
    forward = (roll[period, 0] - roll[0, 0]) * (1, 0, 1)
    assert np.linalg.norm(forward) > 0.5
    np.testing.assert_allclose(roll[period : 2 * period], roll[:period] + forward, atol=1e-5)


def test_deepmimic_knees_and_elbows_bend_as_a_persons_do(captures: Path) -> None:
    pose = read_capture(capture(captures, "humanoid3d_roll")).joints[0]
    forward = np.cross(pose[1] - pose[2], (0.0, 1.0, 0.0))
    for root, hinge, end, sign in ((1, 4, 7, 1), (2, 5, 8, 1), (16, 18, 20, -1), (17, 19, 21, -1)):
        assert sign * (pose[hinge] - (pose[root] + pose[end]) / 2) @ forward > 0


@pytest.mark.parametrize(
    ("name", "content", "complaint"),
    [
        ("humanoid3d_roll.txt", '{"Frames": [[1, 2], [1, 2]]}', "two frames of 44 numbers"),
        ("humanoid3d_roll.txt", '{"Loop": "wrap"}', "an object with Frames"),
        ("humanoid3d_roll.txt", "roll", "expected a DeepMimic motion"),
    ],
)
def test_a_broken_deepmimic_file_is_named(captures: Path, name: str, content: str, complaint: str) -> None:
    (captures / "deepmimic" / name).write_text(content)
    with pytest.raises(ValueError, match=f"humanoid3d_roll.txt: .*{complaint}"):
        read_capture(capture(captures, "humanoid3d_roll"))


def test_an_archive_without_rotations_is_named(captures: Path) -> None:
    np.savez(captures / "isaacgym-amp" / "amp_humanoid_run.npz", fps=60.0)
    with pytest.raises(ValueError, match=r"amp_humanoid_run.npz: expected an archive with rot"):
        read_capture(capture(captures, "amp_humanoid_run"))


def test_labels_and_exclusions(captures: Path) -> None:
    walk = capture(captures, "Male2_B10_WalkTurnLeft45")
    assert (walk.label, walk.performer, walk.excluded) == ("walk turn left", "Male2", "")
    assert capture(captures, "human-base_07962f0f", "T-Pose").excluded == "a single pose"


def test_missing_captures_are_named(captures: Path) -> None:
    shutil.rmtree(captures / "accad")
    with pytest.raises(FileNotFoundError, match="neither a folder accad/"):
        find_captures(captures, "open-free", captures / "unused")


def test_sources_can_be_left_out(captures: Path) -> None:
    shutil.rmtree(captures / "accad")
    files = find_captures(captures, "open-free", captures / "unused", without=("accad",))
    assert "cmu" in {file.source for file in files}
    assert "accad" not in {file.source for file in files}
