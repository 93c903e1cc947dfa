"""Roles of joints, and retargeting beside a forward kinematics of its own, on the skeletons of many tools."""

import warnings
from pathlib import Path

import numpy as np
import pytest
import torch

from ram_sdk.motion import Motion
from ram_sdk.skeleton.features import canonicalize
from ram_sdk.skeleton.naming import parse_bone_name
from ram_sdk.skeleton.roles import find_roles
from ram_sdk.skeleton.tree import JointTree
from tests.skeleton.naming_schemes import SCHEMES
from tests.synthetic_bvh import Person, bvh_text, person

_NEAR = 0.05  # metres


NEED_A_TREE = {"no-words-at-all", "sides-only", "rigify-metarig", "rigify-deform"}  # no word for the neck


def rest_tree(body: Person) -> JointTree:
    rest = np.zeros((len(body.names), 3))
    for joint, parent in enumerate(body.parents):
        rest[joint] = body.offsets[joint] + (rest[parent] if parent >= 0 else 0.0)
    return JointTree(body.names, body.parents, rest)


@pytest.mark.parametrize("tool", SCHEMES)
def test_roles(tool: str) -> None:
    body = person(SCHEMES[tool], frames=1)
    found = find_roles(rest_tree(body))
    named = {role: body.names[joint] for role, joint in found.joints.items()}
    spine = ("spine1", "spine2", "spine3")
    expected = {role: name for role, name in SCHEMES[tool].names.items() if role not in spine}
    collars = ("left_collar", "right_collar")
    assert {role: name for role, name in named.items() if role not in collars} == {
        role: name for role, name in expected.items() if role not in collars
    }
    assert all(named[collar] == expected[collar] for collar in collars if collar in named)
    assert [body.roles[joint] for joint in found.trunk] == [role for role in spine if role in body.roles]


@pytest.mark.parametrize("tool", SCHEMES)
def test_retargeting_lands_where_forward_kinematics_does(tool: str, tmp_path: Path) -> None:
    body = person(SCHEMES[tool])
    path = tmp_path / "walk.bvh"
    path.write_text(bvh_text(body), encoding="utf-8")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        motion = Motion.load(path)
    joints = canonicalize(torch.tensor(motion.joints)).numpy()  # own names with own bones stay in place
    assert np.linalg.norm(joints - body.expected, axis=-1).max() < _NEAR


EXTRAS = (
    "thigh_twist_01_l", "ik_foot_l", "ik_hand_r", "upperarm_twist_01_r", "index_01_l",
    "thigh_correctiveRoot_l", "J_Sec_Hair1_01", "Skirt_L", "CC_Base_L_KneeShareBone", "LeftEye",
    "LeftHandThumb1", "Tail", "weapon_r",
    "Breast_L", "LeftForeArmRoll", "lThumb1", "Jaw", "左足ＩＫ", "Foot_Target_L",
)  # fmt: skip


@pytest.mark.parametrize("extra", EXTRAS)
@pytest.mark.parametrize("tool", ["unreal-mannequin", "mixamorig", "daz-genesis"])
def test_helpers_fingers_and_hair_do_not_matter(tool: str, extra: str) -> None:
    body = rest_tree(person(SCHEMES[tool], frames=1))
    plain, parents = find_roles(body), body.parents or ()
    for above in (0, plain.joints["left_hip"], plain.joints["right_elbow"], plain.joints["neck"]):
        place = body.rest[above] + (3.0, -2.0, 1.0)
        more = JointTree([*body.names, extra], (*parents, above), np.vstack((body.rest, place)))
        assert find_roles(more) == plain


@pytest.mark.parametrize("tool", sorted(SCHEMES.keys() - NEED_A_TREE))
def test_roles_without_a_tree(tool: str) -> None:
    """Captures that list joints in any order and not what hangs on what."""
    body = person(SCHEMES[tool], frames=1)
    tree = rest_tree(body)
    order = np.random.default_rng(0).permutation(len(body.names))
    shuffled = JointTree([body.names[i] for i in order], None, tree.rest[order])
    found = find_roles(shuffled)
    expected = find_roles(tree)
    tips = {f"{side}_{tip}" for side in ("left", "right") for tip in ("foot", "wrist")} | {"head", "pelvis"}
    named = {role: body.names[order[joint]] for role, joint in found.joints.items()}
    assert {role: body.names[joint] for role, joint in expected.joints.items() if role not in tips} == {
        role: name for role, name in named.items() if role not in tips
    }


@pytest.mark.parametrize(
    ("name", "side", "part"),
    [
        ("LHipJoint", "left", "hip_joint"),
        ("hip", "", "pelvis"),
        ("Bip01 R Toe0", "right", "toe"),
        ("rShldrTwist", "right", ""),
        ("CC_Base_NeckTwist01", "", "neck"),
        ("ToSpine", "", ""),
        ("レフト", "", ""),
        ("", "", ""),
    ],
)
def test_what_a_name_says(name: str, side: str, part: str) -> None:
    assert parse_bone_name(name) == (side, part)
