"""The whole of training on sixteen clips: it learns them by heart, and the pipeline gives them back."""

from pathlib import Path

import numpy as np
import pytest
import torch

from ram_sdk.skeleton.features import canonicalize, decode_features, encode_joints
from ram_sdk.skeleton.retarget import mirror
from tests.training.tiny_training import OFFICIAL, config
from training.data.folder import MotionTextFolder, feature_statistics
from training.dataset import Batches, CaptionStates, read_split
from training.export import fit_duration, pipeline_of
from training.networks import build_objective, text_backbone
from training.trainer import Trainer

STEPS = 900
FRAMES = 12
SETTINGS = config(
    f"max_steps={STEPS}", "batch_size=16", "min_frames=10",
    "model.latent_dim=64", "model.encoder_feedforward=128",
    "model.denoiser_width=128", "model.denoiser_feedforward=256", "model.denoiser_layers=2",
    "objective.null_probability=0", "optimizer.learning_rate=3e-3", "optimizer.warmup_steps=50",
)  # fmt: skip
VERBS = (
    "walks", "runs", "jumps", "waves", "kicks", "turns", "bows", "sits",
    "stands", "crawls", "dances", "throws", "catches", "climbs", "stretches", "swims",
)  # fmt: skip


@pytest.fixture(scope="module")
def sixteen(tmp_path_factory) -> MotionTextFolder:
    """Eight pieces of a real clip and their mirror images, a sentence each."""
    folder = tmp_path_factory.mktemp("sixteen")
    for name in ("new_joint_vecs", "texts"):
        (folder / name).mkdir()
    with np.load(OFFICIAL) as stored:
        pieces = [
            stored["joints"][start : start + FRAMES + 1].astype(np.float64) for start in range(42, 170, 16)
        ]
    for i, (joints, verb) in enumerate(zip([*pieces, *map(mirror, pieces)], VERBS, strict=True)):
        features = encode_joints(canonicalize(torch.from_numpy(joints.copy()))).float().numpy()
        np.save(folder / "new_joint_vecs" / f"{i:02d}.npy", features)
        (folder / "texts" / f"{i:02d}.txt").write_text(f"a person {verb}#a/DET person/NOUN#0.0#0.0\n")
    (folder / "train.txt").write_text("".join(f"{i:02d}\n" for i in range(16)))
    mean, std = feature_statistics((folder / "new_joint_vecs").glob("*.npy"))
    np.save(folder / "Mean.npy", mean)
    np.save(folder / "Std.npy", std)
    return MotionTextFolder(folder)


@pytest.mark.slow
def test_overfit_of_sixteen_clips(sixteen: MotionTextFolder, tmp_path: Path):
    """Losses below 5 % of their start; generated joints within 5 cm of each clip."""
    backbone = text_backbone(SETTINGS.text_backbone)
    clips = read_split(sixteen, "train", SETTINGS.min_frames)
    captions = [clip.captions[0] for clip in clips]
    states = CaptionStates(captions, backbone, tmp_path)
    mean, std = torch.from_numpy(sixteen.mean), torch.from_numpy(sixteen.std)
    (batch,) = Batches(clips, states, mean, std, SETTINGS).in_order()
    trainer = Trainer(SETTINGS, build_objective(SETTINGS, 263, backbone.config.dim))
    losses = [trainer.train_step([batch]) for _ in range(STEPS)]
    for name in ("generation", "reconstruction"):
        curve = np.array([float(loss[name]) for loss in losses])
        assert curve[-50:].mean() < 0.05 * curve[:5].mean(), name

    duration = fit_duration(clips, states, sixteen.skeleton.fps)
    pipeline = pipeline_of(trainer.average, SETTINGS, sixteen, backbone, duration)
    unguided = {"reg_scale": 0.0, "cfg_scale": 0.0}  # guidance would exaggerate what is already right
    generated = pipeline(captions, num_frames=FRAMES, seed=1, **unguided).motions
    for motion, clip in zip(generated, clips, strict=True):
        expected = decode_features(torch.tensor(clip.features))
        gap = torch.tensor(motion.joints) - expected
        assert torch.linalg.vector_norm(gap, dim=-1).mean() < 0.05
