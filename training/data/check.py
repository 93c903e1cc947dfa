"""Checking a folder in HumanML3D's layout for problems."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from tqdm import tqdm

from ram_sdk.skeleton.features import decode_features
from ram_sdk.skeleton.joints import HUMANML3D, UNIFORM_BONE_LENGTHS
from ram_sdk.skeleton.plausibility import faults, forward
from training.data.folder import SPLITS, MotionTextFolder

Array = NDArray[np.float64]

_BONE_TOLERANCE = 0.0005  # metres against HumanML3D's uniform skeleton
_BONE_VARIATION = 0.01  # of a bone's length within a clip, for skeletons that differ between clips
_DECODE_TOLERANCE = 1e-4  # metres between the stored joints and those decoded from the features
_FLOOR_TOLERANCE = 0.02  # metres between a clip's lowest joint and the floor
_HEADING_TOLERANCE = 1.0  # degrees between the first frame's heading and +Z
_MIRROR_TOLERANCE = 0.05  # metres, mean, between a mirrored copy and the mirrored original


def check_folder(root: Path) -> Iterator[str]:
    """Check a data set and yield its problems, one line each.

    It checks the split lists, the shapes and values of features and joints, whether the two agree, bone
    lengths, floor, initial heading, left and right, mirrored copies, caption files, and whether a clip or its
    mirrored copy is in two splits.

    Args:
        root: HumanML3D or KIT-ML as distributed, or a folder made by `build`.

    Raises:
        FileNotFoundError: the folder has no statistics.
        ValueError: the statistics fit neither HumanML3D nor KIT-ML.
    """
    data = MotionTextFolder(root)
    for name, values in (("Mean.npy", data.mean), ("Std.npy", data.std)):
        if not np.isfinite(values).all():
            yield f"{name}: holds numbers that are not finite"
    if (data.std <= 0).any():
        yield f"Std.npy: {int((data.std <= 0).sum())} features with a standard deviation of 0 or less"
    members: dict[str, str] = {}
    for split in SPLITS:
        if not (root / f"{split}.txt").is_file():
            yield f"{split}.txt: missing"
            continue
        for clip_id in data.ids(split):
            if clip_id in members:
                yield f"{clip_id}: in {members[clip_id]}.txt and in {split}.txt"
            members[clip_id] = split
    yield from _leaks(members)
    for clip_id in tqdm(members, desc="checking", unit="clip", disable=None):
        yield from (f"{clip_id}: {problem}" for problem in _check_clip(data, clip_id, members))


def _leaks(members: dict[str, str]) -> Iterator[str]:
    for clip_id, split in members.items():
        original = clip_id.removeprefix("M")
        if members.get(original, split) != split:
            yield f"{clip_id}: in {split}.txt, but {original} is in {members[original]}.txt"


def _check_clip(data: MotionTextFolder, clip_id: str, members: dict[str, str]) -> Iterator[str]:
    try:
        features, joints = data.features(clip_id), data.joints(clip_id).astype(np.float64)
    except (OSError, ValueError) as error:
        yield f"cannot be read ({error})"
        return
    skeleton = data.skeleton
    if features.ndim != 2 or features.shape[1] != skeleton.num_features:
        yield f"features of shape {features.shape}; expected (frames, {skeleton.num_features})"
    elif joints.shape != (len(features), skeleton.num_joints, 3):
        yield f"joints of shape {joints.shape}; expected ({len(features)}, {skeleton.num_joints}, 3)"
    elif not (np.isfinite(features).all() and np.isfinite(joints).all()):
        yield "holds NaN or infinite numbers; data loaders skip it"
    else:
        decoded = decode_features(torch.from_numpy(features).double(), skeleton).numpy()
        if (gap := np.abs(decoded - joints).max() / data.metre) > _DECODE_TOLERANCE:
            yield f"features and joints differ by up to {gap * 1000:.2f} mm"
        for rule in (_bones, _floor, _heading):
            yield from rule(data, joints)
        yield from (fault.text for fault in faults(joints, skeleton.fps, skeleton) if fault.certain)
        if clip_id.startswith("M") and clip_id[1:] in members:
            yield from _mirrored(data, clip_id, features.astype(np.float64))
    yield from _check_captions(data, clip_id, len(features) / skeleton.fps)


def _bones(data: MotionTextFolder, joints: Array) -> Iterator[str]:
    children = np.arange(1, data.skeleton.num_joints)
    parents = np.array(data.skeleton.parents)[children]
    lengths = np.linalg.norm(joints[:, children] - joints[:, parents], axis=-1)
    if data.skeleton is HUMANML3D:
        error = np.abs(lengths - np.array(UNIFORM_BONE_LENGTHS)).max(0)
        limit = np.full(len(error), _BONE_TOLERANCE)
    else:
        error, limit = np.ptp(lengths, axis=0), _BONE_VARIATION * lengths.mean(0)
    if (error > limit).any():
        worst = int((error / limit).argmax())
        name = data.skeleton.joint_names[children[worst]]
        yield f"the length of the bone to {name} is off by up to {error[worst] / data.metre * 1000:.1f} mm"


def _floor(data: MotionTextFolder, joints: Array) -> Iterator[str]:
    lowest = joints[..., 1].min() / data.metre
    if abs(lowest) > _FLOOR_TOLERANCE:
        yield f"the lowest joint is {lowest * 100:.1f} cm from the floor"


def _heading(data: MotionTextFolder, joints: Array) -> Iterator[str]:
    x, _, z = forward(joints[:1], data.skeleton)[0]
    degrees = np.degrees(np.arctan2(x, z))
    if abs(degrees) > _HEADING_TOLERANCE:
        yield f"the first frame faces {degrees:.1f} degrees from +Z"


def _mirrored(data: MotionTextFolder, clip_id: str, features: Array) -> Iterator[str]:
    """Positions relative to root and heading must be the mirror image of the original's."""
    original = data.features(clip_id[1:]).astype(np.float64)
    if original.shape != features.shape:
        yield f"{len(features)} frames, but {clip_id[1:]} has {len(original)}"
        return
    width = 3 * (data.skeleton.num_joints - 1)
    positions, originals = (f[:, 4 : 4 + width].reshape(len(f), -1, 3) for f in (features, original))
    names = data.skeleton.joint_names[1:]
    swap = {name: name.replace("left", "#").replace("right", "left").replace("#", "right") for name in names}
    reflected = originals[:, [names.index(swap[name]) for name in names]] * np.array((-1.0, 1.0, 1.0))
    gap = np.linalg.norm(reflected - positions, axis=-1).mean() / data.metre
    if gap > _MIRROR_TOLERANCE:
        yield f"is {gap * 100:.1f} cm from the mirror image of {clip_id[1:]}"


def _check_captions(data: MotionTextFolder, clip_id: str, seconds: float) -> Iterator[str]:
    try:
        captions = data.captions(clip_id)
    except (OSError, ValueError) as error:
        yield f"captions cannot be read ({error})"
        return
    if not captions:
        yield "has no caption"
    for caption in captions:
        if not caption.text or any("/" not in token for token in caption.tokens):
            yield f"caption {caption.text!r} is empty or has tokens that are not word/TAG"
        if caption.start > caption.end or caption.start > seconds:
            yield f"caption {caption.text!r} describes {caption.start}-{caption.end} s of {seconds:.1f} s"
