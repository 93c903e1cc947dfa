"""One motion from a timeline: windows, each with its own latent, denoised together.

All windows look at one noisy motion. At every step each estimates the frames that it sees, from its own
prompt (as MultiDiffusion, Bar-Tal et al., ICML 2023, over time as DoubleTake, Shafir et al., ICLR 2024; over
parts of the body as STMC, Petrovich et al., CVPR 2024). A segment's window sees nothing of its neighbours and
does what it would do alone; between two segments lies a transition, a window without a prompt that sees the
motion on both sides. The features are relative to the root, its velocities included, so that windows need no
common place: the path is integrated once, at the end. Windows go through the networks in batches of fixed
size, so that memory hardly grows with the length.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np
import torch
from torch import Tensor

from ram_sdk.control.bones import keep_lengths
from ram_sdk.control.settling import settled, stepping
from ram_sdk.control.timeline import Kept, Part, Timeline
from ram_sdk.control.windows import Window, body_windows, frame_of, part_windows, rising, seams, transitions
from ram_sdk.models import FeatureNormalizer, NormalizerConfig
from ram_sdk.motion import Motion
from ram_sdk.scheduler import RAMScheduler
from ram_sdk.skeleton.features import decode_features, with_joints
from ram_sdk.skeleton.joints import HUMANML3D, SKELETONS

_JOIN = 1.0  # seconds over which generated frames come from those that are kept
_BATCH = 16  # windows at a time


class Denoise(Protocol):
    """`RAMPipeline.denoise`."""

    def __call__(
        self,
        x_t: Tensor,
        timestep: int,
        latents: Tensor,
        mask: Tensor | None,
        previous: Tensor | None,
        scheduler: RAMScheduler | None,
    ) -> Tensor:
        """Estimate the clean motion."""


@dataclass(frozen=True)
class Hold:
    """Frames that are kept: `features` `(frames, features)`, normalised, from frame `start` on."""

    start: int
    features: Tensor

    @property
    def stop(self) -> int:
        """One past the last frame."""
        return self.start + len(self.features)


class Composition:
    """A timeline laid out for a checkpoint.

    Attributes:
        frames: length of the motion.
        windows: what is denoised: segments, then transitions, then parts of the body.
        holds: what is kept.
        seams: the middle frame of each transition, and cuts within segments.
        floor: height of the floor under what is kept, metres.
    """

    def __init__(self, timeline: Timeline, normalizer: FeatureNormalizer) -> None:
        """Lay out.

        Raises:
            ValueError: parts of the body, or kept motions, that do not fit the checkpoint's skeleton.
        """
        self._normalizer, self._timeline = normalizer, timeline
        config = normalizer.config
        _check_skeleton(timeline, config)
        self.frames = frame_of(timeline.duration, config)
        body = body_windows(timeline, config)
        self.windows = (*body, *transitions(timeline, config), *part_windows(timeline, config))
        kept = [one for one in timeline.body if isinstance(one, Kept)]
        self.floor = min((_floor(one.motion) for one in kept), default=0.0)
        self.holds = tuple(_hold(one, normalizer, self.floor) for one in kept)
        self.seams = seams(timeline, config)
        device = normalizer.mean.device
        self._total = torch.zeros(self.frames, 1, device=device, dtype=torch.float32)
        for window in body:
            self._total[window.start : window.stop, 0] += window.weight.to(device)
        self._total.clamp_(min=1e-6)
        self._join = round(_JOIN * config.fps)

    def denoiser(self, denoise: Denoise) -> Denoise:
        """The estimate of the whole motion, `(1, frames, features)`, in place of one of each window.

        Args:
            denoise: estimates windows; its latents are those of `windows`.
        """
        own: dict[int, Tensor] = {}

        def estimate(
            x_t: Tensor,
            timestep: int,
            latents: Tensor,
            mask: Tensor | None = None,
            previous: Tensor | None = None,
            scheduler: RAMScheduler | None = None,
        ) -> Tensor:
            whole = torch.zeros_like(x_t[0])
            body: Tensor | None = None
            for first in range(0, len(self.windows), _BATCH):
                batch = self.windows[first : first + _BATCH]
                seen, valid = _crops(x_t[0], batch)
                before = None if previous is None else _crops(previous[0], batch)[0]
                for row, index in enumerate(range(first, first + len(batch))):
                    if before is not None and index in own:
                        before[row, : len(own[index])] = own[index]
                made = denoise(seen, timestep, latents[first : first + _BATCH], valid, before, scheduler)
                for index, (window, padded) in enumerate(zip(batch, made, strict=True), start=first):
                    frames = padded[: window.stop - window.start]
                    if window.prompt is not None:
                        own[index] = frames
                    if window.part is None:
                        self._add(whole, window, frames)
                        continue
                    body = whole.clone() if body is None else body
                    self._add_part(whole, body, window, window.part, frames)
            return self._kept(whole)[None]

        return estimate

    def finished(self, features: Tensor) -> Tensor:
        """The motion `(frames, features)` in real units with calm seams; what is kept stays as it is."""
        skeleton = SKELETONS[self._normalizer.config.skeleton]
        calm = settled(features, self.seams, skeleton)
        for window in self.windows:
            if window.part:
                columns = _columns(window.part, self._normalizer.config)
                calm = settled(calm, window.borders, skeleton, columns)
        if skeleton is HUMANML3D:
            calm = self._with_bones(stepping(calm, self.seams))
        for hold in self.holds:
            calm[hold.start : hold.stop] = features[hold.start : hold.stop]
        return calm

    def _with_bones(self, features: Tensor) -> Tensor:
        """The features with the bones of parts of the body as long as they are in the median.

        Between a hanging and a raised arm blended positions cut the corner.
        """
        parts = [window for window in self.windows if window.part]
        if not parts:
            return features
        freedom = np.zeros((len(features), HUMANML3D.num_joints))
        for window in parts:
            freedom[window.start : window.stop, list(window.part.joints)] = 1.0  # type: ignore[union-attr]
        joints = keep_lengths(decode_features(features.double()).numpy(), None, freedom)
        return with_joints(features, torch.from_numpy(joints)).to(features)

    def placed(self, motion: Motion) -> Motion:
        """The motion on the kept floor, and where the kept motion at the timeline's start stands."""
        first = self._timeline.body[0]
        there = motion.align(first.motion) if isinstance(first, Kept) else motion
        return replace(motion, joints=there.offset(y=self.floor).joints)

    def _add(self, whole: Tensor, window: Window, made: Tensor) -> None:
        """Write a window's estimate into the whole, in place."""
        there = whole[window.start : window.stop]
        if window.prompt is None:
            _lead_over(there, made, window.weight)
        else:
            there += made * window.weight[:, None].to(made) / self._total[window.start : window.stop]

    def _add_part(self, whole: Tensor, body: Tensor, window: Window, part: Part, made: Tensor) -> None:
        """Write the estimate of a part into the whole, in place: what it does other than the body's own."""
        own = body[window.start : window.stop]
        columns = _columns(part, self._normalizer.config)
        other = (self._attached(made, own, part) - own)[:, columns]
        whole[window.start : window.stop, columns] += other * window.weight[:, None].to(made)

    def _attached(self, made: Tensor, whole: Tensor, part: Part) -> Tensor:
        """The estimate of a part, moved to the whole body's hinge."""
        std = self._normalizer.std
        shift = (whole - made) * std
        height = shift[:, 3:4]
        shift = (
            shift[:, _position(part.hinge)]
            if part.hinge
            else torch.cat((torch.zeros_like(height), height, torch.zeros_like(height)), dim=-1)
        )
        made = made.clone()
        for joint in part.joints:
            made[:, _position(joint)] += shift / std[_position(joint)]
        return made

    def _kept(self, whole: Tensor) -> Tensor:
        """The estimate with the kept frames in place, to which those beside them lead."""
        changed = whole.clone()
        stops = [0, *(hold.stop for hold in self.holds), self.frames]
        starts = [0, *(hold.start for hold in self.holds), self.frames]
        for index, hold in enumerate(self.holds, start=1):
            before = min(hold.start - stops[index - 1], self._join)
            after = min(starts[index + 1] - hold.stop, self._join)
            first, last = hold.features[:1] - whole[hold.start], hold.features[-1:] - whole[hold.stop - 1]
            changed[hold.start - before : hold.start] += _falling(before, whole).flip(0) * first
            changed[hold.stop : hold.stop + after] += _falling(after, whole) * last
        for hold in self.holds:
            changed[hold.start : hold.stop] = hold.features
        return changed


def _check_skeleton(timeline: Timeline, config: NormalizerConfig) -> None:
    if timeline.parts and config.skeleton != "humanml3d":
        raise ValueError(
            f"{timeline.parts[0]}: parts of the body need a checkpoint of 22 joints, not {config.skeleton}"
        )
    for one in timeline.body:
        if isinstance(one, Kept) and one.motion.skeleton is not SKELETONS[config.skeleton]:
            raise ValueError(
                f"{one} has {one.motion.joints.shape[1]} joints: this checkpoint makes "
                f"{SKELETONS[config.skeleton].num_joints}"
            )


def _lead_over(motion: Tensor, made: Tensor, weight: Tensor) -> None:
    """Write a transition into what it sees of the motion, in place: it meets what is on both sides."""
    own = weight.nonzero()[:, 0]
    first, last = int(own[0]), int(own[-1]) + 1
    before, after = motion[first - 1] - made[first - 1], motion[last] - made[last]
    share = _falling(last - first, made)
    motion[first:last] = made[first:last] + share * before + share.flip(0) * after


def _falling(frames: int, like: Tensor) -> Tensor:
    """Weights `(frames, 1)` from nearly 1 to nearly 0."""
    at = torch.arange(1, frames + 1, device=like.device, dtype=like.dtype) / (frames + 1)
    return (1.0 - rising(2.0 * at - 1.0))[:, None]


def _hold(one: Kept, normalizer: FeatureNormalizer, floor: float) -> Hold:
    config = normalizer.config
    start, stop = frame_of(one.start, config), frame_of(one.end, config)
    motion = one.motion if one.motion.fps == config.fps else one.motion.resample(config.fps)
    features = torch.tensor(motion.features).to(normalizer.mean.device)
    features = features[torch.arange(stop - start).clamp(max=len(features) - 1)]
    heights = [3, *range(5, 1 + 3 * SKELETONS[config.skeleton].num_joints, 3)]
    features[:, heights] += _raised(motion) - floor
    return Hold(start, normalizer.normalize(features).float())


def _raised(motion: Motion) -> float:
    """How much higher a motion stands than its features say, which a slice of a jump has on the floor."""
    return float(motion.joints[0, 0, 1]) - float(motion.features[0, 3])


def _floor(motion: Motion) -> float:
    """Height of the floor that a motion was made on, or else of its lowest joint."""
    return float(motion.joints[..., 1].min()) if motion.generated_features is None else _raised(motion)


def _crops(motion: Tensor, windows: Sequence[Window]) -> tuple[Tensor, Tensor]:
    """What windows see of a motion, `(windows, longest, features)`, and the mask of it."""
    crops = [motion[window.start : window.stop] for window in windows]
    lengths = torch.tensor([len(crop) for crop in crops], device=motion.device)
    padded = torch.nn.utils.rnn.pad_sequence(crops, batch_first=True)
    return padded, torch.arange(padded.shape[1], device=motion.device) < lengths[:, None]


def _position(joint: int) -> slice:
    return slice(4 + 3 * (joint - 1), 4 + 3 * joint)


def _columns(part: Part, config: NormalizerConfig) -> list[int]:
    """Numbers of the features that say how a part stands and moves."""
    joints = SKELETONS[config.skeleton].num_joints
    rotations, velocities = 4 + 3 * (joints - 1), 4 + 9 * (joints - 1)
    return [
        column
        for joint in part.joints
        for column in (
            *range(4 + 3 * (joint - 1), 4 + 3 * joint),
            *range(rotations + 6 * (joint - 1), rotations + 6 * joint),
            *range(velocities + 3 * joint, velocities + 3 * (joint + 1)),
        )
    ]
