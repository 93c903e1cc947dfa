"""Constraints at sampling time: each estimate of the motion is corrected before the next step."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ram_sdk.control.bodyframe import GROUND, Array, turn, wrap
from ram_sdk.control.bones import keep_lengths
from ram_sdk.control.bridge import bridge
from ram_sdk.control.correction import correct, wanted
from ram_sdk.control.route import Route
from ram_sdk.control.targets import Targets
from ram_sdk.notices import warn
from ram_sdk.skeleton.features import decode_features, decode_heading, with_joints
from ram_sdk.skeleton.feet import contacts, lock_feet
from ram_sdk.skeleton.joints import HUMANML3D
from ram_sdk.skeleton.placing import facing
from ram_sdk.skeleton.smoothing import smooth

if TYPE_CHECKING:
    from ram_sdk.pipeline import RAMPipeline, StepCallback, StepInfo

_CUTOFF = 6.0  # Hz, see `Motion.smooth`
_BRIDGED = 39  # timestep down to which gaps are interpolated; in later ones the model fills them
_MISSED = 0.01  # metres from a stop, or between the ends of a loop, that are told
_TURNED = 2.0  # degrees from its facing that are
_ASTRAY = 0.3  # metres from a path that are told: it is cut at corners
_LATE = 0.1  # metres from where it is at a given time that are
_PLANTED = 0.05  # how readily a standing foot moves against other joints
_ROUNDS = 4  # in which bones get their lengths and pins their joints, before both hold
_HIPS = np.isin(np.arange(HUMANML3D.num_joints), (0, HUMANML3D.left_hip, HUMANML3D.right_hip))


class Steering:
    """A callback of the sampling loop that meets the targets of each motion of a batch."""

    def __init__(self, targets: Sequence[Targets], then: "StepCallback | None" = None) -> None:
        self.targets = targets
        self.then = then
        self._bridges = [bridge(one) for one in targets]

    def __call__(self, pipeline: "RAMPipeline", info: "StepInfo") -> Tensor | None:
        """Correct the estimate of a step; the caller's own callback sees the corrected one."""
        estimate = info.estimate.clone()
        if info.timestep >= _BRIDGED:
            for row, between in zip(estimate, self._bridges, strict=True):
                if between is not None:
                    interpolation = pipeline.normalizer.normalize(between.features.to(row))
                    frames = row[: len(interpolation)]
                    frames[between.there] = interpolation[between.there]
        features = pipeline.decode(estimate, [len(targets) for targets in self.targets])
        for row, feature, targets in zip(estimate, features, self.targets, strict=True):
            if not targets.steer:
                continue
            corrected = steer(feature, targets).to(estimate)
            row[: len(targets)] = pipeline.normalizer.normalize(corrected)
        if self.then is None:
            return estimate
        changed = self.then(pipeline, type(info)(info.index, info.timestep, estimate))
        return estimate if changed is None else changed


def steer(features: Tensor, targets: Targets) -> Tensor:
    """Bring features to the targets, up to place and heading.

    Args:
        features: `(frames, 263)` in real units.
        targets: as many frames.

    Returns:
        Features shaped alike, float64.
    """
    joints, heading = _decoded(features)
    corrected, turned = correct(joints, heading, targets, lead="nowhere")
    return with_joints(features, torch.from_numpy(corrected), torch.from_numpy(turned))


def finish(features: Tensor, targets: Targets) -> NDArray[np.float32]:
    """The joints `(frames, 22, 3)` of a finished motion in the world of its targets, which it meets exactly.

    The root is led along its route only here: bent as a whole, a motion keeps its steps, while a model that
    is led against its prompt lets feet slide. Trembling and sliding feet are then taken out, what that moved
    is put back, fading over about 0.4 s, the root is taken back to its stops, and bones get one length: in
    turns, because bones are restored frame by frame, and around a pin that would be a jump.
    """
    joints, heading = correct(*_decoded(features), targets)
    joints = lock_feet(smooth(joints, targets.fps, _CUTOFF), targets.fps)
    freedom = _freedom(joints, targets.fps)
    for _ in range(_ROUNDS):
        joints = keep_lengths(joints, targets.bones, freedom)
        joints, _ = correct(joints, heading, targets, lead="back")
    places = wanted(joints, targets)
    pinned = np.isfinite(places[..., 0])
    joints = np.where(pinned[..., None], places, joints)
    seen_from_hips = np.isfinite(targets.local[..., 0]).any(axis=-1, keepdims=True)
    fixed = pinned | (seen_from_hips & _HIPS)
    joints = keep_lengths(joints, targets.bones, ~fixed * freedom)
    return joints.astype(np.float32)


def warn_of_what_is_missed(joints: NDArray[np.float32], targets: Targets) -> None:
    """Warn of stops, of a loop and of a path that a finished motion does not meet.

    Warns:
        UserWarning: one is missed, mostly because of pinned joints.
    """
    bodies = joints.astype(np.float64)
    root = bodies[:, 0][:, GROUND]
    why = ", because of joints that are pinned" if targets.pinned.any() else ""
    for stop in targets.stops:
        when = f"the Stop at {stop.span.start / targets.fps:g} s"
        away = float(np.linalg.norm(root[stop.span] - stop.place, axis=-1).max())
        if away > _MISSED:
            warn(f"{when} is missed by {100 * away:.0f} cm{why}: move the place, or what is asked beside it")
        if stop.facing is not None:
            turned = float(np.degrees(np.abs(wrap(facing(bodies[stop.span]) - stop.facing))).max())
            if turned > _TURNED:
                warn(
                    f"{when} faces {turned:.0f} degrees beside what is asked{why}: turn it, or what is asked "
                    "beside it"
                )
    if targets.loop:
        first, last = (turn(-facing(pose), pose - pose[0] * (1, 0, 1)) for pose in bodies[[0, -1]])
        apart = np.linalg.norm(first - last, axis=-1)
        if apart.max() > _MISSED:
            name = HUMANML3D.joint_names[int(apart.argmax())]
            warn(
                f"the ends of the Loop have {name} {100 * apart.max():.0f} cm apart{why}: pin them "
                "alike as the body sees them, or only one of them"
            )
    if targets.route is not None and targets.on_path:
        missed, allowed = _astray(root, targets.route)
        worst = int((missed / allowed).argmax())
        if missed[worst] > allowed[worst]:
            warn(
                f"the Path is missed by {100 * missed[worst]:.0f} cm at "
                f"{(targets.route.frames[0] + worst) / targets.fps:g} s{why}: move its points, or what is "
                "asked beside it, or give it more time"
            )


def _astray(root: Array, route: Route) -> tuple[Array, Array]:
    """How far the root `(frames, 2)` is from a route in each frame of its span, and may be; metres."""
    missed = np.array([route.nearest(place)[1] for place in root[route.span]])
    timed = np.linalg.norm(root[route.frames] - route.at(route.arc), axis=-1)
    missed[route.frames - route.frames[0]] = timed
    allowed = np.full(len(missed), _ASTRAY)
    allowed[route.frames - route.frames[0]] = _LATE
    return missed, allowed


def _freedom(joints: Array, fps: float) -> Array:
    """How readily each joint `(frames, 22)` moves to keep bone lengths: planted feet hardly."""
    freedom = np.ones(joints.shape[:2])
    freedom[:, [*HUMANML3D.left_foot, *HUMANML3D.right_foot]] = np.where(contacts(joints, fps), _PLANTED, 1.0)
    return freedom


def _decoded(features: Tensor) -> tuple[Array, Array]:
    exact = features.double()
    return decode_features(exact).numpy(), decode_heading(exact).numpy()
