"""A body model with the keys, shapes and joint tree of an SMPL model, but made of spheres: for tests only."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ram_sdk.body.smpl import NUM_JOINTS, ModelType
from ram_sdk.skeleton.joints import HUMANML3D
from ram_sdk.skeleton.kinematics import canonical_offsets

NUM_VERTICES, NUM_FACES = 6890, 13776  # smplx asks for exactly these of SMPL and SMPL-H
_FINGER = (0.03, 0.0, 0.0)


def smpl_arrays(vertex_count: int = NUM_VERTICES, model_type: ModelType = "smpl") -> dict[str, NDArray[Any]]:
    """The arrays of a model file; joints lie where HumanML3D's skeleton has them, shapes change sizes."""
    random = np.random.default_rng(0)
    parents, bones = _tree(model_type)
    count = len(parents)
    joints = np.zeros((count, 3))
    joints[0] = (-0.002, -0.22, 0.03)
    for joint, parent in enumerate(parents[1:], start=1):
        joints[joint] = joints[parent] + bones[joint]

    owner = np.arange(vertex_count) % count
    regressor = np.stack([(owner == joint) / (owner == joint).sum() for joint in range(count)])
    sphere = random.normal(size=(vertex_count, 3))
    sphere = 0.06 * sphere / np.linalg.norm(sphere, axis=1, keepdims=True)
    vertices = sphere - (regressor @ sphere)[owner] + joints[owner]
    weights = np.zeros((vertex_count, count))
    np.add.at(weights, (np.arange(vertex_count), owner), 0.8)
    np.add.at(weights, (np.arange(vertex_count), np.maximum(np.array(parents)[owner], 0)), 0.2)

    centred = vertices - joints[0]
    shapes = np.stack(
        [0.03 * centred, *(centred @ random.normal(scale=0.01, size=(3, 3)) for _ in range(9))], axis=-1
    )
    tree = np.stack((np.where(np.array(parents) < 0, 2**32 - 1, parents), np.arange(count)))
    return {
        "v_template": vertices,
        "shapedirs": shapes,
        "posedirs": random.normal(scale=1e-3, size=(vertex_count, 3, 9 * (count - 1))),
        "J_regressor": regressor,
        "weights": weights,
        "kintree_table": tree.astype(np.uint32),
        "f": random.integers(0, vertex_count, (NUM_FACES, 3)).astype(np.uint32),
    }


def _tree(model_type: ModelType) -> tuple[tuple[int, ...], NDArray[np.float64]]:
    """Parents of all joints and the bones into them: the body, then hands of one joint or of fingers."""
    body = canonical_offsets().numpy()
    head, wrists = HUMANML3D.index("head"), (20, 21)
    if model_type == "smpl":
        more, hands = wrists, np.array(((0.085, -0.01, 0.0), (-0.085, -0.01, 0.0)))
    else:
        face = (head, head, head) if model_type == "smplx" else ()
        first = len(body) + len(face)
        fingers = [
            first + 15 * side + joint - 1 if joint % 3 else wrists[side]
            for side in range(2)
            for joint in range(15)
        ]
        more = (*face, *fingers)
        reach = np.repeat(((1.0,), (-1.0,)), 15, axis=0) * np.array(_FINGER)
        hands = np.concatenate((np.tile((0.0, 0.05, 0.05), (len(face), 1)), reach))
    parents = (*HUMANML3D.parents, *more)
    assert len(parents) == NUM_JOINTS[model_type]
    return parents, np.concatenate((body, hands))
