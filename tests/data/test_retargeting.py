"""Retargeting to the uniform skeleton, on short excerpts of real captures of five skeletons."""

import math
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from ram_sdk.formats.bvh_parser import read_bvh
from ram_sdk.skeleton.joints import HUMANML3D, UNIFORM_BONE_LENGTHS
from ram_sdk.skeleton.mapping import pick_joints
from ram_sdk.skeleton.retarget import leg_scale, mirror, retarget
from training.open_data.asf_amc import acclaim_positions, read_amc, read_asf
from training.open_data.cleaning import resample
from training.open_data.gltf import GltfAnimations
from training.open_data.quality import measure_quality

CAPTURES = Path(__file__).resolve().parents[1] / "fixtures" / "captures"
SOURCES = ("acclaim", "accad", "cmu-bvh", "poser", "rigify", "unreal")
PARENTS = np.array(HUMANML3D.parents[1:])
LEFT_WRIST, RIGHT_WRIST = 20, 21


@cache
def captured(source: str) -> np.ndarray:
    """One excerpt at 20 fps, `(frames, 22, 3)` in its own unit."""
    match source:
        case "acclaim":
            folder = CAPTURES / "cmu" / "02"
            names, positions = acclaim_positions(read_asf(folder / "02.asf"), read_amc(folder / "02_01.amc"))
            fps = 60.0
        case "accad" | "poser":
            path = "accad/Male2_B10_WalkTurnLeft45.bvh" if source == "accad" else "cmu-salsa/01.bvh"
            motion = read_bvh(CAPTURES / path)
            names, positions, fps = motion.names, motion.world_transforms()[0], motion.fps
        case "cmu-bvh":
            with np.load(CAPTURES / "cmu-extra" / "PickUpBox_02.npz", allow_pickle=False) as arrays:
                names = tuple(map(str, arrays["names"]))
                positions, fps = arrays["J"].astype(float), float(arrays["fps"])
        case _:
            file, take = {
                "rigify": ("human-base_07962f0f.glb", "Punch_Jab"),
                "unreal": ("human-addon_8332a1ef.glb", "Jumping Jacks"),
            }[source]
            library = GltfAnimations(CAPTURES / "mesh2motion" / file)
            names, positions, fps = library.node_names, library.positions(take, 60.0), 60.0
    return resample(pick_joints(names, positions), fps)[3:]  # some begin with a frame of the rest pose


def turned(joints: np.ndarray, degrees: float) -> np.ndarray:
    c, s = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    return joints @ np.array([[c, 0, s], [0, 1, 0], [-s, 0, c]]).T


@pytest.mark.parametrize("source", SOURCES)
def test_bones_are_those_of_the_uniform_skeleton(source: str) -> None:
    joints = retarget(captured(source))
    lengths = np.linalg.norm(joints[:, 1:] - joints[:, PARENTS], axis=-1)
    np.testing.assert_allclose(lengths, np.broadcast_to(UNIFORM_BONE_LENGTHS, lengths.shape), atol=1e-9)


@pytest.mark.parametrize("source", SOURCES)
def test_motion_is_kept(source: str) -> None:
    quality = measure_quality(captured(source), retarget(captured(source)))
    assert quality.distance < 0.045  # means over the whole sources are below 0.04
    assert quality.sliding <= 1.1 * quality.captured_sliding + 0.001


@pytest.mark.parametrize("source", SOURCES)
def test_unit_place_and_heading_do_not_matter(source: str) -> None:
    joints = retarget(captured(source))
    scale = leg_scale(captured(source))
    moved = retarget(turned(captured(source), 130.0) * 7.0 + np.array((3.0, 0.5, -2.0)))
    expected = turned(joints, 130.0) + np.array((3.0, 0.5, -2.0)) * scale / 7.0
    np.testing.assert_allclose(moved, expected, atol=1e-6)


@pytest.mark.parametrize("source", SOURCES)
def test_mirroring_exchanges_sides(source: str) -> None:
    """The uniform skeleton is a little lopsided, so the mirrored capture is retargeted, not the result."""
    joints, mirrored = retarget(captured(source)), retarget(mirror(captured(source)))
    lengths = np.linalg.norm(mirrored[:, 1:] - mirrored[:, PARENTS], axis=-1)
    np.testing.assert_allclose(lengths, np.broadcast_to(UNIFORM_BONE_LENGTHS, lengths.shape), atol=1e-9)
    assert np.linalg.norm(mirror(joints) - mirrored, axis=-1).mean() < 0.02
    assert source == "unreal" or np.linalg.norm(joints - mirrored, axis=-1).mean() > 0.05  # symmetric
    np.testing.assert_array_equal(mirror(mirror(joints)), joints)


def test_a_walk_to_the_left_turns_left() -> None:
    joints = retarget(captured("accad"))
    across = joints[:, 1] - joints[:, 2]
    heading = np.degrees(np.unwrap(np.arctan2(-across[:, 2], across[:, 0])))
    assert 20 < heading[-1] - heading[0] < 70  # the file's name says 45


def test_the_arm_that_jabs_is_the_one_that_jabs_in_the_capture() -> None:
    def reach(joints: np.ndarray) -> list[float]:
        return [
            float(np.linalg.norm(joints[:, w] - joints[:, s], axis=-1).max()) for w, s in ((20, 16), (21, 17))
        ]

    before, after = reach(captured("rigify")), reach(retarget(captured("rigify")))
    assert (before[0] > before[1] + 0.05) == (after[0] > after[1] + 0.05)
    assert (before[1] > before[0] + 0.05) == (after[1] > after[0] + 0.05)
    assert abs(before[0] - before[1]) > 0.05


def test_jumping_jacks_leave_the_floor_and_raise_both_hands() -> None:
    joints = retarget(captured("unreal"))
    joints = joints - np.array((0.0, joints[..., 1].min(), 0.0))
    assert joints[:, (10, 11), 1].min(axis=1).max() > 0.02
    assert (joints[:, (LEFT_WRIST, RIGHT_WRIST), 1] > joints[:, 15:16, 1]).all(axis=1).any()


def test_a_planted_foot_stays_where_it_is() -> None:
    """With legs of other proportions, bone directions alone would let it slide."""
    joints = captured("accad").copy()
    shift = 0.25 * (joints[:, (4, 5)] - joints[:, (1, 2)])
    joints[:, (4, 5)] -= shift  # thighs a quarter shorter, the rest of the body unchanged
    quality = measure_quality(joints, retarget(joints))
    assert quality.contacts > 10
    assert quality.sliding <= 1.1 * quality.captured_sliding


def test_positions_that_are_not_numbers_are_refused() -> None:
    joints = captured("accad").copy()
    joints[3, 4, 0] = np.nan
    with pytest.raises(ValueError, match="not finite"):
        retarget(joints)
