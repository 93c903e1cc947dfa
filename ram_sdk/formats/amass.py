"""AMASS archives: SMPL parameters as the AMASS collection (Mahmood et al., 2019) stores them, Z up."""

import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from ram_sdk.array_files import Archive, number
from ram_sdk.body.smpl import (
    NUM_BODY_JOINTS,
    SMPL_PELVIS,
    SMPLX_PELVIS,
    ModelType,
    SmplParameters,
    smpl_offsets,
    smpl_parameters,
    turned_up,
)
from ram_sdk.body.smpl_files import load_smpl
from ram_sdk.clip import Clip
from ram_sdk.formats.positions import RATES, motion_of, put_down, warn
from ram_sdk.formats.read_options import ReadOptions
from ram_sdk.formats.write_options import NpzOptions
from ram_sdk.skeleton.joints import HUMANML3D
from ram_sdk.skeleton.plausibility import Fault, faults
from ram_sdk.skeleton.upright import turn_to_y

AMASS_FPS = 30.0  # what Meshcapade's Blender add-on expects at least

_WIDTH = {"smplh": 156, "smplx": 165}  # 3 per joint: body 22 joints, (jaw and eyes 3,) hands 30
_BODY_WIDTH = 3 * NUM_BODY_JOINTS
_NUM_BETAS = 16
_PIECE = 10_000  # frames whose rotations are in memory at a time
# Names under which parameters are stored by AMASS, SMPL's add-on for Blender, smplx and estimators.
_TRANS = ("trans", "transl")
_ROOT, _BODY = ("root_orient", "global_orient"), ("pose_body", "body_pose")
_TO_Z_UP = torch.tensor(((1.0, 0.0, 0.0), (0.0, 0.0, -1.0), (0.0, 1.0, 0.0)), dtype=torch.float32)


def arrays_of(motion: Clip, options: NpzOptions) -> dict[str, Any]:
    """The arrays of an AMASS archive.

    Args:
        motion: what to write, at `options.fps`, by default 30.
        options: the layout is "smplh" with `poses (frames, 156)`, or "smplx" with `poses (frames, 165)`.

    Raises:
        ValueError: a model file that is not one of the layout; SMPL and SMPL-H share their bodies.
    """
    layout: ModelType = "smplx" if options.layout == "smplx" else "smplh"
    rate = options.fps or AMASS_FPS
    model = None if options.model_path is None else load_smpl(options.model_path)
    if model is not None and (model.model_type == "smplx") != (layout == "smplx"):
        raise ValueError(
            f"{os.fspath(options.model_path or '')!r} is a {model.model_type} model: layout {layout!r} needs "
            f"{'an SMPL-X' if layout == 'smplx' else 'an SMPL-H or SMPL'} file"
        )
    joints = torch.tensor(motion.to_humanml3d().resample(rate).joints)
    parameters = smpl_parameters(
        joints,
        rate,
        model,
        model_type=layout if model is None else model.model_type,
        betas=options.betas,
        gender=options.gender,
    )
    upright = turned_up(parameters, _TO_Z_UP)
    poses = np.zeros((len(upright), _WIDTH[layout]))
    poses[:, :3] = upright.global_orient.numpy()
    poses[:, 3:_BODY_WIDTH] = upright.body_pose[:, : _BODY_WIDTH - 3].numpy()
    betas = upright.betas[0].double().numpy()
    arrays: dict[str, Any] = {
        "poses": poses,
        "trans": upright.transl.double().numpy(),
        "betas": np.pad(betas, (0, _NUM_BETAS - len(betas))),
        "gender": np.array(upright.gender),
        "mocap_framerate": np.array(rate),
        "mocap_frame_rate": np.array(rate),
    }
    if layout == "smplx":
        arrays |= {
            "surface_model_type": np.array("smplx"),
            "root_orient": poses[:, :3],
            "pose_body": poses[:, 3:_BODY_WIDTH],
            "pose_jaw": poses[:, _BODY_WIDTH : _BODY_WIDTH + 3],
            "pose_eye": poses[:, _BODY_WIDTH + 3 : _BODY_WIDTH + 9],
            "pose_hand": poses[:, _BODY_WIDTH + 9 :],
        }
    return arrays


def motion_from(archive: Archive, path: Path, options: ReadOptions) -> Clip:
    """The motion of SMPL parameters, on HumanML3D's uniform skeleton, at the archive's frame rate.

    It is on the floor, from the origin towards +Z. The shape `betas` is ignored: motions of every body come
    out on one skeleton, as HumanML3D's do. AMASS has Z up, estimators and gesture models often Y: unless
    `options` say it, the axis along which the body stands is used.

    Warns:
        UserWarning: another axis than Z is assumed to be up, or there is no frame rate.

    Raises:
        ValueError: no such parameters, or of too few joints.
    """
    poses, trans = _poses(archive), archive.first(*_TRANS)
    if trans is None:
        raise ValueError(f"it has none of {', '.join(_TRANS)}, but {', '.join(archive.names[:12])}")
    if poses.ndim != 2 or poses.shape[1] < _BODY_WIDTH or trans.shape != (len(poses), 3) or not len(poses):
        raise ValueError(f"poses of shape {poses.shape} and trans of shape {trans.shape} are not SMPL's")
    pelvis = SMPLX_PELVIS if poses.shape[1] == _WIDTH["smplx"] else SMPL_PELVIS
    poses, trans = poses[:, :_BODY_WIDTH].astype(np.float64), trans.astype(np.float64)
    if not (np.isfinite(poses).all() and np.isfinite(trans).all()):
        raise ValueError("poses or trans hold NaN or infinite numbers")
    rate = rate_of(archive)
    turns = np.linalg.norm(poses[:, 3:].reshape(len(poses), -1, 3), axis=-1)
    if (largest := float(np.median(turns, axis=0).max())) > 2 * np.pi:
        warn(path, f"its joints turn by {largest:.3g} radians: they look like degrees; convert them first")
    fps = options.fps or rate or HUMANML3D.fps
    options.longest.check(len(poses), fps)
    joints = np.concatenate(
        [
            _joints(poses[i : i + _PIECE], trans[i : i + _PIECE], pelvis, fps)
            for i in range(0, len(poses), _PIECE)
        ]
    )
    up = options.up or _up(joints, fps, path)
    motion = motion_of(joints @ turn_to_y(up).T, rate, path, replace(options, up="+y"))
    return replace(motion, joints=put_down(torch.tensor(motion.joints).double(), motion.skeleton))


def rate_of(archive: Archive) -> float | None:
    """Frames a second that an archive says under one of `RATES`."""
    return next((number(archive[key], key) for key in RATES if key in archive), None)


def _joints(
    poses: NDArray[np.float64], trans: NDArray[np.float64], pelvis: tuple[float, float, float], fps: float
) -> NDArray[np.float64]:
    """Positions of the 22 joints on the uniform skeleton, in the archive's axes."""
    parameters = SmplParameters(
        global_orient=torch.from_numpy(poses[:, :3]),
        body_pose=torch.from_numpy(poses[:, 3:]),
        transl=torch.from_numpy(trans),
        betas=torch.zeros(0, dtype=torch.float32),
        pelvis=torch.tensor(pelvis, dtype=torch.float64),
        fps=fps,
    )
    return np.asarray(parameters.pose_on(smpl_offsets()).joints.numpy())


def _poses(archive: Archive) -> NDArray[Any]:
    """Pelvis and body `(frames, 66 or more)`, in one array or in two."""
    if (whole := archive.first("poses")) is not None:
        return whole
    root, body = archive.first(*_ROOT), archive.first(*_BODY)
    if root is None or body is None:
        raise ValueError(
            "it has neither joints nor poses nor root_orient and pose_body, but "
            f"{', '.join(archive.names[:12]) or 'nothing'}"
        )
    if root.ndim != 2 or body.ndim != 2 or len(root) != len(body) or root.shape[1] != 3:
        raise ValueError(f"root_orient of shape {root.shape} and pose_body of shape {body.shape}")
    return np.concatenate((root, body), axis=1)


def _up(joints: NDArray[np.float64], fps: float, path: Path) -> str:
    """AMASS's Z, or Y if the body stands along that and not along Z."""
    along_z, along_y = (_up_fault(joints @ turn_to_y(axis).T, fps) for axis in ("+z", "+y"))
    if along_z is None:
        return "+z"
    if along_y is None and along_z.certain:
        warn(
            path,
            "Y is assumed to be up: the body stands along it (AMASS: Z); pass up= (--source-up) if it is not",
        )
        return "+y"
    warn(
        path,
        "Z is assumed to be up, as in AMASS, but the body does not stand along it; "
        'pass up="y" (--source-up y) if it is Y',
    )
    return "+z"


def _up_fault(joints: NDArray[np.float64], fps: float) -> Fault | None:
    return next((fault for fault in faults(joints, fps) if fault.kind == "up"), None)
