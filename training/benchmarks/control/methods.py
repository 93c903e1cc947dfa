"""Methods to meet constraints: ours, imputation, gradients through the decoder, and interpolation."""

from collections.abc import Callable

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ram_sdk import RAMPipeline, StepInfo
from ram_sdk.control.targets import Targets, resolve
from ram_sdk.geometry import matrix_to_quaternion, quaternion_to_matrix, slerp
from ram_sdk.motion import Motion
from ram_sdk.skeleton.features import decode_features
from ram_sdk.skeleton.inverse_kinematics import inverse_kinematics
from ram_sdk.skeleton.kinematics import forward_kinematics
from training.benchmarks.control.cases import FPS, Case

Joints = NDArray[np.float64]
_ITERATIONS, _LEARNING_RATE = 10, 0.05  # of gradient descent at each denoising step


def unconstrained(pipeline: RAMPipeline, case: Case, seed: int) -> Joints:
    """A motion for the prompt without constraints."""
    return _joints(pipeline(case.prompt, case.frames, seed=seed).motions[0])


def steered(pipeline: RAMPipeline, case: Case, seed: int) -> Joints:
    """`pipe(..., constraints=...)`."""
    return _joints(pipeline(case.prompt, case.frames, constraints=case.constraints, seed=seed).motions[0])


def imputed(pipeline: RAMPipeline, case: Case, seed: int) -> Joints:
    """Replace the estimate's features by the known ones at every step (MDM's editing)."""
    assert case.truth is not None
    known = torch.from_numpy(_known_features(resolve(case.constraints, case.frames, FPS)))
    values = pipeline.normalizer.normalize(torch.tensor(case.truth.features))

    def impute(_: RAMPipeline, info: StepInfo) -> Tensor:
        return torch.where(known, values, info.estimate)

    output = pipeline(case.prompt, case.frames, seed=seed, callback_on_step_end=impute)
    return _joints(output.motions[0])


def descended(pipeline: RAMPipeline, case: Case, seed: int) -> Joints:
    """Gradient descent of the joint error on the estimate, through the decoder (as in OmniControl)."""
    assert case.truth is not None
    targets = resolve(case.constraints, case.frames, FPS)
    pinned = torch.from_numpy(targets.pinned)
    truth = torch.tensor(case.truth.joints).double()

    def descend(pipe: RAMPipeline, info: StepInfo) -> Tensor:
        estimate = info.estimate.clone()
        with torch.enable_grad():
            estimate.requires_grad_(True)
            optimizer = torch.optim.Adam([estimate], lr=_LEARNING_RATE)
            for _ in range(_ITERATIONS):
                optimizer.zero_grad()
                joints = decode_features(pipe.normalizer.denormalize(estimate[0]).double())
                torch.autograd.backward((joints - truth)[pinned].square().sum())
                optimizer.step()
        return estimate.detach()

    output = pipeline(case.prompt, case.frames, seed=seed, callback_on_step_end=descend)
    return _joints(output.motions[0])


def linear(pipeline: RAMPipeline, case: Case, seed: int) -> Joints:
    """Linear interpolation of the joints between the pinned frames."""
    assert case.truth is not None
    before, after, share = _neighbours(case)
    joints = _joints(case.truth)
    return joints[before] + share[:, None, None] * (joints[after] - joints[before])


def spherical(pipeline: RAMPipeline, case: Case, seed: int) -> Joints:
    """Slerp of joint rotations and linear interpolation of the root between the pinned frames."""
    assert case.truth is not None
    before, after, share = _neighbours(case)
    pose = inverse_kinematics(torch.tensor(case.truth.joints), "clip")
    quaternions = matrix_to_quaternion(pose.rotations)
    amount = torch.from_numpy(share).to(pose.root)
    rotations = quaternion_to_matrix(slerp(quaternions[before], quaternions[after], amount[:, None]))
    root = torch.lerp(pose.root[before], pose.root[after], amount[:, None])
    joints = forward_kinematics(rotations, root, pose.offsets)[0].double().numpy()
    kept = _joints(case.truth)
    joints[~case.free] = kept[~case.free]
    return joints


Method = Callable[[RAMPipeline, Case, int], Joints]
METHODS: dict[str, Method] = {
    "ours": steered,
    "imputation": imputed,
    "gradient": descended,
    "linear": linear,
    "slerp": spherical,
}


def applies(name: str, case: Case) -> bool:
    """Whether a method applies: interpolation needs whole poses, all methods but ours need a capture."""
    if name == "ours":
        return True
    whole = case.kind.startswith(("gap", "first", "keyframes"))
    return case.truth is not None and (whole or name in ("imputation", "gradient"))


def _joints(motion: Motion) -> Joints:
    return motion.joints.astype(np.float64)


def _neighbours(case: Case) -> tuple[NDArray[np.int64], NDArray[np.int64], Joints]:
    """The pinned frames before and after each frame, and its relative position between them."""
    known = np.flatnonzero(~case.free)
    frames = np.arange(case.frames)
    after = known[np.searchsorted(known, frames).clip(max=len(known) - 1)]
    before = known[(np.searchsorted(known, frames, side="right") - 1).clip(min=0)]
    share = (frames - before) / np.maximum(after - before, 1)
    return before, after, share


def _known_features(targets: Targets) -> NDArray[np.bool_]:
    """Which features `(frames, 263)` the pins determine: positions, and velocities between adjacent pins."""
    pinned = targets.pinned
    known = np.zeros((len(pinned), 263), dtype=bool)
    known[:, 3] = pinned[:, 0]
    known[:, 4:67] = np.repeat(pinned[:, 1:], 3, axis=1)
    known[:, 67:193] = np.repeat(pinned[:, 1:], 6, axis=1)
    moving = pinned[:-1] & pinned[1:]
    known[:-1, :3] = np.all(moving, axis=-1, keepdims=True)
    known[:-1, 193:259] = np.repeat(moving, 3, axis=1)
    return known
