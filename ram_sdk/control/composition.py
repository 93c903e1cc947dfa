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
from itertools import pairwise
from typing import Protocol

import numpy as np
import torch
from torch import Tensor

from ram_sdk.control.bones import keep_lengths
from ram_sdk.control.settling import settled, stepping
from ram_sdk.control.timeline import PARTS, Kept, Part, Segment, Timeline
from ram_sdk.models import FeatureNormalizer, NormalizerConfig
from ram_sdk.motion import Motion
from ram_sdk.scheduler import RAMScheduler
from ram_sdk.skeleton.features import decode_features, with_joints
from ram_sdk.skeleton.joints import HUMANML3D, SKELETONS

# Seconds at the beginning of a segment that lead over from the one before. The model's actions begin and end
# where windows do: where windows overlap and are blended, a hand that is raised at once is up already.
_TRANSITION = 0.5
_SHARE = 3  # a transition takes at most the third part of its segment
_SIGHT = 0.75  # seconds of the motion on either side that a transition sees
_BLEND = 0.25  # seconds on each side of a cut within a segment that both windows see and contribute to
_PART_BLEND = 0.5  # likewise of a border of a part of the body: an arm takes as long to rise
_CONTEXT = 1.0  # seconds of a kept motion beside it that a window sees
_JOIN = 1.0  # seconds over which generated frames come from those that are kept
_BATCH = 16  # windows at a time
_ABRUPT = 0.5  # frames: a blend from one frame to the next


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
class Window:
    """A stretch of frames with a prompt.

    Attributes:
        prompt: what the person does there; None for a transition, which follows from what lies beside it.
        start: first frame that is seen.
        stop: one past the last.
        weight: `(stop - start,)` how much the window's estimate of each frame counts.
        part: the part of the body that is estimated; None for all of it.
    """

    prompt: str | None
    start: int
    stop: int
    weight: Tensor
    part: Part | None = None


@dataclass(frozen=True)
class Edge:
    """One end of a window.

    Attributes:
        sight: frames beyond it that are seen.
        blend: frames on each side of it over which the window and the next one take turns; None where there
            is no other.
    """

    sight: int
    blend: float | None


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
        self.frames = _frame(timeline.duration, config)
        body = _windows(timeline, config)
        self.windows = (*body, *_transitions(timeline, config), *_part_windows(timeline, config))
        kept = [one for one in timeline.body if isinstance(one, Kept)]
        self.floor = min((_floor(one.motion) for one in kept), default=0.0)
        self.holds = tuple(_hold(one, normalizer, self.floor) for one in kept)
        self.seams = _seams(timeline, config)
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
                calm = settled(calm, _borders(window), skeleton, columns)
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


def _frame(seconds: float, config: NormalizerConfig) -> int:
    return round(seconds * config.fps)


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


def _seams(timeline: Timeline, config: NormalizerConfig) -> list[int]:
    seams = []
    for before, one in pairwise((None, *timeline.body)):
        if isinstance(one, Segment):
            (first, *cuts), start = _cuts(one, before, config)[:-1], _frame(one.start, config)
            seams += [(start + first) // 2, *cuts] if first > start else cuts
    return seams


def _windows(timeline: Timeline, config: NormalizerConfig) -> list[Window]:
    """The windows of the segments of the whole body: one each, or several for a long one."""
    blend = _frame(_BLEND, config)
    end, cut = Edge(_frame(_CONTEXT, config), None), Edge(blend, blend)
    inner = Edge(0, _ABRUPT)
    frames, body, windows = _frame(timeline.duration, config), timeline.body, []
    for before, one, after in zip((None, *body), body, (*body[1:], None), strict=False):
        if isinstance(one, Kept):
            continue
        cuts = _cuts(one, before, config)
        for span in pairwise(cuts):
            left = cut if span[0] > cuts[0] else inner if isinstance(before, Segment) else end
            right = cut if span[1] < cuts[-1] else inner if isinstance(after, Segment) else end
            windows.append(_window(one.prompt, span, frames, (left, right), config))
    return windows


def _transitions(timeline: Timeline, config: NormalizerConfig) -> list[Window]:
    frames, edge = _frame(timeline.duration, config), Edge(_frame(_SIGHT, config), _ABRUPT)
    spans = [
        (_frame(one.start, config), _cuts(one, before, config)[0])
        for before, one in pairwise(timeline.body)
        if isinstance(before, Segment) and isinstance(one, Segment)
    ]
    return [_window(None, span, frames, (edge, edge), config) for span in spans]


def _part_windows(timeline: Timeline, config: NormalizerConfig) -> list[Window]:
    frames, blend = _frame(timeline.duration, config), _frame(_PART_BLEND, config)
    end, cut = Edge(_frame(_CONTEXT, config), None), Edge(blend, blend)
    windows = []
    for one in timeline.parts:
        for start, stop in pairwise(_cuts(one, None, config)):
            edges = (cut if start > 0 else end, cut if stop < frames else end)
            window = _window(one.prompt, (start, stop), frames, edges, config)
            windows.append(replace(window, part=PARTS[one.part]))
    return windows


def _cuts(one: Segment, before: Segment | Kept | None, config: NormalizerConfig) -> list[int]:
    """Borders of the stretches, of equal length, that a segment is made in, after its transition."""
    start, stop = _frame(one.start, config), _frame(one.end, config)
    if isinstance(before, Segment):
        start += min(_frame(_TRANSITION, config), (stop - start) // _SHARE)
    longest = config.max_frames - 2 * _frame(_CONTEXT, config)
    count = -(-(stop - start) // longest)
    return [start + (stop - start) * i // count for i in range(count + 1)]


def _window(
    prompt: str | None, span: tuple[int, int], frames: int, edges: tuple[Edge, Edge], config: NormalizerConfig
) -> Window:
    """A window for a span of a motion of so many frames; it sees at least the shortest motion."""
    (start, stop), (left, right) = span, edges
    least = (config.min_frames - (stop - start) + 1) // 2
    first, last = max(0, start - max(least, left.sight)), min(frames, stop + max(least, right.sight))
    at = torch.arange(first, last, dtype=torch.float32) + 0.5
    weight = torch.ones_like(at)
    if left.blend is not None:
        weight = weight * _rising((at - start) / left.blend)
    if right.blend is not None:
        weight = weight * _rising((stop - at) / right.blend)
    return Window(prompt, first, last, weight)


def _borders(window: Window) -> list[int]:
    """First frames of what a window has alone, and of what comes after it."""
    own = window.weight >= 0.5
    return [window.start + 1 + int(at) for at in (own[1:] != own[:-1]).nonzero()]


def _lead_over(motion: Tensor, made: Tensor, weight: Tensor) -> None:
    """Write a transition into what it sees of the motion, in place: it meets what is on both sides."""
    own = weight.nonzero()[:, 0]
    first, last = int(own[0]), int(own[-1]) + 1
    before, after = motion[first - 1] - made[first - 1], motion[last] - made[last]
    share = _falling(last - first, made)
    motion[first:last] = made[first:last] + share * before + share.flip(0) * after


def _rising(u: Tensor) -> Tensor:
    """From 0 at -1 to 1 at 1, with level ends."""
    u = (u.clamp(-1.0, 1.0) + 1.0) / 2.0
    return u * u * (3.0 - 2.0 * u)


def _falling(frames: int, like: Tensor) -> Tensor:
    """Weights `(frames, 1)` from nearly 1 to nearly 0."""
    at = torch.arange(1, frames + 1, device=like.device, dtype=like.dtype) / (frames + 1)
    return (1.0 - _rising(2.0 * at - 1.0))[:, None]


def _hold(one: Kept, normalizer: FeatureNormalizer, floor: float) -> Hold:
    config = normalizer.config
    start, stop = _frame(one.start, config), _frame(one.end, config)
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
