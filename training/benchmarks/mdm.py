"""MDM as published by its authors, for the benchmarks: network, training step and sampler.

Reimplemented from github.com/GuyTevet/motion-diffusion-model (`model/mdm.py`, `train/training_loop.py`,
`diffusion/fp16_util.py`), for measuring speed only. For the MDM baseline that this project trains, see
`model.text_encoder: pooled` in `training.networks`.
"""

import torch
from torch import Tensor, nn
from transformers import CLIPTextConfig, CLIPTextModelWithProjection

from ram_sdk import RAMScheduler, SchedulerConfig
from ram_sdk.models.transformer import sinusoidal_table

FRAMES = 196  # every clip is padded to this
_TEXT_DIM, _TOKENS = 512, 77  # CLIP ViT-B/32
_NULL_PROBABILITY = 0.1


class MDM(nn.Module):
    """The encoder-only denoiser: sequence first, condition in the first token, no padding mask."""

    def __init__(self, features: int, width: int = 512, feedforward: int = 1024, layers: int = 8) -> None:
        super().__init__()
        layer = nn.TransformerEncoderLayer(width, 4, feedforward, 0.1, "gelu")
        self.encoder = nn.TransformerEncoder(layer, layers, enable_nested_tensor=False)
        self.input_projection, self.output_projection = nn.Linear(features, width), nn.Linear(width, features)
        self.text_projection = nn.Linear(_TEXT_DIM, width)
        self.time = nn.Sequential(nn.Linear(width, width), nn.SiLU(), nn.Linear(width, width))
        self.dropout = nn.Dropout(0.1)
        self.register_buffer("positions", sinusoidal_table(1000, width)[:, None], persistent=False)

    def forward(self, x: Tensor, timestep: Tensor, text: Tensor) -> Tensor:
        """x_0 from x `(frames, batch, features)`, timestep `(batch,)` and pooled text `(batch, 512)`."""
        positions: Tensor = self.get_buffer("positions")
        condition = self.time(positions[timestep, 0]) + self.text_projection(text)
        sequence = torch.cat((condition[None], self.input_projection(x)))
        encoded = self.encoder(self.dropout(sequence + positions[: len(sequence)]))
        estimate: Tensor = self.output_projection(encoded[1:])
        return estimate


@torch.no_grad()
def sample(model: MDM, frames: int) -> None:
    """50 ancestral steps for one motion; CFG runs the model twice per step, as MDM's wrapper does."""
    scheduler = RAMScheduler(SchedulerConfig(num_inference_steps=50))
    x = torch.randn(frames, 1, model.input_projection.in_features)
    text = torch.randn(1, _TEXT_DIM)
    for t in scheduler.timesteps:
        step = torch.tensor([t])
        cond, uncond = model(x, step, text), model(x, step, torch.zeros_like(text))
        x = scheduler.step(uncond + 2.5 * (cond - uncond), t, x, noise=torch.randn_like(x))


class MDMTraining:
    """MDM's training loop: clips padded to 196 frames, CLIP inside the loop, norms read at every step.

    MDM trains in float32; bf16 is for a comparison at the same precision.
    """

    def __init__(self, model: MDM, device: torch.device, bf16: bool = False) -> None:
        self.model = model.to(device).train()
        self._device = device
        self._bf16 = bf16
        clip: nn.Module = CLIPTextModelWithProjection(CLIPTextConfig())
        clip = clip.eval().requires_grad_(False).to(device)
        self._clip = clip.half() if device.type == "cuda" else clip  # as MDM converts it
        self._scheduler = RAMScheduler()
        self._optimizer = torch.optim.AdamW(model.parameters(), lr=1e-4, weight_decay=0.0)

    def step(self, motion: Tensor, mask: Tensor) -> float:
        """One step on motions `(batch, 196, features)` and their mask `(batch, 196)`; returns the loss."""
        size = len(motion)
        tokens = torch.randint(1, 49406, (size, _TOKENS), device=self._device)
        timestep = torch.randint(50, (size,), device=self._device)
        x_t = self._scheduler.add_noise(motion, torch.randn_like(motion), timestep)
        with torch.autocast(self._device.type, torch.bfloat16, enabled=self._bf16):
            with torch.no_grad():
                text = self._clip(input_ids=tokens).text_embeds.float()
            text = text * (torch.rand(size, 1, device=self._device) >= _NULL_PROBABILITY)
            estimate = self.model(x_t.transpose(0, 1), timestep, text).transpose(0, 1).float()
        error = ((estimate - motion).square() * mask[..., None]).sum((1, 2))
        loss = (error / (mask.sum(1) * motion.shape[2])).mean()
        self.model.zero_grad()
        loss.backward()
        for parameter in self.model.parameters():  # MDM logs both norms, read one by one
            if parameter.grad is not None:
                parameter.norm().item(), parameter.grad.norm().item()
        self._optimizer.step()
        return float(loss.detach())
