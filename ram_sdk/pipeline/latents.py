"""Work in the latent space that texts and motions share (eq. 1 and 2)."""

import reprlib
from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor

from ram_sdk import inputs
from ram_sdk.models import Matcher
from ram_sdk.models.duration import stated_seconds
from ram_sdk.motion import Motion
from ram_sdk.notices import warn
from ram_sdk.pipeline.parts import PipelineParts
from ram_sdk.scalars import whole_number
from ram_sdk.search import Match, MotionIndex

_PROMPTS = 64  # that are read at a time
_CHUNK = 32  # motions of similar length that are encoded together


class LatentSpace(PipelineParts):
    """The part of `RAMPipeline` that reads texts and motions, compares and mixes them."""

    def encode_prompt(self, prompts: Sequence[str]) -> tuple[Tensor, Tensor]:
        """Encode prompts, with a warning for those unlike everything the checkpoint was trained on.

        Returns:
            Latents z_t `(batch, latent_dim)` (eq. 2) and the estimated durations `(batch,)` in seconds.

        Raises:
            ValueError: a prompt is longer than the text backbone can read.
        """
        tokens, mask = self.text_backbone.encode(prompts)
        self._warn_of_unknown(prompts, tokens, mask)
        tokens = tokens.to(self.dtype)
        return self.text_encoder(tokens, mask), self.duration_estimator(tokens, mask)

    @torch.no_grad()
    def encode_text(self, texts: str | Sequence[str]) -> Tensor:
        """Latents z_t of texts, `(texts, latent_dim)` (eq. 2).

        Raises:
            TypeError: something that is not text.
            ValueError: an empty text, or one that is longer than the text backbone can read.
        """
        return self.encode_prompt(inputs.prompts(texts))[0]

    @torch.no_grad()
    def encode_motion(self, motions: Motion | Sequence[Motion]) -> Tensor:
        """Latents z_m of motions, `(motions, latent_dim)` (eq. 1), at the checkpoint's frame rate.

        Raises:
            ValueError: the checkpoint has no motion encoder, or a motion is of another skeleton or longer
                than the checkpoint can make.
        """
        if self.motion_encoder is None:
            raise ValueError(
                "this checkpoint has no motion encoder: it was trained without the motion branch"
            )
        clips = list(motions) if isinstance(motions, Sequence) and not isinstance(motions, str) else [motions]
        features = [self.normalizer.normalize(self._features(motion).to(self.device)) for motion in clips]
        order = sorted(range(len(features)), key=lambda i: len(features[i]))
        width = self.motion_encoder.config.latent_dim
        latents = torch.empty(len(features), width, dtype=self.dtype, device=self.device)
        for start in range(0, len(order), _CHUNK):
            chunk = order[start : start + _CHUNK]
            padded = torch.nn.utils.rnn.pad_sequence([features[i] for i in chunk], batch_first=True)
            lengths = torch.tensor([len(features[i]) for i in chunk], device=self.device)
            mask = torch.arange(padded.shape[1], device=self.device) < lengths[:, None]
            latents[chunk] = self.motion_encoder(padded.to(self.dtype), mask)
        return latents

    def interpolate(self, start: str | Motion, end: str | Motion, steps: int = 5) -> Tensor:
        """Interpolated latents from one text or motion to another, ends included.

        `pipe(latents=pipe.interpolate("a person walks", "a person runs"), num_frames=80, seed=1)` makes their
        motions; one seed for all shows what the latent changes.

        Args:
            start: a text or a motion.
            end: another one.
            steps: how many latents, at least 2.

        Returns:
            `(steps, latent_dim)`: directions along the great circle, lengths along the line.

        Raises:
            ValueError: fewer than 2 steps, or what `encode_text` and `encode_motion` refuse.
        """
        count = whole_number("steps", steps)
        if count < 2:
            raise ValueError(f"steps {count}: expected at least 2, the two ends")
        ends = [
            self.encode_text(x) if isinstance(x, str) else self.encode_motion(inputs.motion(name, x))
            for name, x in (("start", start), ("end", end))
        ]
        a, b = (z.double()[0] for z in ends)
        weight = torch.linspace(0.0, 1.0, count, dtype=torch.float64, device=a.device)[:, None]
        angle = torch.acos((F.normalize(a, dim=0) @ F.normalize(b, dim=0)).clamp(-1.0, 1.0))
        if angle < 1e-4:
            return torch.lerp(a, b, weight).to(self.dtype)
        directions = torch.sin((1 - weight) * angle) * F.normalize(a, dim=0) + torch.sin(
            weight * angle
        ) * F.normalize(b, dim=0)
        lengths = torch.lerp(a.norm(), b.norm(), weight)
        return (lengths * directions / torch.sin(angle)).to(self.dtype)

    def similarity(self, text: str, motion: Motion) -> float:
        """How likely it is that a text describes a motion, from 0 to 1.

        It is the probability for somebody who has seen as many texts with motions of other actions as with
        their own, fitted on clips that the checkpoint was not trained on: 0.5 is undecided. It says
        how the checkpoint's own encoders rate the pair; they guide its sampling too.

        Raises:
            ValueError: the checkpoint has no motion encoder or no calibration, or what `encode_text` and
                `encode_motion` refuse.
        """
        latent = self.encode_motion(inputs.motion("motion", motion))
        return float(self.match(self.encode_text(text), latent)[0, 0])

    def match(self, text_latents: Tensor, motion_latents: Tensor) -> Tensor:
        """The similarity of every z_t `(texts, latent_dim)` with every z_m, `(texts, motions)`.

        Raises:
            ValueError: the checkpoint has no calibration.
        """
        texts, motions = (F.normalize(z.float(), dim=-1) for z in (text_latents, motion_latents))
        return self._matcher()(texts @ motions.mT)

    def search(self, text: str, index: MotionIndex, count: int = 10) -> list[Match]:
        """The motions of an index that fit a text best, best first, each file once.

        Raises:
            TypeError: the index is none.
            ValueError: the index was made with another motion encoder, the checkpoint has no calibration, or
                what `encode_text` refuses.
        """
        if not isinstance(index, MotionIndex):
            raise TypeError(f"index {reprlib.repr(index)}: expected a MotionIndex, see MotionIndex.build")
        index.check_encoder(self.motion_encoder)
        places, cosines = index.nearest(self.encode_text(text)[0].float().cpu().numpy(), count)
        similarities = self._matcher()(torch.from_numpy(cosines))
        return [index.entry(place, float(s)) for place, s in zip(places, similarities, strict=True)]

    def _warn_of_unknown(self, prompts: Sequence[str], tokens: Tensor, mask: Tensor) -> None:
        if self.known_actions is None:
            return
        for prompt, (far, names) in zip(prompts, self.known_actions.nearest(tokens, mask), strict=True):
            if far:
                warn(
                    f"{prompt!r} is unlike everything that {self.name} was taught; the nearest that it "
                    f"knows: {', '.join(names)}",
                    stacklevel=2,
                )

    def _matcher(self) -> Matcher:
        if self.matcher is None:
            raise ValueError(
                "this checkpoint has no calibration of similarity: "
                "python -m training calibrate --checkpoint FOLDER --data DIR adds it"
            )
        return self.matcher

    def _features(self, motion: Motion) -> Tensor:
        """Features `(frames, features)` in real units of a motion that the checkpoint can encode."""
        wanted = self.normalizer.config
        if inputs.motion("motion", motion).skeleton.name != wanted.skeleton:
            raise ValueError(
                f"a motion of the {motion.skeleton.name} skeleton: this checkpoint is for {wanted.skeleton}"
            )
        motion = motion.resample(wanted.fps)
        if len(motion) > wanted.max_frames:
            raise ValueError(
                f"a motion of {len(motion)} frames at {wanted.fps:g} fps: this checkpoint encodes at most "
                f"{wanted.max_frames}, take a part of it such as motion[:{wanted.max_frames}]"
            )
        return torch.tensor(motion.features)

    def _latents_once(self, prompts: Sequence[str | None]) -> Tensor:
        """Latents of prompts, each read once, in batches; zero, which says nothing, for None."""
        texts = list(dict.fromkeys(prompt for prompt in prompts if prompt is not None))
        batches = [texts[i : i + _PROMPTS] for i in range(0, len(texts), _PROMPTS)]
        latents = torch.cat([self.encode_prompt(batch)[0] for batch in batches])
        latents = F.pad(latents, (0, 0, 0, 1))
        return latents[[-1 if prompt is None else texts.index(prompt) for prompt in prompts]]

    @torch.no_grad()
    def estimate_frames(self, prompts: Sequence[str]) -> list[int]:
        """The default length of each prompt's motion: frames.

        Raises:
            TypeError: something that is not text.
            ValueError: an empty prompt, or one that is longer than the text backbone can read.
        """
        texts = inputs.prompts(prompts)
        tokens, mask = self.text_backbone.encode(texts)
        return self._estimated_lengths(texts, self.duration_estimator(tokens.to(self.dtype), mask))

    def _estimated_lengths(self, prompts: Sequence[str], seconds: Tensor) -> list[int]:
        """Frames of the duration that each text names, or else of the estimate, within what can be made."""
        motion = self.normalizer.config
        wanted = [stated_seconds(text) or float(s) for text, s in zip(prompts, seconds, strict=True)]
        return [min(max(round(s * motion.fps), motion.min_frames), motion.max_frames) for s in wanted]
