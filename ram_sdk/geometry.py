"""Quaternions (w, x, y, z), matrices, axis-angle, 6-d and Euler angles, batched over leading dimensions."""

import math

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
    turned: Tensor = v + q[..., :1] * twice_cross + torch.linalg.cross(axis, twice_cross)
    return turned


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
    return torch.stack(rows, dim=-1).reshape(*q.shape[:-1], 3, 3)


def matrix_to_quaternion(matrix: Tensor) -> Tensor:
    """Rotation matrices `(..., 3, 3)` to unit quaternions `(..., 4)` with w >= 0."""
    m = matrix
    xx, yy, zz = m[..., 0, 0], m[..., 1, 1], m[..., 2, 2]
    wx, wy, wz = m[..., 2, 1] - m[..., 1, 2], m[..., 0, 2] - m[..., 2, 0], m[..., 1, 0] - m[..., 0, 1]
    xy, xz, yz = m[..., 0, 1] + m[..., 1, 0], m[..., 0, 2] + m[..., 2, 0], m[..., 1, 2] + m[..., 2, 1]
    four_outer = (
        1 + xx + yy + zz, wx, wy, wz,
        wx, 1 + xx - yy - zz, xy, xz,
        wy, xy, 1 - xx + yy - zz, yz,
        wz, xz, yz, 1 - xx - yy + zz,
    )  # fmt: skip
    rows = torch.stack(four_outer, dim=-1).reshape(*m.shape[:-2], 4, 4)  # 4 q q^T: each row is q up to scale
    best = rows.diagonal(dim1=-2, dim2=-1).argmax(dim=-1)
    q = F.normalize(torch.take_along_dim(rows, best[..., None, None], dim=-2).squeeze(-2), dim=-1)
    return torch.where(q[..., :1] < 0, -q, q)


def axis_angle_to_quaternion(axis_angle: Tensor) -> Tensor:
    """Rotation vectors `(..., 3)`, radians, to unit quaternions `(..., 4)`."""
    half = 0.5 * axis_angle.norm(dim=-1, keepdim=True)
    return torch.cat((half.cos(), 0.5 * axis_angle * torch.sinc(half / math.pi)), dim=-1)


def quaternion_to_axis_angle(q: Tensor) -> Tensor:
    """Unit quaternions `(..., 4)` to rotation vectors `(..., 3)` of at most half a turn, radians."""
    q = torch.where(q[..., :1] < 0, -q, q)
    sine = q[..., 1:].norm(dim=-1, keepdim=True)
    angle = 2.0 * torch.atan2(sine, q[..., :1])
    return q[..., 1:] * torch.where(sine > 1e-8, angle / sine.clamp(min=1e-8), 2.0)


def axis_angle_to_matrix(axis_angle: Tensor) -> Tensor:
    """Rotation vectors `(..., 3)`, radians, to matrices `(..., 3, 3)`."""
    return quaternion_to_matrix(axis_angle_to_quaternion(axis_angle))


def matrix_to_axis_angle(matrix: Tensor) -> Tensor:
    """Rotation matrices `(..., 3, 3)` to rotation vectors `(..., 3)` of at most half a turn, radians."""
    return quaternion_to_axis_angle(matrix_to_quaternion(matrix))


def matrix_to_6d(matrix: Tensor) -> Tensor:
    """The first two columns of rotation matrices `(..., 3, 3)`, one after the other: `(..., 6)`."""
    return matrix[..., :2].transpose(-1, -2).flatten(-2)


def matrix_to_euler(matrix: Tensor, order: str) -> Tensor:
    """Rotation matrices to Euler angles `(..., 3)`, radians, with R = R_order[0] R_order[1] R_order[2].

    The middle angle lies within a quarter turn. Where it reaches one (gimbal lock) the last angle is 0.
    """
    i, j, k = ("XYZ".index(axis) for axis in order)
    sign = 1.0 if (j - i) % 3 == 1 else -1.0
    sine = (sign * matrix[..., i, k]).clamp(-1.0, 1.0)
    locked = sine.abs() > 1.0 - 1e-12
    middle = torch.asin(sine)
    first = torch.where(
        locked,
        torch.atan2(sign * matrix[..., k, j], matrix[..., j, j]),
        torch.atan2(-sign * matrix[..., j, k], matrix[..., k, k]),
    )
    last = torch.where(locked, 0.0, torch.atan2(-sign * matrix[..., i, j], matrix[..., i, i]))
    return torch.stack((first, middle, last), dim=-1)


def slerp(a: Tensor, b: Tensor, t: Tensor) -> Tensor:
    """Spherical interpolation from unit quaternions a to b `(..., 4)` the short way, t in [0, 1] `(...)`."""
    relative = quaternion_multiply(b, quaternion_conjugate(a))
    step = axis_angle_to_quaternion(quaternion_to_axis_angle(relative) * t[..., None])
    return quaternion_multiply(step, a)
