from importlib.resources import files

import numpy as np
import pytest
import torch

from ram_sdk.body.embedded import load_body
from ram_sdk.geometry import axis_angle_to_matrix
from ram_sdk.skeleton.joints import HUMANML3D
from ram_sdk.skeleton.kinematics import PoseSequence, canonical_offsets
from tests.synthetic_motion import natural_poses


def posed(**degrees: tuple[float, float, float]) -> PoseSequence:
    turns = torch.zeros(1, 22, 3)
    for name, angles in degrees.items():
        turns[0, HUMANML3D.joint_names.index(name)] = torch.deg2rad(torch.tensor(angles))
    root = torch.from_numpy(load_body().joints[:1])
    return PoseSequence(axis_angle_to_matrix(turns), root, canonical_offsets().float())


EXTREMES = {
    "arms down": posed(left_shoulder=(0, 0, -75), right_shoulder=(0, 0, 75)),
    "arms up": posed(left_shoulder=(0, 0, 70), right_shoulder=(0, 0, -70)),
    "squat": posed(
        left_hip=(-110, 0, 10), right_hip=(-110, 0, -10), left_knee=(120, 0, 0), right_knee=(120, 0, 0)
    ),
    "bow": posed(spine1=(30, 20, 0), spine2=(25, 20, 0), spine3=(20, 15, 0), neck=(20, 40, 0)),
    "bridge": posed(spine1=(-25, 0, 0), spine2=(-20, 0, 0), spine3=(-15, 0, 0), left_hip=(30, 0, 30)),
}


def test_asset_is_small_and_stands_on_the_floor() -> None:
    body = load_body()
    assert (files("ram_sdk") / "assets" / "body.npz").stat().st_size <= 300_000  # type: ignore[attr-defined]
    assert body.vertices[:, 1].min() == pytest.approx(0.0, abs=1e-4)
    assert 1.6 < body.vertices[:, 1].max() < 1.9
    assert (body.bone_weights.astype(int).sum(axis=1) == 255).all()
    torch.testing.assert_close(body.weights.sum(dim=1), torch.ones(len(body.vertices)))


def test_every_edge_has_two_faces() -> None:
    faces = load_body().faces
    edges = np.sort(np.concatenate([faces[:, [0, 1]], faces[:, [1, 2]], faces[:, [2, 0]]]), axis=1)
    assert (np.unique(edges, axis=0, return_counts=True)[1] == 2).all()


def test_rest_pose_is_left_alone() -> None:
    np.testing.assert_allclose(load_body().posed(posed())[0], load_body().vertices, atol=1e-5)


@pytest.mark.parametrize("name", EXTREMES)
def test_skin_stays_smooth_in_extreme_poses(name: str) -> None:
    body = load_body()
    moved = body.posed(EXTREMES[name])[0].numpy()
    edges = np.concatenate([body.faces[:, [0, 1]], body.faces[:, [1, 2]], body.faces[:, [2, 0]]])
    before, after = (np.linalg.norm(np.diff(v[edges], axis=1)[:, 0], axis=1) for v in (body.vertices, moved))
    stretch = after / np.maximum(before, 0.004)
    assert np.quantile(stretch, 0.999) < 3.0
    assert stretch.max() < 6.0


def test_surface_follows_the_joints() -> None:
    pose = natural_poses(10)
    vertices = load_body().posed(pose)
    distance = torch.cdist(pose.joints.float(), vertices).min(dim=-1).values
    assert distance.max() < 0.2  # every joint stays within the flesh around it
