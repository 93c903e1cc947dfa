"""What sampling starts from where it does not start from pure noise: exemplars that fit the prompts."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ram_sdk.control.timeline import Segment, Timeline
from ram_sdk.control.wording import pace, sequence, with_subject
from ram_sdk.models import Exemplars, NormalizerConfig
from ram_sdk.models.exemplars import WARP
from ram_sdk.motion import Motion
from ram_sdk.pipeline.parts import PipelineParts

_SEAM = 0.4  # seconds in which one exemplar goes over into the next


@dataclass(frozen=True)
class Start:
    """A motion that sampling starts from.

    Attributes:
        features: `(frames, features)` in real units.
        entry: what `Motion.settings` records of it.
    """

    features: Tensor
    entry: dict[str, Any]


@dataclass(frozen=True)
class Part:
    """A part of what a prompt asks for.

    Attributes:
        latent: z_t of its words, `(latent_dim,)`.
        pace: how many times as fast as usual.
        frames: its length at the checkpoint's frame rate; None for the exemplar's own.
    """

    latent: Tensor
    pace: float = 1.0
    frames: float | None = None


@dataclass(frozen=True)
class Wanted:
    """What a motion is to start from.

    Attributes:
        parts: one after the other.
        frames: length of them all; None for what comes out, within what the checkpoint can make.
    """

    parts: Sequence[Part]
    frames: int | None = None


def starts(
    exemplars: Exemplars,
    wanted: Sequence[Wanted],
    generators: Sequence[torch.Generator],
    config: NormalizerConfig,
) -> list[Start]:
    """What each motion of a batch starts from: an exemplar, or one for each part of its prompt, joined.

    Args:
        exemplars: what there is.
        wanted: what each motion is to start from.
        generators: draw of those that fit.
        config: the checkpoint's motion representation.
    """
    fits = exemplars(torch.stack([part.latent for one in wanted for part in one.parts]))
    found = []
    for one, generator in zip(wanted, generators, strict=True):
        own, fits = fits[: len(one.parts)], fits[len(one.parts) :]
        parts, seam = _joinable(one.parts, config)
        chosen, motions = [], []
        for number, (fit, part) in enumerate(zip(own, parts, strict=False), start=1):
            stored = (
                None if part.frames is None else part.frames / config.fps * exemplars.config.fps * part.pace
            )
            index, mirrored = exemplars.choose(fit, stored, generator)
            motion = Motion(exemplars.joints_of(index).numpy(), exemplars.config.fps * part.pace)
            motion = motion.mirror() if mirrored else motion
            if len(parts) > 1 and part.frames is None:
                motion = motion.trim(shortest=1.0)
            overlap = seam if number < len(parts) else 0  # which the join takes away again
            frames = None if part.frames is None else max(round(part.frames), 1) + overlap
            motions.append(_lasting(motion, frames, config))
            chosen.append(_entry(exemplars, index, mirrored))
        whole = _joined(motions, seam, None if one.frames else config.max_frames, config)
        length = one.frames or min(max(len(whole), config.min_frames), config.max_frames)
        features = torch.tensor(_lasting(whole, length, config).features)
        found.append(Start(features, {"exemplars": chosen}))
    return found


def _joinable(parts: Sequence[Part], config: NormalizerConfig) -> tuple[Sequence[Part], int]:
    """The parts and the frames of the seams between them; the first part alone where there is no room."""
    given = [round(part.frames) for part in parts if part.frames is not None]
    seam = min([round(_SEAM * config.fps), *(frames // 2 for frames in given)])
    return (parts, seam) if seam else (parts[:1], 0)


def _joined(motions: Sequence[Motion], seam: int, longest: int | None, config: NormalizerConfig) -> Motion:
    """Motions one after the other, each of them shortened where they are too long together."""
    if len(motions) == 1:
        return motions[0]
    seams = seam * (len(motions) - 1)
    share = 1.0 if longest is None else (longest + seams) / sum(map(len, motions))
    if share < 1.0:
        motions = [_lasting(motion, int(len(motion) * share), config) for motion in motions]
    blend = min(seam, *(len(motion) // 2 for motion in motions)) / config.fps
    return motions[0].join(*motions[1:], blend=blend)


def _entry(exemplars: Exemplars, index: int, mirrored: bool) -> dict[str, Any]:
    one = exemplars.config.motions[index]
    credits = [exemplars.config.credits[source] for source in one.sources]
    return {"name": one.name, "text": one.text, "mirrored": mirrored, "credits": credits}


def _lasting(motion: Motion, frames: int | None, config: NormalizerConfig) -> Motion:
    """A motion at the checkpoint's frame rate, played slower or faster, then cut or held, to last as long."""
    own = len(motion) * config.fps / motion.fps
    factor = 1.0 if frames is None else min(max(frames / own, 1.0 / WARP), WARP)
    step = motion.fps / (config.fps * factor)
    joints = _between(motion.joints, np.arange(0.0, len(motion) - 1 + 1e-6, step))
    held = 0 if frames is None else max(frames - len(joints), 0)
    return Motion(np.concatenate((joints, np.repeat(joints[-1:], held, axis=0)))[:frames], config.fps)


def _between(joints: NDArray[np.float32], times: NDArray[np.float64]) -> NDArray[np.float32]:
    """Joints at times that are counted in frames: Catmull-Rom splines, which have no corners."""
    frame = np.minimum(times.astype(int), len(joints) - 2)
    f = (times - frame)[:, None, None]
    a, b, c, d = (joints[np.clip(frame + k, 0, len(joints) - 1)] for k in (-1, 0, 1, 2))
    bent = 2 * a - 5 * b + 4 * c - d + f * (3 * (b - c) + d - a)
    return np.asarray(b + 0.5 * f * (c - a + f * bent), dtype=np.float32)


class Starting(PipelineParts):
    """The part of `RAMPipeline` that decides what sampling starts from."""

    def _wanted(self, prompts: Sequence[str], frames: Sequence[int | None]) -> list[Wanted]:
        """What the motion of each prompt is to start from; frames is its length where that is given."""
        scripts: list[list[tuple[str, float]]] = []
        for prompt in prompts:
            parts = sequence(prompt)
            script: list[tuple[str, float]] = []
            for part in parts:
                text, factor = pace(with_subject(part) if len(parts) > 1 else part)
                before = script[-1][0] if script else prompt
                script.append((text or before, factor))
            scripts.append(script)
        texts = list(dict.fromkeys(text for script in scripts for text, _ in script))
        tokens, mask = self.text_backbone.encode(texts)
        latents = dict(zip(texts, self.text_encoder(tokens.to(self.dtype), mask), strict=True))
        return [
            Wanted([one for part in script for one in self._parts(*part, latents, given, len(script))], given)
            for script, given in zip(scripts, frames, strict=True)
        ]

    def _parts(
        self, text: str, factor: float, latents: Mapping[str, Tensor], given: int | None, count: int
    ) -> list[Part]:
        """A part of `count`, repeated where its share of the given frames is longer than a clip can be."""
        if given is None:
            return [Part(latents[text], factor)]
        times = math.ceil(given / count / self.normalizer.config.max_frames)
        return [Part(latents[text], factor, given / count / times)] * times

    def _wanted_of(self, timeline: Timeline, frames: int) -> list[Wanted]:
        """What a timeline of prompts is to start from."""
        fps = self.normalizer.config.fps
        segments = [one for one in timeline.segments if isinstance(one, Segment)]
        spans = [round((one.end - one.start) * fps) for one in segments]
        wanted = self._wanted([with_subject(one.prompt) for one in segments], spans)
        return [Wanted([part for one in wanted for part in one.parts], frames)]

    def _started(self, wanted: Sequence[Wanted], generators: Sequence[torch.Generator]) -> list[Start]:
        """What motions start from: nothing, for pure noise, where nothing is wanted."""
        if self.exemplars is None or not wanted:
            return []
        return starts(self.exemplars, wanted, generators, self.normalizer.config)

    def _batched(self, chosen: Sequence[Start]) -> Tensor | None:
        """The starts as `sample` takes them."""
        if not chosen:
            return None
        features = [self.normalizer.normalize(one.features.to(self.device)) for one in chosen]
        return torch.nn.utils.rnn.pad_sequence(features, batch_first=True)
