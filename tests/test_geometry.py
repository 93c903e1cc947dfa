import itertools
import math

import pytest
import torch
import torch.nn.functional as F
from scipy.spatial.transform import Rotation

from ram_sdk import geometry as r

ORDERS = ["".join(axes) for axes in itertools.permutations("XYZ")]


def random_quaternions(count: int = 500) -> torch.Tensor:
    random = torch.Generator().manual_seed(0)
    return F.normalize(torch.randn(count, 4, generator=random, dtype=torch.float64), dim=-1)


def from_euler(angles: torch.Tensor, order: str) -> torch.Tensor:
    return torch.from_numpy(Rotation.from_euler(order, angles.numpy()).as_matrix())  # capitals: intrinsic


@pytest.mark.parametrize(
    ("there", "back"),
    [
        (r.matrix_to_quaternion, r.quaternion_to_matrix),
        (r.matrix_to_axis_angle, r.axis_angle_to_matrix),
        *((lambda m, o=o: r.matrix_to_euler(m, o), lambda e, o=o: from_euler(e, o)) for o in ORDERS),
    ],
)
def test_there_and_back(there, back) -> None:
    half_turns = torch.diag_embed(torch.tensor([[1.0, -1, -1], [-1, 1, -1], [-1, -1, 1], [1, 1, 1]]).double())
    matrices = torch.cat((r.quaternion_to_matrix(random_quaternions()), half_turns))
    torch.testing.assert_close(back(there(matrices)), matrices, atol=1e-7, rtol=0)


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("middle", [-math.pi / 2, math.pi / 2])
def test_euler_angles_in_gimbal_lock_mean_the_same_rotation(order: str, middle: float) -> None:
    angles = torch.rand(50, 3, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    angles[:, 1] = middle
    matrices = from_euler(angles, order)
    again = from_euler(r.matrix_to_euler(matrices, order), order)
    torch.testing.assert_close(again, matrices, atol=1e-7, rtol=0)


def test_6d_is_the_first_two_columns() -> None:
    matrix = r.quaternion_to_matrix(random_quaternions(1))[0]
    torch.testing.assert_close(r.matrix_to_6d(matrix), torch.cat((matrix[:, 0], matrix[:, 1])))


def test_euler_order_reads_as_a_matrix_product() -> None:
    x, y, z = torch.tensor([0.3, -0.7, 1.1], dtype=torch.float64)
    zero = torch.zeros_like(x)
    rx = r.axis_angle_to_matrix(torch.stack((x, zero, zero)))
    ry = r.axis_angle_to_matrix(torch.stack((zero, y, zero)))
    rz = r.axis_angle_to_matrix(torch.stack((zero, zero, z)))
    torch.testing.assert_close(r.matrix_to_euler(rz @ rx @ ry, "ZXY"), torch.stack((z, x, y)))


def test_small_rotation_vectors_lose_nothing() -> None:
    vectors = 1e-7 * torch.randn(20, 3, generator=torch.Generator().manual_seed(2), dtype=torch.float64)
    vectors[0] = 0
    again = r.quaternion_to_axis_angle(r.axis_angle_to_quaternion(vectors))
    torch.testing.assert_close(again, vectors, atol=1e-14, rtol=1e-6)


def test_slerp_turns_at_constant_speed_the_short_way() -> None:
    a, b = random_quaternions(2)
    times = torch.linspace(0, 1, 5, dtype=torch.float64)
    path = r.slerp(a.expand(5, 4), (-b).expand(5, 4), times)
    torch.testing.assert_close(
        r.quaternion_to_matrix(path[[0, -1]]), r.quaternion_to_matrix(torch.stack((a, b)))
    )
    steps = (path[1:] * path[:-1]).sum(-1).abs()
    torch.testing.assert_close(steps, steps[:1].expand_as(steps))
    assert steps[0] >= math.cos(math.pi / 8) - 1e-9  # a quarter of at most half a turn
