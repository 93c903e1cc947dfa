"""Options that say where and how: constraints from a file, a path over the floor."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from ram_sdk.control import Constraint

HELP = """
A constraints file is .json, .yaml or .yml, positions in metres (Y up), times in seconds:

  - {kind: Path, points: [[0, 0], [1, 1.75], [-1, 3.5]], smooth: true}
  - {kind: Stop, place: [1, 2.5], time: 3}
  - {kind: Joints, times: 2, positions: {left_hand: [0.3, 1.5, 0.4]}}
  - {kind: Pose, time: 4, joints: {motion: sit.bvh, time: 1.5}}
  - {kind: Keep, motion: walk.npz, start: 0, end: 1.5}
  - {kind: Loop}
"""


def add_constraint_options(parser: argparse.ArgumentParser) -> None:
    """Add them as a group."""
    group = parser.add_argument_group("constraints")
    group.add_argument("--constraints", type=Path, metavar="FILE", help="what is where and when; see below")
    group.add_argument(
        "--path", metavar="'X,Z X,Z ...'", help="path over the floor: straight lines between points, metres"
    )
    group.add_argument("--curve", metavar="'X,Z X,Z ...'", help="the same: a curve through the points")


def chosen(arguments: argparse.Namespace) -> "list[Constraint]":
    """The constraints that the options name.

    Raises:
        OSError: a file cannot be read.
        ValueError: one of them is wrong; the message names the option or the file.
    """
    if arguments.constraints is None and arguments.path is None and arguments.curve is None:
        return []
    from ram_sdk.control import Path as Way
    from ram_sdk.control import load_constraints

    constraints = [] if arguments.constraints is None else load_constraints(arguments.constraints)
    for name, smooth in (("path", False), ("curve", True)):
        if (text := getattr(arguments, name)) is not None:
            constraints.append(Way(_points(f"--{name}", text), smooth=smooth))
    return constraints


def _points(name: str, text: str) -> "NDArray[np.float64]":
    import numpy as np

    try:
        return np.array([[float(number) for number in point.split(",")] for point in text.split()])
    except ValueError as error:
        raise ValueError(f"{name} {text!r}: expected points such as '0,0 0,2 2,2', x,z in metres") from error
