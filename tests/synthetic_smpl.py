"""A body model with SMPL's keys, shapes and joint tree, but made of spheres: for tests only."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ram_sdk.skeleton.joints import HUMANML3D
from ram_sdk.skeleton.kinematics import canonical_offsets

NUM_VERTICES, NUM_FACES = 6890, 13776  # smplx asks for exactly these
PARENTS = (*HUMANML3D.parents, 20, 21)


def smpl_arrays(vertex_count: int = NUM_VERTICES) -> dict[str, NDArray[Any]]:
    """The arrays of a model file; joints lie where HumanML3D's skeleton has them, shapes change sizes."""
    random = np.random.default_rng(0)
    joints = np.zeros((24, 3))
    joints[0] = (-0.002, -0.22, 0.03)
    bones = np.concatenate((canonical_offsets().numpy(), ((0.085, -0.01, 0.0), (-0.085, -0.01, 0.0))))
    for joint, parent in enumerate(PARENTS[1:], start=1):
        joints[joint] = joints[parent] + bones[joint]

    owner = np.arange(vertex_count) % 24
    regressor = np.stack([(owner == joint) / (owner == joint).sum() for joint in range(24)])
    sphere = random.normal(size=(vertex_count, 3))
    sphere = 0.06 * sphere / np.linalg.norm(sphere, axis=1, keepdims=True)
    vertices = sphere - (regressor @ sphere)[owner] + joints[owner]
    weights = np.zeros((vertex_count, 24))
    np.add.at(weights, (np.arange(vertex_count), owner), 0.8)
    np.add.at(weights, (np.arange(vertex_count), np.maximum(np.array(PARENTS)[owner], 0)), 0.2)

    centred = vertices - joints[0]
    shapes = np.stack(
        [0.03 * centred, *(centred @ random.normal(scale=0.01, size=(3, 3)) for _ in range(9))], axis=-1
    )
    tree = np.stack((np.where(np.array(PARENTS) < 0, 2**32 - 1, PARENTS), np.arange(24)))
    return {
        "v_template": vertices,
        "shapedirs": shapes,
        "posedirs": random.normal(scale=1e-3, size=(vertex_count, 3, 207)),
        "J_regressor": regressor,
        "weights": weights,
        "kintree_table": tree.astype(np.uint32),
        "f": random.integers(0, vertex_count, (NUM_FACES, 3)).astype(np.uint32),
    }
