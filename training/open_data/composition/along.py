"""Kind "along": walks and runs bent along curves."""

import dataclasses
import random
from dataclasses import dataclass

import numpy as np

from ram_sdk.skeleton import curves
from ram_sdk.skeleton.bending import GRAVITY, LEAN, bend, travelled
from ram_sdk.skeleton.sequences import Array, positions
from training.open_data.composition.draft import Draft, Rejected, agreeing
from training.open_data.composition.loops import looped
from training.open_data.composition.pool import MAX_JOINTS, Pool, even_choice
from training.open_data.composition.sources import captions_about
from training.open_data.composition.wording import path_captions

_MIN_RADIUS = 0.65  # metres
_STRAIGHT = 25.0  # maximum degrees that a source turns
_SIDES = {1: "left", -1: "right"}


@dataclass(frozen=True)
class Route:
    """A curve, with its name in `paths.json` and the action of walking or running along it."""

    name: str
    curve: curves.Path
    action: str


def draft_along(pool: Pool, rng: random.Random) -> Draft:
    """Bend a straight walk or run along a curve.

    Raises:
        Rejected: the source is not straight, or too short for the curve.
    """
    gait = "run" if rng.random() < 0.3 else "walk"
    source = even_choice(pool.with_role(f"path_{gait}"), rng)
    a = source.attributes
    if max(a.turn_left, a.turn_right) > _STRAIGHT or a.forward < 1.5 or abs(a.left) > 0.2 * a.forward:
        raise Rejected("not straight")
    frames = rng.randint(90, MAX_JOINTS - 12)
    pose = source.pose if len(source.pose) >= frames else looped(source.pose, frames)
    straight = positions(pose)[:MAX_JOINTS]
    side = rng.choice((1, -1))
    at_speed = a.peak_speed**2 / (GRAVITY * np.tan(np.radians(LEAN)))
    route = _route(travelled(straight), gait, max(_MIN_RADIUS, at_speed), side, rng)
    joints = bend(straight, route.curve)

    def write_captions(joints: Array) -> list[str]:
        info = dataclasses.replace(source.info, actions=(route.action,), label="")
        captions = captions_about(info, joints, source.mirrored, pool.language)
        phrases = source.phrases(pool.language)
        own = path_captions(route.name, gait, _SIDES[side], phrases, source.info.woman, pool.language, rng)
        return agreeing([*own, *captions[:3]], joints, pool.language, subject="")

    return Draft(joints, (source,), (route.action,), write_captions)


def _route(length: float, gait: str, min_radius: float, side: int, rng: random.Random) -> Route:
    """A random curve that fits in the length of the path, with at least the radius `min_radius`."""
    around = length / (2 * np.pi * min_radius)  # number of laps on the smallest circle
    straight_on = length - min_radius * np.pi
    where = rng.uniform(0.4, 0.6)
    radius = rng.uniform(1.0, 1.5) * min_radius
    routes = [
        Route(
            "curve", curves.circle(length, side, min(rng.uniform(0.15, 0.4), around)), _action(gait, "curve")
        ),
        Route(
            "s",
            curves.s_curve(length, side, rng.uniform(60, min(110, 90 * around))),
            _action(gait, "s_curve"),
        ),
    ]
    for degrees in (45, 90):
        turned = curves.corner(length, side, degrees + rng.uniform(-8, 8), radius, where)
        routes.append(Route(f"turn_{degrees}", turned, _action(gait, "turn")))
    if straight_on > 2.0:
        back = curves.corner(length, side, 180, min_radius, 0.5)
        routes += [
            Route("turn_180", back, _action(gait, "turn")),
            Route("there_and_back", back, _action(gait, "and_back")),
        ]
    if around >= 1.0:
        rounds = rng.choice([1.0, min(around, 2.0)]) if around > 1.9 else 1.0
        routes += [Route("circle", curves.circle(length, side, rounds), _action(gait, "circle"))] * 3
    if around >= 2.0:
        routes += [Route("eight", curves.figure_eight(length, side), _action(gait, "figure_eight"))] * 2
    return rng.choice(routes)


def _action(gait: str, path: str) -> str:
    """The action of moving along a path; runs along the rarer paths have no wordings of their own."""
    if gait == "run" and path not in ("turn", "circle"):
        return "run_turn" if path == "curve" else "run"
    return f"{gait}_{path}"
