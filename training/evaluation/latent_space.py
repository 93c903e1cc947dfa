"""Evaluating a checkpoint's latent space: retrieval both ways, reconstruction, and query time."""

import time
from pathlib import Path

import numpy as np
import torch.nn.functional as F
from torch import Tensor

from ram_sdk import Motion, MotionIndex, RAMPipeline
from ram_sdk.search import IndexedFile
from training.data.folder import Caption, MotionTextFolder
from training.evaluation.calibration import encode, read_clips
from training.evaluation.evaluator import Sample
from training.evaluation.metrics import GROUP, r_precision
from training.evaluation.open_evaluator import OPEN, OpenEvaluator

_QUERIES = 20
_INDEXED = 100_000


def retrieval(text: Tensor, motion: Tensor) -> str:
    """R@1 and R@5 among 32, and the median rank among all, for text-to-motion and motion-to-text."""
    parts = []
    for a, b in ((text, motion), (motion, text)):
        shares = r_precision(a, b, top_k=5, group=min(GROUP, len(a)))
        own = (a * b).sum(-1, keepdim=True)
        ranks = (a @ b.T > own).sum(-1) + 1
        parts.append(f"R@1 {shares[0]:.3f}, R@5 {shares[4]:.3f}, MedR {ranks.median():.0f} of {len(a)}")
    return f"texts find motions: {parts[0]}; motions find texts: {parts[1]}"


def reconstruction_error(motion: Motion, again: Motion) -> float:
    """Mean joint distance in metres, relative to the root's ground position and heading."""
    return float(np.linalg.norm(_local(motion) - _local(again), axis=-1).mean())


def _local(motion: Motion) -> np.ndarray:
    joints = motion.skeleton.num_joints
    height = np.zeros((len(motion), 1, 3))
    height[:, 0, 1] = motion.features[:, 3]
    local = motion.features[:, 4 : 1 + 3 * joints].reshape(len(motion), joints - 1, 3)
    return np.concatenate((height, local), axis=1)


def query_milliseconds(pipeline: RAMPipeline) -> float:
    """Median time of a nearest-neighbour query among 100,000 latents, without encoding the text."""
    rng = np.random.default_rng(0)
    width = pipeline.denoiser.config.latent_dim
    latents = rng.standard_normal((_INDEXED, width), dtype=np.float32)
    files = tuple(IndexedFile(f"{i}.npy", 0, 0, ((0.0, 1.0),)) for i in range(_INDEXED))
    index = MotionIndex(Path("."), "", files, latents / np.linalg.norm(latents, axis=-1, keepdims=True))
    times = []
    for _ in range(_QUERIES):
        query = rng.standard_normal(width, dtype=np.float32)
        start = time.perf_counter()
        index.nearest(query, 10)
        times.append(time.perf_counter() - start)
    return 1000 * float(np.median(times))


def report(pipeline: RAMPipeline, data: Path, reconstruct: int, seed: int) -> str:
    """All measurements as text.

    Args:
        pipeline: with a motion encoder.
        data: a motion-text folder; its test split is used.
        reconstruct: number of motions to reconstruct.
        seed: of the order of the clips, which determines the groups of 32, and of the reconstructions.

    Raises:
        ValueError: the checkpoint has no motion encoder.
    """
    clips = read_clips(pipeline, MotionTextFolder(data), "test")
    clips = [clips[i] for i in np.random.default_rng(seed).permutation(len(clips))]
    texts = [clip.captions[0] for clip in clips]
    motions, encoded_texts = encode(pipeline, clips, texts)
    samples = [
        Sample(Caption(text, (), 0.0, 0.0), clip.features) for text, clip in zip(texts, clips, strict=True)
    ]
    embeddings = OpenEvaluator.load(OPEN, pipeline.text_backbone).embed(samples)
    latents = (F.normalize(x, dim=-1) for x in (encoded_texts, motions))
    lines = [
        f"latents of {pipeline.name}: {retrieval(*latents)}",
        f"open evaluator: {retrieval(*(F.normalize(x, dim=-1) for x in embeddings))}",
    ]
    originals = [Motion.from_features(clip.features) for clip in clips[:reconstruct]]
    errors = [
        reconstruction_error(motion, pipeline.reconstruct(motion, seed=seed + k))
        for k, motion in enumerate(originals)
    ]
    if errors:
        lines.append(
            f"reconstruction of {len(errors)} motions: joints {100 * np.median(errors):.1f} cm off (median), "
            f"{100 * np.mean(errors):.1f} cm (mean)"
        )
    lines.append(f"a query among {_INDEXED} latents: {query_milliseconds(pipeline):.1f} ms")
    return "\n".join(lines)
