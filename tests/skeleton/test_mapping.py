"""Roles of joints, and retargeting beside a forward kinematics of its own, on the skeletons of many tools."""

import warnings
from pathlib import Path

import numpy as np
import pytest
import torch

from ram_sdk.motion import Motion
from ram_sdk.skeleton.features import canonicalize
from ram_sdk.skeleton.roles import find_roles
from ram_sdk.skeleton.tree import JointTree
from tests.skeleton.naming_schemes import SCHEMES
from tests.synthetic_bvh import Person, bvh_text, person

_NEAR = 0.05  # metres


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
    joints = canonicalize(torch.from_numpy(motion.joints)).numpy()  # own names with own bones stay in place
    assert np.linalg.norm(joints - body.expected, axis=-1).max() < _NEAR
