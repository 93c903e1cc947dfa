"""The windows in which a timeline is made: stretches of frames, each with a prompt of its own."""

from dataclasses import dataclass, replace
from itertools import pairwise

import torch
from torch import Tensor

from ram_sdk.control.timeline import PARTS, Kept, Part, Segment, Timeline
from ram_sdk.models import NormalizerConfig

# Seconds at the beginning of a segment that lead over from the one before. The model's actions begin and end
# where windows do: where windows overlap and are blended, a hand that is raised at once is up already.
_TRANSITION = 0.5
_SHARE = 3  # a transition takes at most the third part of its segment
_SIGHT = 0.75  # seconds of the motion on either side that a transition sees
_BLEND = 0.25  # seconds on each side of a cut within a segment that both windows see and contribute to
_PART_BLEND = 0.5  # likewise of a border of a part of the body: an arm takes as long to rise
_CONTEXT = 1.0  # seconds of a kept motion beside it that a window sees
_ABRUPT = 0.5  # frames: a blend from one frame to the next


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

    @property
    def borders(self) -> list[int]:
        """First frames of what it has alone, and of what comes after it."""
        own = self.weight >= 0.5
        return [self.start + 1 + int(at) for at in (own[1:] != own[:-1]).nonzero()]


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


def frame_of(seconds: float, config: NormalizerConfig) -> int:
    """The frame at a time."""
    return round(seconds * config.fps)


def seams(timeline: Timeline, config: NormalizerConfig) -> list[int]:
    """The middle frame of each transition, and the cuts within segments."""
    found = []
    for before, one in pairwise((None, *timeline.body)):
        if isinstance(one, Segment):
            (first, *cuts), start = _cuts(one, before, config)[:-1], frame_of(one.start, config)
            found += [(start + first) // 2, *cuts] if first > start else cuts
    return found


def body_windows(timeline: Timeline, config: NormalizerConfig) -> list[Window]:
    """The windows of the segments of the whole body: one each, or several for a long one."""
    blend = frame_of(_BLEND, config)
    end, cut = Edge(frame_of(_CONTEXT, config), None), Edge(blend, blend)
    inner = Edge(0, _ABRUPT)
    frames, body, windows = frame_of(timeline.duration, config), timeline.body, []
    for before, one, after in zip((None, *body), body, (*body[1:], None), strict=False):
        if isinstance(one, Kept):
            continue
        cuts = _cuts(one, before, config)
        for span in pairwise(cuts):
            left = cut if span[0] > cuts[0] else inner if isinstance(before, Segment) else end
            right = cut if span[1] < cuts[-1] else inner if isinstance(after, Segment) else end
            windows.append(_window(one.prompt, span, frames, (left, right), config))
    return windows


def transitions(timeline: Timeline, config: NormalizerConfig) -> list[Window]:
    """The windows without a prompt between segments of the whole body."""
    frames, edge = frame_of(timeline.duration, config), Edge(frame_of(_SIGHT, config), _ABRUPT)
    spans = [
        (frame_of(one.start, config), _cuts(one, before, config)[0])
        for before, one in pairwise(timeline.body)
        if isinstance(before, Segment) and isinstance(one, Segment)
    ]
    return [_window(None, span, frames, (edge, edge), config) for span in spans]


def part_windows(timeline: Timeline, config: NormalizerConfig) -> list[Window]:
    """The windows of the segments of parts of the body."""
    frames, blend = frame_of(timeline.duration, config), frame_of(_PART_BLEND, config)
    end, cut = Edge(frame_of(_CONTEXT, config), None), Edge(blend, blend)
    windows = []
    for one in timeline.parts:
        for start, stop in pairwise(_cuts(one, None, config)):
            edges = (cut if start > 0 else end, cut if stop < frames else end)
            window = _window(one.prompt, (start, stop), frames, edges, config)
            windows.append(replace(window, part=PARTS[one.part]))
    return windows


def _cuts(one: Segment, before: Segment | Kept | None, config: NormalizerConfig) -> list[int]:
    """Borders of the stretches, of equal length, that a segment is made in, after its transition."""
    start, stop = frame_of(one.start, config), frame_of(one.end, config)
    if isinstance(before, Segment):
        start += min(frame_of(_TRANSITION, config), (stop - start) // _SHARE)
    longest = config.max_frames - 2 * frame_of(_CONTEXT, config)
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
        weight = weight * rising((at - start) / left.blend)
    if right.blend is not None:
        weight = weight * rising((stop - at) / right.blend)
    return Window(prompt, first, last, weight)


def rising(u: Tensor) -> Tensor:
    """From 0 at -1 to 1 at 1, with level ends."""
    u = (u.clamp(-1.0, 1.0) + 1.0) / 2.0
    return u * u * (3.0 - 2.0 * u)
