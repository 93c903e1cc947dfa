"""The skeletons that text-to-motion data sets use, as constants."""

from dataclasses import dataclass
from typing import Literal

Side = Literal["left", "middle", "right"]
MAX_FPS = 1000.0
"""The highest frame rate that a motion is resampled to."""
MAX_FRAMES = 250_000
"""The most frames of a motion that is read or resampled: some three hours; rotations take a gigabyte."""

_OPPOSITE = {"left": "right", "right": "left"}


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
    chains: tuple[tuple[int, ...], ...]  # right leg, left leg, trunk, right arm, left arm, from the root
    rest_directions: tuple[tuple[int, int, int], ...]  # bone into joint j, at rest, one axis each
    metre: float  # length of a metre in the unit of the joints
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

    def index(self, name: str) -> int:
        """Number of a joint by its name."""
        return self.joint_names.index(name)

    @property
    def legs(self) -> tuple[tuple[int, ...], tuple[int, ...]]:
        """Joints of the left and the right leg, from the hip to the toe."""
        right, left = self.chains[:2]
        return left[1:], right[1:]

    @property
    def arms(self) -> tuple[tuple[int, ...], tuple[int, ...]]:
        """Shoulder, elbow and wrist of the left and the right arm."""
        right, left = self.chains[3:]
        return left[-3:], right[-3:]

    @property
    def left_hip(self) -> int:
        """First joint of the left leg."""
        return self.legs[0][0]

    @property
    def right_hip(self) -> int:
        """First joint of the right leg."""
        return self.legs[1][0]

    @property
    def left_shoulder(self) -> int:
        """First joint of the left arm."""
        return self.arms[0][0]

    @property
    def right_shoulder(self) -> int:
        """First joint of the right arm."""
        return self.arms[1][0]

    @property
    def left_foot(self) -> tuple[int, int]:
        """Ends of the left foot: the last two joints of the leg."""
        ankle, toe = self.legs[0][-2:]
        return ankle, toe

    @property
    def right_foot(self) -> tuple[int, int]:
        """Ends of the right foot: the last two joints of the leg."""
        ankle, toe = self.legs[1][-2:]
        return ankle, toe

    @property
    def mirrored(self) -> tuple[int, ...]:
        """For each joint the one on the other side of the body; those of the trunk are their own."""
        return tuple(self.index(_other_side(name)) for name in self.joint_names)

    def side(self, joint: int) -> Side:
        """Which side of the body a joint is on."""
        word = self.joint_names[joint].split("_")[0]
        return "left" if word == "left" else "right" if word == "right" else "middle"


def _other_side(name: str) -> str:
    side, _, rest = name.partition("_")
    return f"{_OPPOSITE[side]}_{rest}" if side in _OPPOSITE else name


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
    metre=1.0,
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
    metre=1000.0,
    fps=12.5,
    contact_threshold=0.05,
)  # fmt: skip

SKELETONS = {skeleton.name: skeleton for skeleton in (HUMANML3D, KIT_ML)}
"""The skeletons by name."""
