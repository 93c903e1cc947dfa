"""Quaternions (w, x, y, z) and rotation matrices, batched over leading dimensions."""

import torch
import torch.nn.functional as F
from torch import Tensor


def quaternion_multiply(a: Tensor, b: Tensor) -> Tensor:
    """Hamilton product a b of quaternions `(..., 4)`: first b turns, then a."""
    aw, ax, ay, az = a.unbind(-1)
    bw, bx, by, bz = b.unbind(-1)
    return torch.stack(
        (
            aw * bw - ax * bx - ay * by - az * bz,
            aw * bx + ax * bw + ay * bz - az * by,
            aw * by - ax * bz + ay * bw + az * bx,
            aw * bz + ax * by - ay * bx + az * bw,
        ),
        dim=-1,
    )


def quaternion_conjugate(q: Tensor) -> Tensor:
    """Inverse of unit quaternions `(..., 4)`."""
    return q * q.new_tensor((1.0, -1.0, -1.0, -1.0))


def rotate(q: Tensor, v: Tensor) -> Tensor:
    """Turn vectors v `(..., 3)` by unit quaternions q `(..., 4)`; leading dimensions broadcast."""
    axis = q[..., 1:].expand_as(v) if q.dim() == v.dim() else q[..., 1:]
    twice_cross = 2.0 * torch.linalg.cross(axis, v)
    return v + q[..., :1] * twice_cross + torch.linalg.cross(axis, twice_cross)


def quaternion_between(u: Tensor, v: Tensor) -> Tensor:
    """Shortest rotation that turns directions u into v, both `(..., 3)`; opposite ones turn half round."""
    lengths = u.norm(dim=-1, keepdim=True) * v.norm(dim=-1, keepdim=True)
    w = lengths + (u * v).sum(-1, keepdim=True)
    opposite = w <= 1e-12 * lengths
    x_axis, y_axis = u.new_tensor((1.0, 0.0, 0.0)), u.new_tensor((0.0, 1.0, 0.0))
    helper = torch.where(u[..., :1].abs() < 0.9 * u.norm(dim=-1, keepdim=True), x_axis, y_axis)
    axis = torch.where(opposite, torch.linalg.cross(u, helper), torch.linalg.cross(u, v))
    return F.normalize(torch.cat((w.masked_fill(opposite, 0.0), axis), dim=-1), dim=-1)


def yaw_quaternion(half_angle: Tensor) -> Tensor:
    """Rotation about +Y by twice `half_angle` radians, `(...)` -> `(..., 4)`."""
    zero = torch.zeros_like(half_angle)
    return torch.stack((half_angle.cos(), zero, half_angle.sin(), zero), dim=-1)


def quaternion_to_matrix(q: Tensor) -> Tensor:
    """Unit quaternions `(..., 4)` to rotation matrices `(..., 3, 3)` that act on column vectors."""
    w, x, y, z = q.unbind(-1)
    rows = (
        1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y),
        2 * (x * y + w * z), 1 - 2 * (x * x + z * z), 2 * (y * z - w * x),
        2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y),
    )  # fmt: skip
    return torch.stack(rows, dim=-1).unflatten(-1, (3, 3))
