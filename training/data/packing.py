"""A data set in HumanML3D's layout as one small file, to move it to another machine.

The file contains joints, captions, split lists and statistics; features are recomputed from the joints.
Positions are rounded to 0.2 mm and stored as second differences over time: small numbers, which compress
well.
"""

import json
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from ram_sdk.files import write_whole
from ram_sdk.geometry import quaternion_conjugate, rotate, yaw_quaternion
from ram_sdk.skeleton.features import decode_features, encode_joints
from ram_sdk.skeleton.joints import HUMANML3D
from ram_sdk.skeleton.retarget import FloatArray
from training.data.folder import MotionTextFolder, save_array

_SPLITS = ("train", "val", "test", "all")
_EXTRAS = ("clips.json", "sources.json", "DATA_CARD.md")
_UNIT = 0.0002  # metres


def pack(data: MotionTextFolder, file: Path) -> int:
    """Write a data set into one `.npz` file.

    Args:
        data: the set.
        file: the file to write.

    Returns:
        The number of clips in it; clips with NaN are left out.

    Raises:
        ValueError: the set does not use HumanML3D's skeleton.
        FileNotFoundError: the folder has no split list.
    """
    if data.skeleton is not HUMANML3D:
        raise ValueError(f"{data.root} uses the {data.skeleton.name} skeleton: only humanml3d can be packed")
    lists = {split: data.ids(split) for split in _SPLITS if (data.root / f"{split}.txt").is_file()}
    if not lists:
        raise FileNotFoundError(f"{data.root} has none of {', '.join(f'{split}.txt' for split in _SPLITS)}")
    listed = dict.fromkeys(clip_id for ids in lists.values() for clip_id in ids)
    features = {clip_id: data.features(clip_id) for clip_id in listed}
    whole = {clip_id: clip for clip_id, clip in features.items() if np.isfinite(clip).all()}
    joints = [_joints_of(clip) for clip in whole.values()]
    about = {
        "lists": {split: [clip_id for clip_id in ids if clip_id in whole] for split, ids in lists.items()},
        "texts": {i: (data.root / "texts" / f"{i}.txt").read_text("utf-8") for i in whole},
        "files": {
            name: (data.root / name).read_text("utf-8") for name in _EXTRAS if (data.root / name).is_file()
        },
    }
    temporary = file.with_name(f"{file.name}.part")
    with temporary.open("wb") as stream:
        np.savez_compressed(
            stream,
            joints=_differences(np.concatenate(joints)),
            lengths=np.array([len(clip) for clip in joints], dtype=np.int32),
            mean=data.mean,
            std=data.std,
            about=np.frombuffer(json.dumps(about).encode(), dtype=np.uint8),
        )
    temporary.replace(file)
    return len(joints)


def unpack(file: Path, folder: Path) -> int:
    """Restore the folder of a packed data set and return its number of clips.

    Raises:
        ValueError: the folder is not empty, or the file was not written by `pack`.
    """
    if folder.exists() and any(folder.iterdir()):
        raise ValueError(f"{folder} is not empty: unpack into a new folder")
    with np.load(file, allow_pickle=False) as stored:
        if "about" not in stored:
            raise ValueError(
                f"{file} is not a packed data set: write one with `python -m training prepare pack`"
            )
        about: dict[str, Any] = json.loads(stored["about"].tobytes())
        joints, lengths = _positions(stored["joints"]), stored["lengths"]
        mean, std = stored["mean"], stored["std"]
    for name in ("new_joints", "new_joint_vecs", "texts"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    clips = np.split(joints, lengths.cumsum()[:-1])
    for (clip_id, text), clip in zip(about["texts"].items(), clips, strict=True):
        features = encode_joints(torch.from_numpy(clip)).float()
        save_array(folder / "new_joint_vecs" / f"{clip_id}.npy", features.numpy())
        decoded = decode_features(features.double()).float()
        save_array(folder / "new_joints" / f"{clip_id}.npy", decoded.numpy())
        write_whole(folder / "texts" / f"{clip_id}.txt", text.encode())
    for name, text in about["files"].items():
        write_whole(folder / Path(name).name, text.encode())
    save_array(folder / "Mean.npy", mean)
    save_array(folder / "Std.npy", std)
    for split, ids in about["lists"].items():  # last: a folder with lists is complete
        write_whole(folder / f"{Path(split).name}.txt", "".join(f"{i}\n" for i in ids).encode())
    return len(about["texts"])


def _joints_of(features: NDArray[np.float32]) -> FloatArray:
    """Joints `(frames + 1, 22, 3)`; the extra last frame is computed from the velocities."""
    values = torch.from_numpy(features).double()
    joints = decode_features(values)
    to_world = quaternion_conjugate(yaw_quaternion(values[:-1, 0].sum()))
    width = HUMANML3D.num_joints * 3
    velocity = values[-1, -4 - width : -4].reshape(-1, 3)
    following = joints[-1] + rotate(to_world.expand(len(velocity), 4), velocity)
    return np.asarray(torch.cat((joints, following[None])).numpy())


def _differences(joints: FloatArray) -> NDArray[np.uint8]:
    """Second differences of positions `(frames, 22, 3)` in units, as four byte planes `(4, ...)`."""
    start = np.zeros((2, *joints.shape[1:]), dtype=np.int32)
    steps = np.diff(np.round(joints / _UNIT).astype("<i4"), n=2, axis=0, prepend=start)
    return np.ascontiguousarray(np.moveaxis(steps[..., None].view(np.uint8), -1, 0))


def _positions(differences: NDArray[np.uint8]) -> FloatArray:
    """The inverse of `_differences`, exact to half a unit."""
    steps = np.ascontiguousarray(np.moveaxis(differences, 0, -1)).view("<i4")[..., 0]
    return np.asarray(steps.cumsum(0, dtype=np.int32).cumsum(0, dtype=np.int32) * _UNIT)
