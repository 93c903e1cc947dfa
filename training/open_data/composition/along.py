"""Along: walks and runs bent onto curves.

The floor itself is bent: each planted foot keeps its place on it, so feet slide no more than before. The body
follows the curve at the pelvis, each foot as a rigid piece at its own place, and the knees make up for the
difference.
"""

import dataclasses
import random
from dataclasses import dataclass

import numpy as np

from ram_sdk.skeleton.feet import place_feet
from training.open_data.composition import paths
from training.open_data.composition.draft import Draft, Rejected, shown
from training.open_data.composition.loops import looped
from training.open_data.composition.pool import MAX_JOINTS, Pool, even_choice
from training.open_data.composition.poses import FPS, Array, positions
from training.open_data.composition.sources import captions_about
from training.open_data.composition.wording import path_captions
from training.open_data.signals import smooth

_FEET = ((7, 10), (8, 11))
_TIGHTEST = 0.65  # metres of radius
_GRAVITY = 9.81
_LEAN = 18.0  # degrees to the inside of a curve, at most
_STRAIGHT = 25.0  # degrees that a source may turn
_SMOOTH = 0.2  # seconds
_SIDES = {1: "left", -1: "right"}


@dataclass(frozen=True)
class Route:
    """A curve with its name in `paths.json` and the action that walking or running along it is."""

    name: str
    curve: paths.Path
    action: str


def draft_along(pool: Pool, rng: random.Random) -> Draft:
    """Bend a straight walk or run.

    Raises:
        Rejected: it is not straight, or too short for the curve.
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
    fastest = a.peak_speed**2 / (_GRAVITY * np.tan(np.radians(_LEAN)))
    route = _route(_length(straight), gait, max(_TIGHTEST, fastest), side, rng)
    joints = bend(straight, route.curve)

    def say(joints: Array) -> list[str]:
        info = dataclasses.replace(source.info, actions=(route.action,), label="")
        said = captions_about(info, joints, source.mirrored, pool.language)
        phrases = source.phrases(pool.language)
        own = path_captions(route.name, gait, _SIDES[side], phrases, source.info.woman, pool.language, rng)
        return shown([*own, *said[:3]], joints, pool.language, subject="")

    return Draft(joints, (source,), (route.action,), say)


def _route(length: float, gait: str, tightest: float, side: int, rng: random.Random) -> Route:
    """One of the curves that the way is long enough for, of at least the radius `tightest`."""
    around = length / (2 * np.pi * tightest)  # how often one could go round the tightest circle
    straight_on = length - tightest * np.pi
    where = rng.uniform(0.4, 0.6)
    radius = rng.uniform(1.0, 1.5) * tightest
    routes = [
        Route(
            "curve", paths.circle(length, side, min(rng.uniform(0.15, 0.4), around)), _action(gait, "curve")
        ),
        Route(
            "s", paths.s_curve(length, side, rng.uniform(60, min(110, 90 * around))), _action(gait, "s_curve")
        ),
    ]
    for degrees in (45, 90):
        turned = paths.corner(length, side, degrees + rng.uniform(-8, 8), radius, where)
        routes.append(Route(f"turn_{degrees}", turned, _action(gait, "turn")))
    if straight_on > 2.0:
        back = paths.corner(length, side, 180, tightest, 0.5)
        routes += [
            Route("turn_180", back, _action(gait, "turn")),
            Route("there_and_back", back, _action(gait, "and_back")),
        ]
    if around >= 1.0:
        rounds = rng.choice([1.0, min(around, 2.0)]) if around > 1.9 else 1.0
        routes += [Route("circle", paths.circle(length, side, rounds), _action(gait, "circle"))] * 3
    if around >= 2.0:
        routes += [Route("eight", paths.figure_eight(length, side), _action(gait, "figure_eight"))] * 2
    return rng.choice(routes)


def _action(gait: str, path: str) -> str:
    """The action that somebody on a path shows; runs along the rarer paths have no wordings of their own."""
    if gait == "run" and path not in ("turn", "circle"):
        return "run_turn" if path == "curve" else "run"
    return f"{gait}_{path}"


def _axis(joints: Array) -> Array:
    """Unit direction `(2,)` on the floor from where a motion starts to where it ends."""
    way = joints[-1, 0, [0, 2]] - joints[0, 0, [0, 2]]
    return np.asarray(way / np.linalg.norm(way))


def _length(joints: Array) -> float:
    return float(np.linalg.norm(joints[-1, 0, [0, 2]] - joints[0, 0, [0, 2]]))


def bend(joints: Array, curve: paths.Path) -> Array:
    """Lay a motion along a curve that takes the place of the straight line from its start to its end.

    Args:
        joints: `(frames, 22, 3)` positions, metres.
        curve: where the line goes.

    Returns:
        Positions with the same bone lengths; feet that stand still go on standing still.
    """
    ahead = _axis(joints)
    origin = joints[0, 0, [0, 2]]

    def laid(points: Array, carried: Array) -> Array:
        """Points `(frames, n, 3)` moved rigidly with the places `(frames, 3)` that carry them."""
        offset = carried[:, [0, 2]] - origin
        along, aside = offset @ ahead, offset @ np.array((ahead[1], -ahead[0]))
        ground, turned = curve.bend(along, aside)
        yaw = turned - np.arctan2(ahead[0], ahead[1])
        c, s = np.cos(yaw)[:, None], np.sin(yaw)[:, None]
        x, y, z = np.moveaxis(points - carried[:, None] * (1.0, 0.0, 1.0), -1, 0)
        return np.stack((c * x + s * z + ground[:, :1], y, c * z - s * x + ground[:, 1:]), axis=-1)

    body = _leaning(laid(joints, joints[:, 0]))
    feet = [laid(joints[:, foot], joints[:, foot].mean(axis=1)) for foot in map(list, _FEET)]
    ankles, toes = (np.stack([foot[:, k] for foot in feet], axis=1) for k in (0, 1))
    return place_feet(body, ankles, toes)


def _leaning(joints: Array) -> Array:
    """Lean to the inside of the curve as far as the speed asks for, about the ground below the pelvis."""
    velocity = smooth(np.gradient(joints[:, 0, [0, 2]], axis=0) * FPS, _SMOOTH)
    speed = np.linalg.norm(velocity, axis=-1)
    course = np.unwrap(np.arctan2(velocity[:, 0], velocity[:, 1]))
    sideways = smooth(speed * np.gradient(course) * FPS, _SMOOTH)  # acceleration to the left
    lean = np.clip(np.arctan2(sideways, _GRAVITY), -np.radians(_LEAN), np.radians(_LEAN))[:, None]
    left = np.stack((velocity[:, 1], -velocity[:, 0]), axis=-1) / np.maximum(speed, 0.1)[:, None]
    below = joints[:, :1] * (1.0, 0.0, 1.0)
    offset = joints - below
    aside = offset[..., 0] * left[:, :1] + offset[..., 2] * left[:, 1:]
    moved = (np.cos(lean) - 1) * aside + np.sin(lean) * offset[..., 1]
    height = np.cos(lean) * offset[..., 1] - np.sin(lean) * aside
    ground = moved[..., None] * left[:, None]
    leaned = (offset[..., 0] + ground[..., 0], height, offset[..., 2] + ground[..., 1])
    return np.asarray(below + np.stack(leaned, axis=-1))
