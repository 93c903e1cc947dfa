"""The BVH reader against numbers worked out by hand, SciPy's Euler angles and a real capture."""

from pathlib import Path

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from ram_sdk.formats.bvh_parser import parse_bvh, read_bvh

CAPTURES = Path(__file__).resolve().parents[1] / "fixtures" / "captures"

ARM = """HIERARCHY
ROOT Upper arm
{{
  OFFSET 1 2 3
  CHANNELS 6 Xposition Yposition Zposition {root}
  JOINT Elbow
  {{
    OFFSET 0 2 0
    CHANNELS 3 {elbow}
    End Site
    {{
      OFFSET 0 1 0
    }}
  }}
}}
MOTION
Frames: {frames}
Frame Time: 0.05
{body}
"""


def arm(body: str, frames: int = 1, root: str = "ZXY", elbow: str = "ZXY") -> str:
    orders = {"root": root, "elbow": elbow}
    channels = {key: " ".join(f"{axis}rotation" for axis in order) for key, order in orders.items()}
    return ARM.format(frames=frames, body=body, **channels)


def test_quarter_turns_by_hand() -> None:
    # Frame 0: root at (5, 0, 0), turned 90 degrees about z: the upper arm's +y becomes -x; the elbow, turned
    # 90 degrees about x, sends the forearm's +y to the root's +z, which the root leaves alone.
    motion = parse_bvh(arm("5 0 0 90 0 0 0 90 0\n0 0 0 0 0 0 0 0 0", frames=2))
    positions, _ = motion.world_transforms()
    assert motion.names == ("Upper arm", "Elbow", "Elbow_end")
    assert motion.parents == (-1, 0, 1)
    assert motion.fps == pytest.approx(20.0)
    np.testing.assert_allclose(positions[0], [[5, 0, 0], [3, 0, 0], [3, 0, 1]], atol=1e-12)
    np.testing.assert_allclose(positions[1], [[0, 0, 0], [0, 2, 0], [0, 3, 0]], atol=1e-12)


def test_still_rotations_apply_from_the_root_down() -> None:
    """Two joints that never turn, about different axes, above one that does."""
    row = "0 0 0 0 90 0 90 0 0 {} 0 0"
    text = arm("\n".join(row.format(angle) for angle in (0, 45)), frames=2)
    end = "End Site\n    {\n      OFFSET 0 1 0\n    }"
    hand = "JOINT Hand\n    {\n OFFSET 0 1 0\n CHANNELS 3 Zrotation Xrotation Yrotation\n    }"
    assert end in text
    motion = parse_bvh(text.replace(end, hand))
    _, rotations = motion.world_transforms()
    np.testing.assert_allclose(motion.still_rotation_above(2), rotations[0, 1], atol=1e-12)


@pytest.mark.parametrize("order", ["XYZ", "XZY", "YXZ", "YZX", "ZXY", "ZYX"])
def test_rotations_apply_in_the_order_of_the_channels(order: str) -> None:
    angles = np.array([20.0, -65.0, 130.0])
    motion = parse_bvh(arm("0 0 0 0 0 0 " + " ".join(map(str, angles)), elbow=order))
    expected = Rotation.from_euler(order, angles, degrees=True).as_matrix()
    np.testing.assert_allclose(motion.rotations[0, 1], expected, atol=1e-12)


def test_capture_keeps_its_bone_lengths() -> None:
    motion = read_bvh(CAPTURES / "accad" / "Male2_B10_WalkTurnLeft45.bvh")
    positions, rotations = motion.world_transforms()
    assert motion.num_frames == 80
    assert motion.fps == pytest.approx(30.0, abs=0.01)
    assert motion.names[0] == "Hips"
    lengths = np.linalg.norm(positions[:, 1:] - positions[:, np.array(motion.parents[1:])], axis=-1)
    np.testing.assert_allclose(
        lengths, np.tile(np.linalg.norm(motion.offsets[1:], axis=-1), (80, 1)), atol=1e-9
    )
    np.testing.assert_allclose(
        rotations @ rotations.swapaxes(-1, -2), np.broadcast_to(np.eye(3), rotations.shape), atol=1e-9
    )


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("HIERARCHY\nROOT a\n{\n", "no MOTION section"),
        (arm("0 0 0 0 0 0 0 0"), "line 19: 8 numbers up to here, but a frame has 9 channels"),
        (arm("0 0 0 0 0 0 0 0 banana"), "line 19: 'banana' is not a number"),
        (arm("0 0 0 0 0 0 0 0 nan"), "line 19: 'nan' is not a finite number"),
        (arm("0 0 0 0 0 0 0 0 0").replace("OFFSET 0 2 0", "OFFSET 0 2"), "line 8: cannot read 'OFFSET 0 2'"),
        (arm("0 0 0 0 0 0 0 0 0").replace("Zrotation", "Wrotation"), "line 5.*'Wrotation' is not a channel"),
        (arm("0 0 0 0 0 0 0 0 0").replace("0.05", "-1"), "line 18: Frame Time '-1'"),
    ],
)
def test_broken_files_say_where(text: str, complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint) as error:
        parse_bvh(text, "clip.bvh")
    assert str(error.value).startswith("clip.bvh")
    assert "\n" not in str(error.value)
