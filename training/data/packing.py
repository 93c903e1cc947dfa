"""A data set in HumanML3D's layout as one small file, to move it to another machine.

The file holds joints, captions, split lists and statistics; features are computed again from the joints.
Places on the ground are float32, joints relative to them float16: half a millimetre. A mirrored copy that is
the mirror image of its original is made again as well.
"""

import json
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from ram_sdk.body.retarget import FloatArray, mirror
from ram_sdk.representation.features import decode_features
from ram_sdk.representation.rotations import quaternion_conjugate, rotate, yaw_quaternion
from ram_sdk.representation.skeleton import HUMANML3D

from .build import write_motion
from .folder import MotionTextFolder, save_array, write_atomically

_SPLITS = ("train", "val", "test", "all")
_OTHERS = ("clips.json", "DATA_CARD.md")
_SAME = 0.005  # metres between a mirrored copy and the mirror image of its original


def pack(data: MotionTextFolder, file: Path) -> int:
    """Write a data set into one `.npz` file.

    Args:
        data: the set.
        file: to write.

    Returns:
        How many clips it holds; those with NaN are left out.

    Raises:
        ValueError: the set is not HumanML3D's skeleton.
        FileNotFoundError: the folder has no split list.
    """
    if data.skeleton is not HUMANML3D:
        raise ValueError(f"{data.root} is of the {data.skeleton.name} skeleton: only humanml3d can be packed")
    lists = {split: data.ids(split) for split in _SPLITS if (data.root / f"{split}.txt").is_file()}
    if not lists:
        raise FileNotFoundError(f"{data.root} has none of {', '.join(f'{split}.txt' for split in _SPLITS)}")
    joints: dict[str, FloatArray] = {}
    mirrored: list[str] = []
    broken: list[str] = []
    for clip_id in sorted({clip_id for ids in lists.values() for clip_id in ids}):  # M<id> comes last
        features = data.features(clip_id)
        if not np.isfinite(features).all():
            broken.append(clip_id)
            continue
        clip = _joints_of(features)
        original = joints.get(clip_id.removeprefix("M")) if clip_id.startswith("M") else None
        if (
            original is not None
            and original.shape == clip.shape
            and _distance(mirror(original), clip) < _SAME
        ):
            mirrored.append(clip_id)
        else:
            joints[clip_id] = clip
    about = {
        "clips": list(joints),
        "mirrored": mirrored,
        "lists": {split: [i for i in ids if i not in set(broken)] for split, ids in lists.items()},
        "texts": {i: (data.root / "texts" / f"{i}.txt").read_text("utf-8") for i in (*joints, *mirrored)},
        "files": {n: (data.root / n).read_text("utf-8") for n in _OTHERS if (data.root / n).is_file()},
    }
    temporary = file.with_name(f"{file.name}.part")
    relative, ground, lengths = _relative(list(joints.values()))
    with temporary.open("wb") as stream:
        np.savez_compressed(
            stream,
            joints=relative,
            ground=ground,
            lengths=lengths,
            mean=data.mean,
            std=data.std,
            about=np.frombuffer(json.dumps(about).encode(), dtype=np.uint8),
        )
    temporary.replace(file)
    return len(joints) + len(mirrored)


def unpack(file: Path, folder: Path) -> int:
    """Make the folder of a packed data set; returns how many clips it holds.

    Raises:
        ValueError: the folder is not empty, or the file was not written by `pack`.
    """
    if folder.exists() and any(folder.iterdir()):
        raise ValueError(f"{folder} is not empty: unpack into a new folder")
    with np.load(file, allow_pickle=False) as stored:
        if "about" not in stored:
            raise ValueError(f"{file} is not a packed data set: write one with `training.prepare pack`")
        about: dict[str, Any] = json.loads(stored["about"].tobytes())
        joints, lengths = stored["joints"].astype(np.float64), stored["lengths"]
        joints[..., 0] += stored["ground"][:, None, 0]
        joints[..., 2] += stored["ground"][:, None, 1]
        mean, std = stored["mean"], stored["std"]
    for name in ("new_joints", "new_joint_vecs", "texts"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    mirrored = set(about["mirrored"])
    for clip_id, clip in zip(about["clips"], np.split(joints, lengths.cumsum()[:-1]), strict=True):
        write_motion(folder, clip_id, clip)
        if f"M{clip_id}" in mirrored:
            write_motion(folder, f"M{clip_id}", mirror(clip))
    for clip_id, text in about["texts"].items():
        write_atomically(folder / "texts" / f"{clip_id}.txt", text.encode())
    for name, text in about["files"].items():
        write_atomically(folder / Path(name).name, text.encode())
    save_array(folder / "Mean.npy", mean)
    save_array(folder / "Std.npy", std)
    for split, ids in about["lists"].items():  # last: a folder with lists is whole
        write_atomically(folder / f"{Path(split).name}.txt", "".join(f"{i}\n" for i in ids).encode())
    return len(about["texts"])


def _joints_of(features: NDArray[np.float32]) -> FloatArray:
    """Joints `(frames + 1, 22, 3)`: the frame that features need behind them follows from the velocities."""
    values = torch.from_numpy(features).double()
    joints = decode_features(values)
    to_world = quaternion_conjugate(yaw_quaternion(values[:-1, 0].sum()))
    width = HUMANML3D.num_joints * 3
    velocity = values[-1, -4 - width : -4].reshape(-1, 3)
    following = joints[-1] + rotate(to_world.expand(len(velocity), 4), velocity)
    return np.asarray(torch.cat((joints, following[None])).numpy())


def _relative(
    clips: list[FloatArray],
) -> tuple[NDArray[np.float16], NDArray[np.float32], NDArray[np.int32]]:
    """Joints relative to the ground below the root, that place, and the lengths of the clips."""
    joints = np.concatenate(clips)
    ground = joints[:, 0, [0, 2]].astype(np.float32)
    joints[..., 0] -= ground[:, None, 0]
    joints[..., 2] -= ground[:, None, 1]
    return joints.astype(np.float16), ground, np.array([len(clip) for clip in clips], dtype=np.int32)


def _distance(a: FloatArray, b: FloatArray) -> float:
    return float(np.linalg.norm(a - b, axis=-1).max())
