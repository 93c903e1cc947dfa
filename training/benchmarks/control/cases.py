"""Forty cases on captures of the test split, four paths and four loops."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ram_sdk.control import Constraint, Joints, Keep, Loop, Path, Pose
from ram_sdk.control.constraints import joint_index
from ram_sdk.motion import Motion
from training.data.folder import MotionTextFolder

FPS = 20.0
_FRAMES = 100
_MARGIN = 20  # minimum number of frames kept on each side of a gap
_GAPS = {"gap 0.5 s": 10, "gap 1 s": 20, "gap 2 s": 40}
_PINNED = ("left_hand", "right_hand", "head", "left_foot", "right_foot", "pelvis")


@dataclass(frozen=True, eq=False)
class Case:
    """One test case.

    Attributes:
        kind: its row in the table.
        prompt: the capture's caption, or the prompt.
        frames: length of the motion.
        constraints: on the motion.
        truth: the capture, or None.
        free: `(frames,)` frames in which nothing is pinned.
    """

    kind: str
    prompt: str
    frames: int
    constraints: tuple[Constraint, ...]
    truth: Motion | None
    free: NDArray[np.bool_]


def capture_cases(folder: MotionTextFolder, seed: int, every: int = 1) -> list[Case]:
    """Six each of gaps (0.5, 1, 2 s), first and last pose, keyframes and pins; four of halves of the body.

    Args:
        folder: the data set; a different test clip of at least five seconds is drawn for each case.
        seed: of the draw.
        every: return only every n-th case.
    """
    rng = np.random.default_rng(seed)
    ids = [name for name in folder.ids("test") if not name.startswith("M")]
    long = [name for name in ids if len(folder.features(name)) >= _FRAMES]
    drawn = iter(rng.permutation(long))
    kinds = [*(kind for kind in (*_GAPS, "first and last pose", "keyframes", "pins") for _ in range(6))]
    kinds += ["lower body kept", "upper body kept"] * 2
    return [_case(folder, next(drawn), kind, rng) for kind in kinds[::every]]


def _case(folder: MotionTextFolder, clip_id: str, kind: str, rng: np.random.Generator) -> Case:
    truth = Motion.from_features(folder.features(clip_id)[:_FRAMES])
    truth = Motion(truth.joints)  # with joints only
    prompt = folder.captions(clip_id)[0].text
    free = np.ones(_FRAMES, dtype=bool)
    constraints: tuple[Constraint, ...]
    if kind in _GAPS:
        start = int(rng.integers(_MARGIN, _FRAMES - _MARGIN - _GAPS[kind]))
        end = start + _GAPS[kind]
        constraints = (Keep(truth, 0.0, start / FPS), Keep(truth, end / FPS))
        free[:start] = free[end:] = False
    elif kind in ("first and last pose", "keyframes"):
        frames = [0, _FRAMES - 1] if kind != "keyframes" else [0, 24, 50, 75, _FRAMES - 1]
        constraints = tuple(Pose(frame / FPS, truth.joints[frame]) for frame in frames)
        free[frames] = False
    elif kind == "pins":
        frames = sorted(rng.choice(np.arange(10, _FRAMES), 3, replace=False))
        names = rng.choice(_PINNED, 2, replace=False)
        pins = (
            Joints(np.array([f / FPS]), {n: truth.joints[f, joint_index(n)] for n in names}) for f in frames
        )
        constraints = (Pose(0.0, truth.joints[0]), *pins)
        free[[0, *frames]] = False
    else:
        constraints = (Keep(truth, part="lower" if kind.startswith("lower") else "upper"),)
    return Case(kind, prompt, _FRAMES, constraints, truth, free)


def path_cases() -> list[Case]:
    """A circle, an S, a square, and 20 m straight ahead at 2 m/s."""
    angle = np.linspace(0.0, 2 * np.pi, 49)
    circle = 1.5 * np.stack([1 - np.cos(angle), np.sin(angle)], axis=-1)
    paths: Sequence[tuple[str, str, int, Path]] = (
        ("path: circle", "a person walks forward", 196, Path(circle)),
        (
            "path: S",
            "a person walks forward",
            140,
            Path(np.array([(0, 0), (1, 1.75), (-1, 3.5), (0, 5.25)]), smooth=True),
        ),
        (
            "path: square",
            "a person walks forward",
            196,
            Path(np.array([(0, 0), (0, 2.2), (2.2, 2.2), (2.2, 0), (0, 0)])),
        ),
        ("path: straight", "a person runs forward", 196, Path(np.array([(0, 0), (0, 20)]))),
    )
    return [_prompted(kind, prompt, frames, path) for kind, prompt, frames, path in paths]


def loop_cases() -> list[Case]:
    """Loops in place and with locomotion."""
    prompts = (
        "a person walks forward",
        "a person runs forward",
        "a person waves with the right hand",
        "a person stands",
    )
    return [_prompted("loop", prompt, 80, Loop()) for prompt in prompts]


def _prompted(kind: str, prompt: str, frames: int, constraint: Constraint) -> Case:
    return Case(kind, prompt, frames, (constraint,), None, np.ones(frames, dtype=bool))
