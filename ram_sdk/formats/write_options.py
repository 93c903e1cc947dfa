"""What can be chosen when a file is written: one frozen dataclass for each format.

Command line and docs take names, choices, defaults and help from here, so this module imports
neither torch nor numpy.
"""

import math
import operator
import os
from collections.abc import Sequence
from dataclasses import dataclass, field, fields
from typing import Any, Literal, get_args, get_origin, get_type_hints

from ram_sdk.formats.bone_names import BoneNames
from ram_sdk.skeleton.joints import MAX_FPS

RootMotion = Literal["hips", "ground", "in_place"]
"""What carries a motion over the floor: the hips, a bone 'root' at ground level above them, or nothing."""

EulerOrder = Literal["XYZ", "XZY", "YXZ", "YZX", "ZXY", "ZYX"]


def chosen(name: str, value: Any, choices: Sequence[str]) -> Any:
    """The value, which is one of the choices.

    Raises:
        ValueError: it is none of them.
    """
    if value not in choices:
        *others, last = map(repr, choices)
        raise ValueError(f"{name} {value!r}: choose {', '.join(others)} or {last}")
    return value


@dataclass(frozen=True)
class Option:
    """One thing that can be chosen.

    Attributes:
        name: as `Motion.save` takes it.
        help: one line without the default.
        default: used if nothing is chosen.
        kind: str, int or float for values; object for what only Python can give.
        choices: the values allowed; empty if others decide.
        low: the smallest number allowed.
        high: the largest number allowed.
    """

    name: str
    help: str
    default: Any
    kind: type
    choices: tuple[str, ...] = ()
    low: float = -math.inf
    high: float = math.inf

    @property
    def flag(self) -> str:
        """The option on the command line."""
        return "--" + self.name.replace("_", "-")

    def checked(self, value: Any) -> Any:
        """A given value as a plain Python one.

        Raises:
            ValueError: it is not allowed.
        """
        if self.choices:
            return chosen(self.name, value, self.choices)
        if self.kind not in (int, float):
            return value
        try:
            number = operator.index(value) if self.kind is int else float(value)
        except (TypeError, ValueError) as error:
            raise ValueError(f"{self.name} {value!r}: expected a number") from error
        if not self.low <= number <= self.high:
            raise ValueError(f"{self.name} {value!r}: expected {self._range()}")
        return number

    def _range(self) -> str:
        if self.high == math.inf:
            return f"at least {self.low:g}"
        return f"{self.low:g} to {self.high:g}"


def option(default: Any, help: str, low: float = -math.inf, high: float = math.inf) -> Any:
    """A field of a format's options."""
    return field(default=default, metadata={"help": help, "low": low, "high": high})


@dataclass(frozen=True)
class Options:
    """Options of a format that has none; those of the others derive from it and check themselves.

    Raises:
        ValueError: a value that is not allowed; the message names the option and what is.
    """

    def __post_init__(self) -> None:
        for one in options_of(type(self)):
            value = getattr(self, one.name)
            if value is not None:
                object.__setattr__(self, one.name, one.checked(value))


def options_of(kind: type[Options]) -> tuple[Option, ...]:
    """The options of a format, in order."""
    hints = get_type_hints(kind)
    return tuple(_option(one.name, hints[one.name], one.default, one.metadata) for one in fields(kind))


def _option(name: str, hint: Any, default: Any, metadata: Any) -> Option:
    choices = get_args(hint) if get_origin(hint) is Literal else ()
    kinds = {int, float, str} & {hint, *get_args(hint)}
    kind = str if choices else kinds.pop() if kinds else object
    return Option(name, metadata["help"], default, kind, choices, metadata["low"], metadata["high"])


_NAMES = "names of the joints"
_FPS = "frame rate to resample to"
_ROOT = "what carries the motion over the floor: the hips, a bone 'root' at ground level, or nothing"
_MODEL = "your own SMPL, SMPL-H or SMPL-X model file (.npz or .pkl)"


@dataclass(frozen=True)
class BvhOptions(Options):
    """Options of `.bvh`."""

    unit: Literal["cm", "m"] = option(
        "cm", "unit of lengths; in Blender import cm with scale 0.01, m with scale 1"
    )
    names: BoneNames = option("mixamo", _NAMES)
    order: EulerOrder = option("YZX", "in which the three angles of a joint are listed and applied")
    skeleton: Literal["canonical", "clip"] = option(
        "canonical", "bone lengths: the same for every motion, or the clip's own"
    )
    fps: float | None = option(None, _FPS, 0.1, MAX_FPS)
    root: RootMotion = option("hips", _ROOT)


@dataclass(frozen=True)
class GlbOptions(Options):
    """Options of `.glb`."""

    names: BoneNames = option("mixamo", _NAMES)
    fps: float | None = option(None, _FPS, 0.1, MAX_FPS)
    root: RootMotion = option("hips", _ROOT)


@dataclass(frozen=True)
class UsdOptions(Options):
    """Options of `.usd` and `.usda`, which do not allow the colons of "mixamorig"."""

    names: Literal["mixamo", "smpl", "unreal"] = option("mixamo", _NAMES)
    root: RootMotion = option("hips", _ROOT)


@dataclass(frozen=True)
class FbxOptions(Options):
    """Options of `.fbx`."""

    names: BoneNames = option("mixamo", _NAMES)
    blender: str | None = option(
        None, "the Blender program, or a Python with the package bpy; default: what is found"
    )
    root: RootMotion = option("hips", _ROOT)


@dataclass(frozen=True)
class NpzOptions(Options):
    """Options of `.npz`."""

    layout: Literal["motion", "smplh", "smplx"] = option(
        "motion", "arrays of a motion, or of an AMASS archive (Z up) with 156 or 165 pose numbers a frame"
    )
    fps: float | None = option(None, f"{_FPS}; default for AMASS layouts: 30", 0.1, MAX_FPS)
    model_path: str | os.PathLike[str] | None = option(None, _MODEL)
    gender: Literal["neutral", "male", "female"] = option("neutral", "of the body, in AMASS layouts")
    betas: Any = option(
        None, "up to 10 numbers for the shape, in place of zeros or those fitted to the model"
    )


@dataclass(frozen=True)
class MeshOptions(Options):
    """Options of `.obj`, `.ply` and `.stl`."""

    frame: int = option(0, "which frame; negative ones count from the end")
    body: Literal["embedded", "smpl"] = option("embedded", "whose body")
    model_path: str | os.PathLike[str] | None = option(None, _MODEL)


@dataclass(frozen=True)
class HtmlOptions(Options):
    """Options of `.html`."""

    beside: Any = option((), "further motions, shown side by side with this one, in sync")


@dataclass(frozen=True)
class PictureOptions(Options):
    """Options of `.gif`, `.mp4` and `.png`."""

    caption: str | None = option(None, 'text above the figure; default: the prompt, "" for none')
    size: int = option(512, "height in pixels, and width of a video", 64, 4096)
    body: Literal["stick", "mesh"] = option("stick", "stick figure, or the body, which takes longer")
