"""Constraints check themselves, go through JSON, and are refused where nobody could meet them."""

import json

import numpy as np
import pytest

from ram_sdk import Motion
from ram_sdk.control import Joints, Keep, Loop, Path, Pose, Stop, from_json, to_json
from ram_sdk.control.targets import resolve
from ram_sdk.skeleton.kinematics import canonical_offsets, forward_kinematics

FPS = 20.0


def standing(frames: int = 1) -> np.ndarray:
    import torch

    turns = torch.eye(3, dtype=torch.float64).expand(frames, 22, 3, 3)
    joints = forward_kinematics(turns, torch.zeros(frames, 3, dtype=torch.float64), canonical_offsets())[
        0
    ].numpy()
    return joints - [0, joints[..., 1].min(), 0]


def walking(frames: int = 60, speed: float = 1.0) -> Motion:
    way = np.arange(frames)[:, None, None] / FPS * speed
    return Motion((standing(frames) + way * [0, 0, 1]).astype(np.float32))


def waving() -> Motion:
    """A walk with the left wrist 0.4 m higher."""
    joints = walking().joints.copy()
    joints[:, 20, 1] += 0.4
    return Motion(joints)


def lowering() -> Motion:
    """A walk whose left wrist comes down from 0.4 m above its place."""
    joints = walking().joints.copy()
    joints[:, 20, 1] += np.linspace(0.4, 0, len(joints), dtype=np.float32)
    return Motion(joints)


def examples() -> list:
    return [
        Pose(1.0, standing()[0]),
        Joints(
            [0.5, 1.0],
            {"left_hand": [(0.3, 1.2, 0.2), (0.3, 1.3, 0.2)], "head": [(0, 1.6, 0), (0, 1.6, 0.1)]},
        ),
        Keep(walking(30), 0.0, 1.0, at=0.5, part="lower"),
        Path([(0, 0), (1, 2)], times=[0.0, 2.5], facing="along"),
        Path([(0, 0), (1, 2), (0, 3)], smooth=True, facing=90),
        Stop((1.0, 2.0), 2.0, facing=45.0),
        Loop(),
    ]


def test_constraints_go_through_json():
    text = to_json(examples())
    again = from_json(text)
    assert [type(one) for one in again] == [type(one) for one in examples()]
    assert to_json(again) == text
    np.testing.assert_array_equal(again[1].positions["left_hand"], examples()[1].positions["left_hand"])
    np.testing.assert_array_equal(again[2].motion.joints, examples()[2].motion.joints)


def test_arrays_of_a_constraint_cannot_be_changed():
    with pytest.raises(ValueError, match="read-only"):
        Stop((1.0, 2.0), 2.0).place[0] = 5.0


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Pose(float("nan"), standing()[0]), "Pose.time nan"),
        (lambda: Pose(-1, standing()[0]), "Pose.time -1: expected seconds"),
        (lambda: Pose(0, np.full((22, 3), np.nan)), "Pose.joints holds NaN"),
        (lambda: Pose(0, standing()[0][:21]), r"shape \(21, 3\): expected \(22, 3\)"),
        (lambda: Pose(1, np.zeros((22, 3))), "left_hip and left_knee are 0.00 m apart, usual are 0.3"),
        (lambda: Pose(1, standing()[0] * 100), r"left_hip and left_knee are 3\d.\d+ m apart.*in metres"),
        (lambda: Joints(2, {"left_hand": (0.3, 5, 0.4)}), "'left_hand'.: a height of 5.00 m, a body gets"),
        (lambda: Joints([1, 2], {"head": [(0, 1, 0), (0, -3, 0)]}), "'head'.: a height of -3.00 m"),
        (lambda: Joints(1, {"left_paw": (0, 0, 0)}), "joint 'left_paw': use left_hand"),
        (lambda: Joints([1, 2], {"head": (0, 1, 0)}), r"expected \(2, 3\)"),
        (lambda: Joints(1, {}), "expected joints by name"),
        (lambda: Keep(walking(), 2, 1), "Keep from 2 to 1 s: expected a span"),
        (lambda: Keep(walking(), 0, 9), "within the motion's 3 s"),
        (lambda: Keep(walking(), part="left"), "Keep.part 'left': use one of"),
        (lambda: Path([(0, 0)]), "at least|n >= 2"),
        (lambda: Path([(0, 0), (0, 0)]), "same place"),
        (lambda: Path([(0, 0), (1, 0)], times=[1, 1]), "rise"),
        (lambda: Path([(0, 0), (1, np.inf)]), "NaN or infinite"),
        (lambda: Path([(0, 0), (1, 0)], facing="back"), "Path.facing 'back': expected degrees or \"along\""),
        (lambda: Stop((0, 0), 1, facing="along"), "a place has no direction"),
    ],
)
def test_wrong_values_are_refused_in_one_line(make, message):
    with pytest.raises(ValueError, match=message) as caught:
        make()
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "not valid JSON"),
        ('{"kind": "Loop"}', "expected a list of objects"),
        ('[{"kind": "Hop"}]', "constraint kind 'Hop': use one of Pose"),
        ('[{"kind": "Stop", "place": [0, 1]}]', "Stop: time is missing"),
        ('[{"kind": "Loop", "speed": 1}]', "Loop: unknown fields speed"),
        ('[{"kind": "Keep", "motion": 3}]', "Keep.motion: expected"),
    ],
)
def test_wrong_json_is_refused_in_one_line(text, message):
    with pytest.raises(ValueError, match=message):
        from_json(text)


@pytest.mark.parametrize(
    ("constraints", "message"),
    [
        ([Pose(9.0, standing()[0])], "Pose.time 9 s is outside the motion, which is 3 s long"),
        ([Keep(walking(), at=1.0)], "the kept part ends at 4 s"),
        (
            [Pose(1, standing()[0]), Pose(1, standing()[0] + [0, 0, 1])],
            "1.00 m from where another constraint",
        ),
        (
            [Joints(1, {"pelvis": (0, 0.9, 0), "left_hand": (3, 1, 0)})],
            "pelvis and left_hand are pinned 3.00 m",
        ),
        ([Joints([0, 1], {"pelvis": [(0, 0.9, 0), (30, 0.9, 0)]})], "30 m/s, nobody is faster than 10"),
        (
            [Joints([2.0, 2.1], {"left_hand": [(0, 1, 0), (3, 1, 0)]})],
            "left_hand: 3.0 m .* give it 0.15 s or",
        ),
        ([Joints(2, {"right_hand": (30, 1, 0)})], "right_hand from the origin: 2.* m in 2 s .* nobody is"),
        (
            [Path([(0, 0), (0, 90)])],
            "Path: 90.0 m in 2.95 s .* give it 9 s or .* make several",
        ),
        ([Stop((50, 0), 1.0)], "the way to a Stop or pinned pelvis: 50.0 m in 1 s"),
        ([Path([(0, 0), (0, 2)]), Path([(0, 0), (1, 2)])], "two Paths"),
        ([Path([(0, 0), (0, 2)]), Stop((1, 1), 1.0)], "a Stop at 1 s lies 1.00 m beside the Path"),
        (
            [Stop((0, 1), 1, 1), Stop((3, 3), 1.5, 1)],
            r"Stop at \(0, 1\) from 1 to 2 s and the Stop at \(3, 3\) from 1.5 to 2.5 s overlap",
        ),
        (
            [Stop((0, 1), 1, 1, facing=180), Stop((0, 1), 1.5, 1, facing=0)],
            r"facing 180 from 1 to 2 s and the Stop at \(0, 1\) facing 0 from .* overlap in time",
        ),
        ([Stop((0, 1), 1, 1), Joints(1.5, {"pelvis": (1, 0.9, 1)})], "pelvis is pinned 1.00 m beside it"),
        (
            [Path([(0, 0), (0, 2)]), Stop((0, 1.5), 0.5, 0.5), Stop((0, 0.5), 2, 0.5)],
            r"a Stop at 2 s lies 0\.5 m along the Path, which has to be 1\.5 to 2\.0 m",
        ),
        (
            [Loop(), Pose(0, standing()[0]), Pose(3, walking(60).joints[0] * [1, 0.7, 1])],
            "first and last pose",
        ),
        (
            [Keep(walking(), part="upper"), Keep(waving(), part="upper")],
            r"left_wrist at 0 s is 0.40 m from where another Keep\(part=\"upper\"\) has it",
        ),
        (
            [Keep(walking(), part="upper"), Joints(1, {"left_hand": standing()[0, 20] + [0, 0.5, 1.2]})],
            r"Joints and Keep\(part=\"upper\"\) both say where left_hand is at 1 s, and differ: take one",
        ),
        (
            [Keep(walking(), part="upper"), Pose(1, waving().joints[20])],
            r"Pose and Keep\(part=\"upper\"\) both say where left_wrist is at 1 s",
        ),
        (
            [Loop(), Joints([0, 3], {"left_hand": [(0.3, 1.6, 0), (0.3, 0.8, 0)]})],
            "Loop: the first and last pose, of Joints at 0 s and Joints at 3 s, have left_hand 0.80 m apart",
        ),
        (
            [Loop(), Keep(lowering(), part="upper")],
            r"Loop: .* of Keep\(part=\"upper\"\) at 0 s and Keep.* at 3 s, have left_wrist 0\.\d+ m apart",
        ),
        (
            [Stop((0, 1), 1, 0.5, facing=90), Pose(1, standing()[0] + [0, 0, 1])],
            r"the Stop at \(0, 1\) facing 90 from 1 to 1.5 s: the Pose at 1 s faces 90 degrees away from",
        ),
        (
            [Stop((0, 1), 1, 0.5, facing=90), Keep(walking(), part="lower")],
            r"the Stop .*: the Keep\(part=\"lower\"\) at 1 s faces 90 degrees away from that: take one",
        ),
        (
            [Path([(0, 0), (100, 0), (101, 1)], times=[0, 0.01, 3])],
            r"Path.times: two of its points are reached in one frame, at 0 s: leave 0.05 s or more between",
        ),
        ([Path([(0, 0), (0, 1), (0, 2)], times=[0, 2.96, 3])], "two of its points .* at 2.95 s: leave"),
    ],
)
def test_what_cannot_be_met_is_refused_in_one_line(constraints, message):
    with pytest.raises(ValueError, match=message) as caught:
        resolve(constraints, 60, FPS)
    assert "\n" not in str(caught.value)


def test_what_bodies_can_do_is_allowed():
    jumping = standing()[0] * 0.8 + [0, 0.9, 0]  # a child in the air
    resolve([Pose(1, jumping)], 60, FPS)
    resolve([Joints(0, {"pelvis": (5, 0.9, 0)})], 60, FPS)
    resolve([Joints(1, {"left_hand": (0.2, 2.6, 0.1)}), Joints(2, {"left_foot": (0.1, -0.4, 3.0)})], 60, FPS)


def test_the_duration_is_the_last_frame():
    targets = resolve([Pose(3.0, standing()[0])], 60, FPS)
    np.testing.assert_array_equal(np.flatnonzero(targets.pinned.any(axis=-1)), [59])


def test_constraints_that_agree_may_meet():
    motion = walking()
    resolve([Keep(motion, end=2.5), Pose(1.0, motion.joints[20])], 60, FPS)


def test_json_is_plain():
    assert json.loads(to_json([Stop((1, 2), 3)])) == [
        {"kind": "Stop", "place": [1.0, 2.0], "time": 3.0, "duration": 1.0, "facing": None}
    ]


def test_a_motion_whose_bones_tremble_can_be_kept_by_half():
    motion = walking()
    joints = motion.joints.copy()
    joints[10:12, 8] -= [0, 0.08, 0]  # the right shin, a fifth too long
    targets = resolve([Keep(Motion(joints, motion.fps), part="lower")], len(joints), motion.fps)
    np.testing.assert_allclose(targets.world[10, 8], joints[10, 8])
    pins = {"right_knee": (0, 0.5, 0), "right_foot": (0, -0.5, 0)}
    with pytest.raises(ValueError, match="are pinned"):
        resolve([Joints(1, pins)], len(joints), motion.fps)


def test_a_time_between_two_frames_is_the_nearer_one():
    targets = resolve([Pose(0.98, standing()[0])], 60, FPS)
    known = np.isfinite(targets.world).all(axis=(-1, -2))
    assert np.flatnonzero(known).tolist() == [20]


def test_a_stop_may_lie_a_tenth_of_a_metre_beside_the_path():
    path = Path([(0, 0), (0, 2)])
    resolve([path, Stop((0.09, 1), 1.0)], 60, FPS)
    with pytest.raises(ValueError, match=r"a Stop at 1 s lies 0\.11 m beside the Path"):
        resolve([path, Stop((0.11, 1), 1.0)], 60, FPS)


@pytest.mark.parametrize(
    ("constraint", "frames", "message"),
    [
        (
            Pose(0, standing()[0]),
            1,
            r"1 frames \(0.05 s\) are too short for constraints: .* 2 frames \(0.1 s\)",
        ),
        (Path([(0, 0), (0, 1)]), 1, "too short for constraints"),
        (Loop(), 3, r"3 frames \(0.15 s\) are too short for a Loop: make it at least 4 frames \(0.2 s\)"),
    ],
)
def test_what_is_too_short_is_refused_with_the_least_length(constraint, frames, message):
    with pytest.raises(ValueError, match=message):
        resolve([constraint], frames, FPS)


def test_stops_that_agree_may_overlap():
    resolve([Stop((0, 1), 1, 1, facing=181), Stop((0, 1), 1.5, 1, facing=-179), Stop((0, 1), 1.2)], 60, FPS)


def test_a_stop_faces_as_asked_from_its_first_frame_to_its_last():
    heading = resolve([Stop((0, 1), 1.0, 0.5, facing=90)], 60, FPS).heading
    assert np.flatnonzero(np.isfinite(heading)).tolist() == list(range(20, 31))


def test_a_path_ends_where_it_ends():
    route = resolve([Path([(0, 0), (0, 2)])], 60, FPS).route
    assert route.nearest(np.array([0.0, 2.5])) == (2.0, 0.5)


def test_a_stop_on_a_path_that_crosses_itself_is_at_the_passage_of_its_time():
    path = Path([(0, 0), (0, 2), (2, 2), (2, 0), (0, 0), (0, 2)])
    for time, along in ((0.4, 1.0), (3.5, 9.0)):
        route = resolve([path, Stop((0, 1), time, 0.2)], 80, FPS).route
        assert along in route.arc
    both = resolve([path, Stop((0, 1), 0.4, 0.2), Stop((0, 1), 3.5, 0.2)], 80, FPS).route
    assert both.arc.tolist() == [0, 1, 1, 9, 9, 10]


def test_what_agrees_with_a_kept_upper_body_may_be_pinned():
    motion = walking().offset(x=2, turn=70)
    resolve([Keep(motion, part="upper"), Pose(1, motion.joints[20])], 60, FPS)
    resolve([Keep(motion, 0, 2, part="upper"), Keep(motion, 1, 3, part="upper")], 60, FPS)
    resolve([Keep(motion, 0, 1, part="upper"), Joints(2, {"left_hand": (0.3, 1.5, 0.4)})], 60, FPS)


def test_a_loop_may_travel_and_turn():
    hands = {"left_hand": [(0.3, 1.2, 0.3), (1.3, 1.2, 0.1)], "pelvis": [(0, 0.9, 0), (1.2, 0.9, 0.5)]}
    turned = {"left_hand": (0.3, 1.2, 0.3), "pelvis": (0, 0.9, 0)}
    far = hands["left_hand"][1][0] - 1.2, hands["left_hand"][1][2] - 0.5
    assert np.hypot(*far) == pytest.approx(np.hypot(0.3, 0.3), abs=0.02)
    resolve([Loop(), Joints([0, 3], hands)], 60, FPS)
    resolve([Loop(), Joints(0, turned), Joints(3, {"left_hand": (2.0, 1.2, 1.0)})], 60, FPS)
    resolve([Loop(), Keep(walking(), part="upper")], 60, FPS)


def test_a_body_may_face_a_little_beside_a_stop():
    resolve([Stop((0, 1), 1, 0.5, facing=10), Pose(1, standing()[0] + [0, 0, 1])], 60, FPS)
    resolve([Stop((0, 1), 1, 0, facing=40), Keep(walking(), part="lower")], 60, FPS)


def test_a_route_is_walked_at_the_motions_own_pace():
    route = resolve([Path([(0, 0), (0, 2)])], 60, FPS).route
    places = route.places(np.repeat([1.0, 0.0], 30))
    assert places[30, 1] == pytest.approx(1.8, abs=0.05)  # a quarter of the mean pace goes on
    np.testing.assert_allclose(route.places(np.ones(60))[30], (0, 2 * 30 / 59), atol=0.01)
