"""Whole BVH files of other people: which way is up, who is who, bones of no length, what a caller says."""

import itertools
import re
import warnings
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from ram_sdk.cli import main
from ram_sdk.motion import Motion
from ram_sdk.skeleton.joints import HUMANML3D, UNIFORM_BONE_LENGTHS
from tests.skeleton.naming_schemes import SCHEMES
from tests.synthetic_bvh import JOINTS, Person, bvh_text, person

CAPTURES = Path(__file__).resolve().parents[1] / "fixtures" / "captures"
FIXTURES = Path(__file__).resolve().parents[1] / "fixtures" / "lying"
UNITY = person(SCHEMES["unity"])
TO = {
    "+y": np.eye(3),
    "-y": np.diag((1.0, -1.0, -1.0)),
    "+z": np.array(((1.0, 0, 0), (0, 0, -1), (0, 1, 0))),
    "-z": np.array(((1.0, 0, 0), (0, 0, 1), (0, -1, 0))),
    "+x": np.array(((0.0, 1, 0), (-1, 0, 0), (0, 0, 1))),
    "-x": np.array(((0.0, -1, 0), (1, 0, 0), (0, 0, 1))),
}  # rotations that turn +Y to the axis


def load(tmp_path: Path, *people: Person, change: Callable[[str], str] = str, **options: object) -> Motion:
    path = tmp_path / "a.bvh"
    path.write_text(change(bvh_text(*people)), encoding="utf-8")
    return Motion.load(path, **options)  # type: ignore[arg-type]


def distance(motion: Motion, body: Person) -> float:
    return float(np.linalg.norm(motion.joints - body.expected, axis=-1).max())


def turned(body: Person, turn: np.ndarray, rest: bool = True) -> Person:
    """The body in other axes, at rest too or only as it moves."""
    if not rest:
        rotations = body.rotations.copy()
        rotations[:, 0] = turn @ rotations[:, 0]
        return replace(body, rotations=rotations, root=body.root @ turn.T)
    return replace(
        body,
        rotations=turn @ body.rotations @ turn.T,
        root=body.root @ turn.T,
        offsets=body.offsets @ turn.T,
        tips={joint: turn @ tip for joint, tip in body.tips.items()},
    )


def about(axis: int, degrees: float) -> np.ndarray:
    c, s = np.cos(np.deg2rad(degrees)), np.sin(np.deg2rad(degrees))
    matrix = np.eye(3)
    i, j = (axis + 1) % 3, (axis + 2) % 3
    matrix[i, i], matrix[i, j], matrix[j, i], matrix[j, j] = c, -s, s, c
    return matrix


def laid(body: Person, tilt: np.ndarray, heading: float) -> Person:
    """The person with the whole body tilted, hardly moving, at a heading."""
    rotations = body.rotations.copy()
    rotations[:, 0] = about(1, heading) @ tilt
    return replace(body, rotations=rotations, root=np.zeros_like(body.root))


POSTURES = {
    "on the back": about(0, -90),
    "on the face": about(0, 90),
    "on the left side": about(2, 90),
    "push-up": about(0, 70),
    "crawling": about(0, 85),
    "head down": about(0, -150),
}


@pytest.mark.parametrize("axis", TO)
def test_up_axis_at_rest(tmp_path: Path, axis: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert distance(load(tmp_path, turned(UNITY, TO[axis])), UNITY) < 0.05


@pytest.mark.parametrize("axis", ["-y", "+z", "-z"])
def test_a_walk_in_other_axes_than_the_rest_pose(tmp_path: Path, axis: str) -> None:
    """As pose estimators write it: the rest pose of SMPL, the motion in the camera's axes or the world's."""
    with pytest.warns(UserWarning, match=rf"\{axis} is assumed to be up, along which it moves"):
        motion = load(tmp_path, turned(planted(), TO[axis], rest=False))
    assert distance(motion, load_y(tmp_path)) < 1e-3


def planted() -> Person:
    """Somebody who stands on one foot and moves the rest of the body: the left foot stays where it is."""
    body = person(SCHEMES["unity"])
    rotations = body.rotations.copy()
    for joint, role in enumerate(body.roles):
        if role.startswith("left_") and role.removeprefix("left_") in ("hip", "knee", "ankle"):
            rotations[:, joint] = np.eye(3)
    rotations[:, 0] = np.eye(3)
    return replace(body, rotations=rotations, root=np.zeros_like(body.root))


def load_y(tmp_path: Path) -> Person:
    return replace(UNITY, expected=load(tmp_path, planted()).joints)


@pytest.mark.parametrize("axis", ["+y", "+z"])
@pytest.mark.parametrize("posture", POSTURES)
def test_posture_and_heading_do_not_choose_the_up_axis(tmp_path: Path, posture: str, axis: str) -> None:
    motions = []
    for heading in (0, 90, 180, 270):
        body = turned(laid(UNITY, POSTURES[posture], heading), TO[axis])
        with pytest.warns(UserWarning, match="lies or hangs"):
            motions.append(load(tmp_path, body).joints)
    for motion in motions[1:]:
        np.testing.assert_allclose(motion, motions[0], atol=1e-3)
    spine = (motions[0][:, 12] - motions[0][:, 0]).mean(axis=0)
    upright = (POSTURES[posture] @ (0, 1, 0))[1]
    assert spine[1] / np.linalg.norm(spine) == pytest.approx(upright, abs=0.35)


@pytest.mark.filterwarnings("ignore:.*lies or hangs")
@pytest.mark.parametrize("name", ["Female1_A09_LieT2", "Male1_A9_LieDown", "Male2_A11_Crawl"])
def test_captures_of_lying_and_crawling_people(tmp_path: Path, name: str) -> None:
    """Excerpts of ACCAD's takes, whose Y is up, at four headings."""
    text = (FIXTURES / f"{name}.bvh").read_text()
    expected = Motion.load(FIXTURES / f"{name}.bvh", up="y").joints
    assert expected[:, 0, 1].max() < 0.5
    for heading in (0, 90, 180, 270):
        head, rows = re.split(r"(?<=Frame Time: 0.333333\n)", text)
        head = head.replace("ROOT", "ROOT World\n{\nOFFSET 0 0 0\nCHANNELS 1 Yrotation\nJOINT")
        head = head.replace("MOTION", "}\nMOTION")
        path = tmp_path / f"{heading}.bvh"
        path.write_text(head + "\n".join(f"{heading} {row}" for row in rows.splitlines()))
        np.testing.assert_allclose(Motion.load(path).joints, expected, atol=1e-4)


def test_the_caller_says_what_is_up(tmp_path: Path) -> None:
    lying = load(tmp_path, UNITY, up="z").joints
    assert abs(lying[:, 15, 1] - lying[:, 0, 1]).max() < 0.4
    for up in ("y", "+Y"):
        assert distance(load(tmp_path, UNITY, up=up), UNITY) < 0.05


def two() -> tuple[Person, Person]:
    first, second = person(SCHEMES["rokoko"]), person(SCHEMES["rokoko"], seed=5)
    return (
        replace(first, names=tuple(f"Anna:{name}" for name in first.names)),
        replace(second, names=tuple(f"Ben:{name}" for name in second.names)),
    )


def test_two_people(tmp_path: Path) -> None:
    first, second = two()
    with pytest.warns(UserWarning, match="2 people, the first is taken.*1 'Anna:Hips', 2 'Ben:Hips'"):
        assert distance(load(tmp_path, first, second), first) < 0.05
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for choice in (2, "Ben", "Ben:Hips"):
            assert distance(load(tmp_path, first, second, person=choice), second) < 0.05


@pytest.mark.parametrize("choice", [0, 3, -1, "Carla", ""])
def test_people_who_are_not_there(tmp_path: Path, choice: object) -> None:
    with pytest.raises(ValueError, match=r"person .*: choose from 1 'Anna:Hips', 2 'Ben:Hips'"):
        load(tmp_path, *two(), person=choice)


def test_two_people_below_one_root_whose_names_are_the_same(tmp_path: Path) -> None:
    first, second = person(SCHEMES["rokoko"]), person(SCHEMES["rokoko"], seed=5)

    def below_a_scene(text: str) -> str:
        text = text.replace("HIERARCHY", "HIERARCHY\nROOT Scene\n{\nOFFSET 0 0 0\nCHANNELS 1 Yrotation")
        text = text.replace("ROOT Hips", "JOINT Hips").replace("MOTION", "}\nMOTION")
        head, rows = re.split(r"(?<=Frame Time: 0.05\n)", text)
        return head + "\n".join("0 " + row for row in rows.splitlines())

    with pytest.warns(UserWarning, match="2 people"):
        assert distance(load(tmp_path, first, second, change=below_a_scene), first) < 0.05
    assert distance(load(tmp_path, first, second, change=below_a_scene, person=2), second) < 0.05


def test_a_name_that_two_joints_have_is_named(tmp_path: Path) -> None:
    arm, forearm = (
        UNITY.names[UNITY.roles.index("left_shoulder")],
        UNITY.names[UNITY.roles.index("left_elbow")],
    )

    def twice(text: str) -> str:
        return text.replace(f"JOINT {arm}\n", f"JOINT {forearm}\n")

    with pytest.warns(UserWarning, match=f"a.bvh': 2 joints are called '{forearm}'.*give each its own name"):
        load(tmp_path, UNITY, change=twice)
    character = tmp_path / "twice.bvh"
    character.write_text(twice(bvh_text(UNITY)))
    with pytest.warns(UserWarning, match=f"2 joints are called '{forearm}'"):
        load(tmp_path, UNITY).retarget(character)


def test_a_prop_is_not_a_person(tmp_path: Path) -> None:
    def with_box(text: str) -> str:
        box = "ROOT Box\n{\nOFFSET 0 0 0\nCHANNELS 3 Xposition Yposition Zposition\n"
        box += "End Site\n{\nOFFSET 0 9 0\n}\n}\n"
        head, rows = re.split(r"(?<=Frame Time: 0.05\n)", text.replace("ROOT Hips", box + "ROOT Hips"))
        return head + "\n".join("500 0 0 " + row for row in rows.splitlines())

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert distance(load(tmp_path, UNITY, change=with_box), UNITY) < 0.05


def without_length(*roles: str) -> Person:
    offsets = UNITY.offsets.copy()
    tips = dict(UNITY.tips)
    for role in roles:
        offsets[UNITY.roles.index(role)] = 0.0
        tips.pop(UNITY.roles.index(role), None)
    return replace(UNITY, offsets=offsets, tips=tips)


@pytest.mark.parametrize(
    "roles",
    [
        ("left_foot", "right_foot"),
        ("right_foot",),
        ("head",),
        ("left_wrist", "right_wrist"),
        ("left_hip", "right_hip"),
        ("left_collar", "right_collar"),
        ("left_collar", "right_collar", "left_shoulder", "right_shoulder"),
        ("spine1",),
        ("spine3", "neck"),
    ],
)
def test_bones_of_no_length(tmp_path: Path, roles: tuple[str, ...]) -> None:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        joints = load(tmp_path, without_length(*roles)).joints
    bones = np.linalg.norm(joints[:, 1:] - joints[:, list(HUMANML3D.parents[1:])], axis=-1)
    np.testing.assert_allclose(bones, np.broadcast_to(UNIFORM_BONE_LENGTHS, bones.shape), atol=1e-5)
    others = [i for i, role in enumerate(JOINTS) if role in ("left_knee", "left_ankle", "left_elbow")]
    centred = joints[:, others] - joints[:, :1] - (UNITY.expected[:, others] - UNITY.expected[:, :1])
    assert np.linalg.norm(centred, axis=-1).mean() < 0.15
    assumed = {"left_foot", "head", "left_wrist", "left_hip", "right_foot", "left_shoulder"}
    for role in assumed.intersection(roles):
        assert any(role in str(warning.message) for warning in caught)


def test_offsets_in_the_position_channels(tmp_path: Path) -> None:
    """Some tools leave every OFFSET at zero and write the bones into each frame."""
    names = {name: offset for name, offset in zip(UNITY.names, UNITY.offsets, strict=True)}

    def moved(text: str) -> str:
        head, rows = re.split(r"(?<=Frame Time: 0.05\n)", text)
        order = re.findall(r"(?:ROOT|JOINT) (\S+)", head)
        head = re.sub(r"(?<=[A-Za-z]\n)\{\nOFFSET .*", "{\nOFFSET 0 0 0", head)
        head = head.replace("CHANNELS 3", "CHANNELS 6 Xposition Yposition Zposition")
        lines = []
        for row in rows.splitlines():
            words = row.split()
            bones = [" ".join(map(str, names[name])) for name in order[1:]]
            angles = [" ".join(words[i : i + 3]) for i in range(6, len(words), 3)]
            lines.append(" ".join([*words[:6], *(f"{b} {a}" for b, a in zip(bones, angles, strict=True))]))
        return head + "\n".join(lines)

    assert distance(load(tmp_path, UNITY, change=moved), UNITY) < 0.05


def test_feet_without_toes_turn_with_the_ankle(tmp_path: Path) -> None:
    with pytest.warns(UserWarning, match="no left_foot, right_foot"):
        joints = load(tmp_path, without_length("left_foot", "right_foot")).joints
    for toe, ankle in ((10, 7), (11, 8)):
        bones = joints[:, toe] - joints[:, ankle], UNITY.expected[:, toe] - UNITY.expected[:, ankle]
        cosine = (bones[0] * bones[1]).sum(-1) / np.prod([np.linalg.norm(b, axis=-1) for b in bones], axis=0)
        assert np.degrees(np.arccos(cosine)).max() < 10


@pytest.mark.parametrize("role", ["left_knee", "right_ankle", "left_elbow"])
def test_limbs_of_no_length_are_refused(tmp_path: Path, role: str) -> None:
    with pytest.raises(ValueError, match=r"a\.bvh.*has no length"):
        load(tmp_path, without_length(role))


def acclaim(far: bool) -> Person:
    """Acclaim's names at the starts of the bones, as BVH has it, or at their far ends, as ASF means it."""
    starts = {"hip": "femur", "knee": "tibia", "ankle": "foot", "foot": "toes", "collar": "clavicle"}
    starts |= {"shoulder": "humerus", "elbow": "radius", "wrist": "wrist"}
    ends = {"hip": "hipjoint", "knee": "femur", "ankle": "tibia", "foot": "foot"}
    ends |= {"shoulder": "clavicle", "elbow": "humerus", "wrist": "radius"}
    middle = {"pelvis": "root", "spine1": "lowerback", "spine2": "upperback", "spine3": "thorax"}
    middle |= {"neck": "lowerneck", "head": "upperneck"}
    words = ends if far else starts
    if not far:
        middle |= {"head": "head"}
    names = {
        f"{side}_{joint}": f"{side[0]}{bone}" for side in ("left", "right") for joint, bone in words.items()
    }
    return person(replace(SCHEMES["unity"], names={**middle, **names}))


@pytest.mark.parametrize("far", [False, True])
def test_acclaim_names(tmp_path: Path, far: bool) -> None:
    body = acclaim(far)
    assert distance(load(tmp_path, body), body) < 0.05


def test_acclaim_names_with_hip_joints_at_the_root(tmp_path: Path) -> None:
    def with_hip_joints(text: str) -> str:
        for side in "lr":
            joint = f"JOINT {side}hipjoint\n{{\nOFFSET 0 0 0\nCHANNELS 0\nJOINT {side}femur"
            text = re.sub(rf"JOINT {side}femur\n", f"{joint}\n", text)
            after = text.index(f"JOINT {side}toes")
            close = [m.end() for m in re.finditer(r"\}\n", text[after:])][5]
            text = text[: after + close] + "}\n" + text[after + close :]
        return text

    body = acclaim(far=False)
    assert distance(load(tmp_path, body, change=with_hip_joints), body) < 0.05


def test_the_toes_tell_left_from_right_where_no_name_does(tmp_path: Path) -> None:
    """The rest pose of this capture lies in a heap."""
    text = (CAPTURES / "accad" / "Male2_B10_WalkTurnLeft45.bvh").read_text()
    numbers = itertools.count()
    path = tmp_path / "a.bvh"
    path.write_text(re.sub(r"(?<=ROOT |OINT )\S+", lambda _: f"Bone{next(numbers)}", text))
    with warnings.catch_warnings():
        warnings.filterwarnings("error", message=".*toes")
        expected = Motion.load(CAPTURES / "accad" / "Male2_B10_WalkTurnLeft45.bvh")
        motion = Motion.load(path)
    assert np.abs(motion.joints - expected.joints).max() < 0.05


def test_the_caller_names_joints(tmp_path: Path) -> None:
    def nameless(text: str) -> str:
        for number, name in enumerate(body.names):
            text = re.sub(rf"(ROOT|JOINT) {name}\n", rf"\1 thing{number}\n", text)
        return re.sub(r"OFFSET 0.00000 0.00000 8.05000", "OFFSET 0 0 0", text)

    body = person(SCHEMES["perception-neuron"])  # no toes by name or by shape to tell left from right
    straight = replace(body, tips={j: np.array((0, -8.0, 0)) for j in body.tips})
    with pytest.raises(ValueError, match=r"no person found: no joint for left_hip.*skeleton="):
        load(tmp_path, straight, change=nameless)
    roles = [role for role in body.roles if not role.startswith(("spine", "pelvis"))]
    skeleton = {role: f"thing{body.roles.index(role)}" for role in roles}
    joints = load(tmp_path, straight, change=nameless, skeleton=skeleton).joints
    assert np.linalg.norm((joints - body.expected)[:, (4, 5, 15, 18, 19)], axis=-1).max() < 0.2


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"up": "north"}, "up 'north': choose x, y, z"),
        ({"fps": 0}, "fps 0: expected a positive"),
        ({"fps": float("nan")}, "fps nan: expected a positive"),
        ({"skeleton": {"tail": "Hips"}}, "skeleton names 'tail': choose from left_hip"),
        ({"skeleton": {"left_hip": "Tail"}}, "'Tail' for left_hip: there is no such joint"),
    ],
)
def test_options_that_do_not_fit(tmp_path: Path, options: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        load(tmp_path, UNITY, **options)


@pytest.mark.parametrize("distance", ["1e308", "-1e200", "1e60"])
def test_distances_that_no_body_has_name_the_file(tmp_path: Path, distance: str) -> None:
    with np.errstate(all="ignore"), pytest.raises(ValueError, match=r"'a\.bvh': .*finite"):
        load(tmp_path, UNITY, change=lambda text: re.sub(r"(Frame Time:.*\n)\S+", rf"\g<1>{distance}", text))


def test_frame_rate_by_the_caller(tmp_path: Path) -> None:
    motion = load(tmp_path, UNITY, fps=120)
    assert (motion.fps, len(motion)) == (120.0, 30)
    arrays = motion.save(tmp_path / "a.npy")
    assert Motion.load(arrays, fps=30).fps == 30.0
    z_up = np.ascontiguousarray(motion.joints @ TO["+z"].T.astype(np.float32))
    np.save(arrays, z_up)
    np.testing.assert_allclose(Motion.load(arrays, up="z").joints, motion.joints, atol=1e-4)
    with pytest.raises(ValueError, match=r"a\.npy.*files that name their joints"):
        Motion.load(arrays, person=1)


def test_command_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source, target = tmp_path / "a.bvh", str(tmp_path / "b.npy")
    source.write_text(bvh_text(*two()))
    assert main(["convert", str(source), "-o", target, "--source-person", "2", "--source-fps", "60"]) == 0
    out = capsys.readouterr()
    assert "60 fps" in out.out
    assert not out.err
    assert main(["convert", str(source), "-o", target]) == 0
    assert capsys.readouterr().err == (
        "ram-sdk: warning: 'a.bvh': 2 people, the first is taken; choose with person= (--source-person): "
        "1 'Anna:Hips', 2 'Ben:Hips'\n"
    )
    names = tmp_path / "names.json"
    names.write_text('{"left_hip": "Tail"}')
    assert (
        main(["convert", str(source), "-o", target, "--source-up", "y", "--source-skeleton", str(names)]) == 2
    )
    assert "there is no such joint" in capsys.readouterr().err
