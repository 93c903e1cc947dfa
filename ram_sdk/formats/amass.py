"""AMASS archives: SMPL parameters as the AMASS collection (Mahmood et al., 2019) stores them, Z up."""

import os
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Literal

import numpy as np
import torch
from numpy.typing import NDArray

from ram_sdk.body.smpl import (
    NUM_BODY_JOINTS,
    SMPL_PELVIS,
    SMPLX_PELVIS,
    SmplParameters,
    smpl_offsets,
    smpl_parameters,
    turned_up,
)
from ram_sdk.body.smpl_files import load_smpl
from ram_sdk.motion import Motion

Layout = Literal["smplh", "smplx"]
AMASS_FPS = 30.0  # what Meshcapade's Blender add-on expects at least

_WIDTH = {"smplh": 156, "smplx": 165}  # 3 per joint: body 22 joints, (jaw and eyes 3,) hands 30
_BODY_WIDTH = 3 * NUM_BODY_JOINTS
_NUM_BETAS = 16
_TO_Z_UP = torch.tensor(((1.0, 0.0, 0.0), (0.0, 0.0, -1.0), (0.0, 1.0, 0.0)))


def arrays_of(
    motion: Motion, layout: Layout, fps: float | None = None, model_path: str | os.PathLike[str] | None = None
) -> dict[str, Any]:
    """The arrays of an AMASS archive.

    Args:
        motion: a motion of 22 joints.
        layout: "smplh" with `poses (frames, 156)`, or "smplx" with `poses (frames, 165)`.
        fps: frame rate to resample to, by slerp; 30 by default.
        model_path: the user's own SMPL, SMPL-H or SMPL-X file, to fit its shape to the clip.
    """
    rate = AMASS_FPS if fps is None else fps
    model = None if model_path is None else load_smpl(model_path)
    parameters = smpl_parameters(torch.from_numpy(motion.resample(rate).joints), rate, model)
    if model is None and layout == "smplx":
        pelvis = torch.tensor(SMPLX_PELVIS)
        transl = parameters.transl + parameters.pelvis - pelvis
        parameters = replace(parameters, transl=transl, pelvis=pelvis)
    upright = turned_up(parameters, _TO_Z_UP)
    poses = np.zeros((len(upright), _WIDTH[layout]))
    poses[:, :3], poses[:, 3:_BODY_WIDTH] = upright.global_orient.numpy(), upright.body_pose.numpy()
    arrays: dict[str, Any] = {
        "poses": poses,
        "trans": upright.transl.double().numpy(),
        "betas": np.pad(upright.betas.double().numpy(), (0, _NUM_BETAS - len(upright.betas))),
        "gender": np.array("neutral"),
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


def motion_from(arrays: Mapping[str, NDArray[Any]]) -> Motion:
    """The motion of an AMASS archive, on HumanML3D's uniform skeleton, Y up, at the archive's frame rate.

    The shape `betas` is left out: motions of every body come out on one skeleton, as HumanML3D's do.

    Raises:
        ValueError: poses of too few joints, or no frame rate.
    """
    poses, trans = np.asarray(arrays["poses"], np.float64), np.asarray(arrays["trans"], np.float64)
    rate = next((arrays[key] for key in ("mocap_framerate", "mocap_frame_rate") if key in arrays), None)
    if rate is None:
        raise ValueError("it holds no mocap_framerate")
    if poses.ndim != 2 or poses.shape[1] < _BODY_WIDTH or trans.shape != (len(poses), 3):
        raise ValueError(f"poses of shape {poses.shape} and trans of shape {trans.shape} are not SMPL's")
    pelvis = SMPLX_PELVIS if poses.shape[1] == _WIDTH["smplx"] else SMPL_PELVIS
    upright = SmplParameters(
        global_orient=torch.from_numpy(poses[:, :3]),
        body_pose=torch.from_numpy(poses[:, 3:_BODY_WIDTH]),
        transl=torch.from_numpy(trans),
        betas=torch.zeros(0),
        pelvis=torch.tensor(pelvis, dtype=torch.float64),
        fps=float(rate),
    )
    parameters = turned_up(upright, _TO_Z_UP.double().T)
    return Motion(parameters.pose_on(smpl_offsets()).joints.float().numpy(), parameters.fps)
