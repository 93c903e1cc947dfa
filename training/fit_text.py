"""Fit a checkpoint's text encoder alone to its motion latents.

Co-training shows E_t few captions a second, since each comes with passes of the denoiser. This is L_align
(eq. 8) without the rest, at a fraction of the cost: for new wordings of motions that a checkpoint can already
make. A run that starts from the result (`initial_checkpoint`) then lets the denoiser adapt. Not part of the
paper.
"""

from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.nn.utils import clip_grad_norm_
from tqdm import tqdm

from ram_sdk import RAMPipeline
from ram_sdk.models import MotionEncoder, TextEncoder
from training.config import TrainingConfig
from training.data.folder import MotionTextFolder
from training.dataset import Batches, read_training
from training.objective import Batch, latent_alignment


def fit_text(
    pipeline: RAMPipeline, config: TrainingConfig, data: Path, out: Path, device: str = "cpu"
) -> tuple[float, float]:
    """Fit E_t to z_m by L_align (eq. 8), and save the pipeline with its new text encoder.

    Args:
        pipeline: with a motion encoder; its text encoder changes.
        config: of a run; `model`, `objective` and `sampling` do not matter. The learning rate falls to 0 as a
            cosine.
        data: motion-text folder. Its features are normalised by the checkpoint's mean and deviation.
        out: folder of the new pipeline, written at the end.
        device: of the encoders.

    Returns:
        L_align of the first and of the last tenth of the steps.

    Raises:
        ValueError: the checkpoint has no motion encoder or no text encoder that can be trained, or `out`
            exists.
    """
    texts, motions = pipeline.text_encoder, pipeline.motion_encoder
    if not isinstance(texts, TextEncoder) or motions is None:
        raise ValueError(f"{pipeline.name}: fitting E_t needs a text encoder and a motion encoder")
    if out.exists():
        raise ValueError(f"--out {out}: it exists; name a new folder")
    clips, _, states = read_training(
        MotionTextFolder(data), pipeline.text_backbone, config.min_frames, device
    )
    mean, std = pipeline.normalizer.mean.float().cpu(), pipeline.normalizer.std.float().cpu()
    batches = Batches(clips, states, mean, std, config, device)
    texts.to(device, torch.float32).requires_grad_(True)
    motions.to(device, torch.float32)
    losses = _steps(batches, texts, motions, config)
    texts.eval().requires_grad_(False)
    pipeline.to("cpu")
    pipeline.save_pretrained(out)
    tenth = max(1, len(losses) // 10)
    return float(np.mean(losses[:tenth])), float(np.mean(losses[-tenth:]))


def _steps(
    batches: Batches, texts: TextEncoder, motions: MotionEncoder, config: TrainingConfig
) -> list[float]:
    settings = config.optimizer
    optimizer = torch.optim.AdamW(
        texts.parameters(), settings.learning_rate, weight_decay=settings.weight_decay
    )
    decay = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, config.max_steps)
    losses: list[float] = []
    texts.train()
    for step in tqdm(range(config.max_steps), unit="step", desc="fitting E_t", disable=None):
        batch = batches.at(step)
        with torch.autocast(batch.text.device.type, torch.bfloat16, enabled=config.precision == "bf16"):
            loss = _alignment(batch, texts, motions)
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        clip_grad_norm_(texts.parameters(), settings.clip_norm)
        optimizer.step()
        decay.step()
        losses.append(float(loss.detach()))
    return losses


def _alignment(batch: Batch, texts: TextEncoder, motions: MotionEncoder) -> Tensor:
    with torch.no_grad():
        z_m = motions(batch.motion, batch.motion_mask)
    each = len(batch.text) // len(z_m)
    return latent_alignment(texts(batch.text, batch.text_mask), z_m.repeat(each, 1), beta=0.0)
