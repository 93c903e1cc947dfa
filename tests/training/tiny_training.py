"""A small data set and configuration that the tests of training share."""

from pathlib import Path

import numpy as np
import torch

from ram_sdk.skeleton.features import canonicalize, encode_joints
from training.config import TrainingConfig, load_config

CONFIGS = Path(__file__).resolve().parents[2] / "training" / "configs"
OFFICIAL = Path(__file__).resolve().parents[1] / "data" / "humanml3d_012314.npz"
SMALL = [
    "batch_size=4", "model.denoiser_width=32", "model.denoiser_layers=1", "model.encoder_layers=1",
    "model.latent_dim=16", "min_frames=20", "tracker=none", "sample_every=0",
]  # fmt: skip


def config(*overrides: str) -> TrainingConfig:
    return load_config(CONFIGS / "tiny.yaml", [*SMALL, *overrides])


def write_data(folder: Path) -> None:
    """A folder in HumanML3D's format: pieces of a real clip, two of them with time-tagged captions."""
    with np.load(OFFICIAL) as stored:
        joints = torch.from_numpy(stored["joints"]).double()
    for name in ("new_joint_vecs", "texts"):
        (folder / name).mkdir()
    names = []
    for i, start in enumerate(range(0, 120, 8)):
        name = f"{i:06d}"
        features = encode_joints(canonicalize(joints[start : start + 33 + i])).float().numpy()
        np.save(folder / "new_joint_vecs" / f"{name}.npy", features)
        lines = [f"a person plays tennis {i}#a/DET person/NOUN#0.0#0.0"]
        if i < 2:
            lines.append("someone swings#someone/NOUN#0.0#1.2")
        (folder / "texts" / f"{name}.txt").write_text("\n".join(lines) + "\n")
        names.append(name)
    np.save(folder / "new_joint_vecs" / "broken.npy", np.full((50, 263), np.nan, dtype=np.float32))
    (folder / "texts" / "broken.txt").write_text("a broken clip#a/DET#0.0#0.0\n")
    (folder / "train.txt").write_text("\n".join([*names[:12], "broken"]) + "\n")
    (folder / "val.txt").write_text("\n".join(names[12:]) + "\n")
    stacked = np.concatenate([np.load(folder / "new_joint_vecs" / f"{name}.npy") for name in names])
    np.save(folder / "Mean.npy", stacked.mean(0))
    np.save(folder / "Std.npy", stacked.std(0) + 0.1)
