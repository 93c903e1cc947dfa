"""The skeletons that text-to-motion data sets use, as constants."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Skeleton:
    """A joint tree and the constants that its feature vectors are built with.

    Axis-aligned rest directions, chains, face joints and contact thresholds are those of the HumanML3D
    processing (Guo et al., 2022, `process_file`); feature vectors made with others do not match its
    data, its evaluator or any checkpoint trained on it.
    """

    name: str
    joint_names: tuple[str, ...]
    parents: tuple[int, ...]  # parents[0] = -1; every parent precedes its children
    chains: tuple[tuple[int, ...], ...]  # order in which the data set's inverse kinematics walks the tree
    rest_directions: tuple[tuple[int, int, int], ...]  # bone into joint j, at rest, one axis each
    right_hip: int
    left_hip: int
    right_shoulder: int
    left_shoulder: int
    left_foot: tuple[int, int]  # (ankle, toe)
    right_foot: tuple[int, int]
    fps: float
    contact_threshold: float  # squared displacement per frame, in squared units of the joints

    @property
    def num_joints(self) -> int:
        """Number of joints, the root included."""
        return len(self.joint_names)

    @property
    def num_features(self) -> int:
        """Width of the feature vector: 4 + 9 * (joints - 1) + 3 * joints + 4 contacts."""
        return 4 + 9 * (self.num_joints - 1) + 3 * self.num_joints + 4


HUMANML3D = Skeleton(
    name="humanml3d",
    joint_names=(
        "pelvis", "left_hip", "right_hip", "spine1", "left_knee", "right_knee", "spine2", "left_ankle",
        "right_ankle", "spine3", "left_foot", "right_foot", "neck", "left_collar", "right_collar", "head",
        "left_shoulder", "right_shoulder", "left_elbow", "right_elbow", "left_wrist", "right_wrist",
    ),
    parents=(-1, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 9, 9, 12, 13, 14, 16, 17, 18, 19),
    chains=(
        (0, 2, 5, 8, 11), (0, 1, 4, 7, 10), (0, 3, 6, 9, 12, 15), (9, 14, 17, 19, 21), (9, 13, 16, 18, 20),
    ),
    rest_directions=(
        (0, 0, 0), (1, 0, 0), (-1, 0, 0), (0, 1, 0), (0, -1, 0), (0, -1, 0), (0, 1, 0), (0, -1, 0),
        (0, -1, 0), (0, 1, 0), (0, 0, 1), (0, 0, 1), (0, 1, 0), (1, 0, 0), (-1, 0, 0), (0, 0, 1),
        (0, -1, 0), (0, -1, 0), (0, -1, 0), (0, -1, 0), (0, -1, 0), (0, -1, 0),
    ),
    right_hip=2,
    left_hip=1,
    right_shoulder=17,
    left_shoulder=16,
    left_foot=(7, 10),
    right_foot=(8, 11),
    fps=20.0,
    contact_threshold=0.002,
)  # fmt: skip

# Metres, bone into joints 1..21 of HUMANML3D: HumanML3D retargets every clip to its subject 000021.
UNIFORM_BONE_LENGTHS: tuple[float, ...] = (
    0.1031, 0.1099, 0.1316, 0.3936, 0.3901, 0.1432, 0.4322, 0.4257, 0.0574, 0.1434, 0.1495,
    0.2193, 0.1375, 0.1434, 0.1031, 0.1316, 0.1230, 0.2569, 0.2631, 0.2660, 0.2697,
)  # fmt: skip

KIT_ML = Skeleton(
    name="kit-ml",
    joint_names=(
        "root", "torso_pelvis", "torso_spine", "neck", "head", "right_shoulder", "right_elbow", "right_wrist",
        "left_shoulder", "left_elbow", "left_wrist", "right_hip", "right_knee", "right_ankle", "right_foot",
        "right_toe", "left_hip", "left_knee", "left_ankle", "left_foot", "left_toe",
    ),
    parents=(-1, 0, 1, 2, 3, 3, 5, 6, 3, 8, 9, 0, 11, 12, 13, 14, 0, 16, 17, 18, 19),
    chains=((0, 11, 12, 13, 14, 15), (0, 16, 17, 18, 19, 20), (0, 1, 2, 3, 4), (3, 5, 6, 7), (3, 8, 9, 10)),
    rest_directions=(
        (0, 0, 0), (0, 1, 0), (0, 1, 0), (0, 1, 0), (0, 1, 0), (1, 0, 0), (0, -1, 0), (0, -1, 0),
        (-1, 0, 0), (0, -1, 0), (0, -1, 0), (1, 0, 0), (0, -1, 0), (0, -1, 0), (0, 0, 1), (0, 0, 1),
        (-1, 0, 0), (0, -1, 0), (0, -1, 0), (0, 0, 1), (0, 0, 1),
    ),
    right_hip=11,
    left_hip=16,
    right_shoulder=5,
    left_shoulder=8,
    left_foot=(19, 20),
    right_foot=(14, 15),
    fps=12.5,
    contact_threshold=0.05,
)  # fmt: skip
