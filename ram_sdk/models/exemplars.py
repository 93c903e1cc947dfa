"""Captured motions that sampling can start from, and which of them fit a text; not part of the paper.

From pure noise a small model knows what pose a text means, but hardly when what happens. A capture of the
same action knows both: sampling starts from it, with noise of a later timestep (SDEdit: Meng et al., 2022,
arXiv:2108.01073, with a retrieved motion, as in ReMoDiffuse: Zhang et al., 2023, arXiv:2304.01116).
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from statistics import median
from typing import Annotated, Literal

import torch
import torch.nn.functional as F
from pydantic import Field
from torch import Tensor, nn

from ram_sdk.models.sizes import Width
from ram_sdk.skeleton.joints import HUMANML3D

_MOTION_WEIGHT = 0.25  # of z_m beside the captions' z_t
_CHOICE = 4  # of the best that one is drawn from
_SPREAD = 0.02  # of cosines: how much better the best must be to be drawn nearly always
_ACTION_WEIGHT = 0.5  # of the log-probability that the text asks for the action: best on held-out wordings
_UNLIKELY = -6.0  # least log-probability that counts
_CLAIM = 0.4  # that another side or count than the text's costs, or 90 degrees; an unknown one costs half
_REPEATED = 0.1  # that an exemplar has to be repeated to be done as often as wanted
_ROUND = 540  # degrees from which on an exemplar turns more than once, whatever its captions say
_IN_PLACE = 0.5  # metres between the start and the end of an exemplar that can be repeated
_ELSEWHERE = 1.0  # metres between the start and the end of an exemplar of an action that goes somewhere
_FAR_OFF = 2  # quarter turns: a turn that is farther off than that is as bad
_HEIGHT_WEIGHT = 1.0  # of metres between the pelvis at the end of a motion and at the start of the next
_PACE_WEIGHT = 0.1  # of the logarithm of how many times too slow or too fast an exemplar is
WARP = 1.4  # how much slower or faster an exemplar may be played
_STRETCH = 0.3  # cosine that a length costs for each factor of e beyond that


Side = Literal["", "left", "right"]

_MIRRORED: dict[Side, Side] = {"": "", "left": "right", "right": "left"}


@dataclass(frozen=True)
class Want:
    """An action that a text asks for.

    Attributes:
        latent: z_t of its words, `(latent_dim,)`.
        actions: the reader's log-probability of each action, by its name; empty without a reader.
        side: the only side that its words name.
        count: how often it is to be done; 0 if its words do not say.
        turn: degrees to turn by, to either side; 0 if its words do not say.
        pace: how many times as fast as usual.
    """

    latent: Tensor
    actions: Mapping[str, float] = field(default_factory=dict)
    side: Side = ""
    count: int = 0
    turn: int = 0
    pace: float = 1.0


@dataclass(frozen=True)
class Exemplar:
    """A captured motion, or one composed of captures.

    Attributes:
        name: of the clip, as the data set names it.
        text: one of its captions.
        sources: where it comes from, keys of `ExemplarsConfig.credits`.
        frames: how many are stored.
        fps: how many of them are a second.
        action: what is done, as the checkpoint's reader calls it; "" if unknown.
        side: the only side that its captions name, "" for none or both.
        count: how often it is done, if its captions say that; 0 if not.
        turn: degrees between its first and its last heading, full turns included, to either side.
        pace: how many times as fast as usual for its action; 1 if that is unknown.
    """

    name: str
    text: str
    sources: tuple[str, ...]
    frames: Annotated[int, Field(ge=2, le=10**4)]
    fps: Annotated[float, Field(ge=1.0, le=1000.0)]
    action: str = ""
    side: Side = ""
    count: Annotated[int, Field(ge=0, le=100)] = 0
    turn: Annotated[int, Field(ge=0, le=10**4)] = 0
    pace: Annotated[float, Field(ge=0.1, le=10.0)] = 1.0


@dataclass(frozen=True)
class ExemplarsConfig:
    """The exemplars, in the order in which `Exemplars` stores them.

    Attributes:
        latent_dim: width of their latents.
        captions: latents of captions that each of them has.
        credits: licence and credit of each source.
        motions: the exemplars.
    """

    latent_dim: Width
    captions: Annotated[int, Field(ge=1, le=100)]
    credits: dict[str, str]
    motions: Annotated[tuple[Exemplar, ...], Field(min_length=1, max_length=10**5)]


class Exemplars(nn.Module):
    """The joints of the exemplars, and the latents that they are found by."""

    joints: Tensor
    places: Tensor
    latents: Tensor

    def __init__(self, config: ExemplarsConfig) -> None:
        super().__init__()
        self.config = config
        frames = sum(one.frames for one in config.motions)
        joints = HUMANML3D.num_joints
        shape = (len(config.motions), 2, 1 + config.captions, config.latent_dim)
        self.register_buffer("joints", torch.zeros(frames, joints, 3))  # beside the root's place on the floor
        self.register_buffer("places", torch.zeros(frames, 2))  # x and z of the root
        self.register_buffer("latents", torch.zeros(shape))  # captured, mirrored: z_m, then captions' z_t

    def forward(self, wants: Sequence[Want]) -> Tensor:
        """How well each exemplar fits each want, as captured and mirrored.

        Args:
            wants: actions that texts ask for, on any device.

        Returns:
            `(wants, exemplars, 2)`; 1.25 is perfect.
        """
        own = F.normalize(self.latents.float(), dim=-1).flatten(0, 2)
        latents = torch.stack([want.latent for want in wants]).float().to(own.device)
        cosines = (F.normalize(latents, dim=-1) @ own.T).view(len(wants), *self.latents.shape[:3])
        fit = cosines[..., 1:].amax(-1) + _MOTION_WEIGHT * cosines[..., 0]
        return fit + torch.tensor([self._claims(want) for want in wants], device=own.device)

    def _claims(self, want: Want) -> list[tuple[float, float]]:
        """What each exemplar's action, side, count, turn and pace add, as captured and mirrored."""
        rows = []
        for one, once in zip(self.config.motions, self._done_once(), strict=True):
            likely = max(want.actions.get(one.action, _UNLIKELY), _UNLIKELY) if want.actions else 0.0
            base = _ACTION_WEIGHT * likely
            base -= _REPEATED if once and want.count > 1 else _missed(want.count, one.count)
            base -= _PACE_WEIGHT * abs(math.log(one.pace / want.pace))
            if want.turn:
                base -= _CLAIM * min(abs(one.turn - want.turn) / 90, _FAR_OFF)
            sides: tuple[Side, Side] = (one.side, _MIRRORED[one.side])
            rows.append((base - _missed(want.side, sides[0]), base - _missed(want.side, sides[1])))
        return rows

    def _done_once(self) -> list[bool]:
        """Whether each exemplar shows its action once and in place, so that it can be repeated."""
        starts, ends = self._bounds()
        near = (self.places[ends - 1] - self.places[starts]).norm(dim=-1) < _IN_PLACE
        return [
            one.count == 1 and one.turn < _ROUND and on
            for one, on in zip(self.config.motions, near.tolist(), strict=True)
        ]

    def going(self) -> set[str]:
        """The actions whose exemplars mostly end somewhere else."""
        starts, ends = self._bounds()
        ways = (self.places[ends - 1] - self.places[starts]).norm(dim=-1).tolist()
        by_action: dict[str, list[float]] = {}
        for one, way in zip(self.config.motions, ways, strict=True):
            by_action.setdefault(one.action, []).append(way)
        return {action for action, own in by_action.items() if median(own) > _ELSEWHERE}

    def _bounds(self) -> tuple[Tensor, Tensor]:
        """The first stored frame of each exemplar, and one past its last."""
        ends = torch.tensor([one.frames for one in self.config.motions], device=self.places.device).cumsum(0)
        return torch.cat((ends.new_zeros(1), ends[:-1])), ends

    def times(self, index: int, wanted: int) -> int:
        """How often an exemplar is to be played one after the other so that it is done as often as wanted."""
        return wanted if wanted > 1 and self._done_once()[index] else 1

    def following(self, fit: Tensor, height: float) -> Tensor:
        """The fit of exemplars that are to follow a motion: who sits on a chair does not rise from the floor.

        Args:
            fit: of each exemplar, `(exemplars, 2)`, see `forward`.
            height: metres above the floor at which the pelvis of that motion ends.
        """
        higher = self.joints[self._bounds()[0], 0, 1].float() - height
        return fit - _HEIGHT_WEIGHT * higher.abs()[:, None].to(fit)

    def choose(self, fit: Tensor, seconds: float | None, generator: torch.Generator) -> tuple[int, bool]:
        """Draw one of those that fit best.

        Args:
            fit: of each exemplar, `(exemplars, 2)`, see `forward`.
            seconds: wanted length; None for any.
            generator: draws.

        Returns:
            Its number, and whether it is to be mirrored.
        """
        fit = fit.clone()
        if seconds is not None:
            own = torch.tensor([one.frames / one.fps for one in self.config.motions])
            misfit = (torch.log(own / seconds).abs() - math.log(WARP)).clamp_min(0.0)
            fit -= _STRETCH * misfit[:, None].to(fit)
        best = fit.flatten().topk(min(_CHOICE, fit.numel()))
        weights = torch.softmax(best.values.double() / _SPREAD, dim=0).cpu()
        chosen = int(best.indices[int(torch.multinomial(weights, 1, generator=generator))])
        return chosen // 2, bool(chosen % 2)

    def joints_of(self, index: int) -> Tensor:
        """Joints of an exemplar as captured, `(frames, 22, 3)` float32 at its frame rate, metres, y up."""
        start = sum(one.frames for one in self.config.motions[:index])
        stop = start + self.config.motions[index].frames
        joints = self.joints[start:stop].float().cpu().clone()
        joints[..., [0, 2]] += self.places[start:stop, None].float().cpu()
        return joints


def _missed(wanted: int | str, own: int | str) -> float:
    """What it costs that an exemplar has another side or count than wanted."""
    if not wanted or wanted == own:
        return 0.0
    return _CLAIM if own else _CLAIM / 2
