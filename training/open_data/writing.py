"""Writing one clip of a set in HumanML3D's layout."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from ram_sdk.files import write_whole
from ram_sdk.skeleton.features import canonicalize, decode_features, encode_joints
from ram_sdk.skeleton.retarget import FloatArray
from training.data.folder import save_array
from training.open_data.captions import text_line


def encoded(joints: FloatArray) -> tuple[NDArray[np.float32], FloatArray]:
    """Features `(frames - 1, 263)` of positions `(frames, 22, 3)`, and the positions decoded from them.

    The last frame is only used for the velocities.
    """
    canonical = canonicalize(torch.from_numpy(joints))
    canonical[..., 1] -= canonical[:-1, :, 1].min()
    features = encode_joints(canonical).float()
    decoded = decode_features(features.double()).float().numpy()
    return features.numpy(), np.asarray(decoded, dtype=np.float64)


def write_clip(
    out: Path, clip_id: str, features: NDArray[np.float32], joints: FloatArray, captions: Sequence[str]
) -> None:
    """Write the results of `encoded` and the captions to `new_joint_vecs`, `new_joints` and `texts`."""
    save_array(out / "new_joint_vecs" / f"{clip_id}.npy", features)
    save_array(out / "new_joints" / f"{clip_id}.npy", joints.astype(np.float32))
    lines = "".join(text_line(caption) + "\n" for caption in captions)
    write_whole(out / "texts" / f"{clip_id}.txt", lines.encode())
