"""The table: error, jerk, skating and cost of each method, medians over the cases of a kind."""

import json
import time
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from ram_sdk import RAMPipeline
from ram_sdk.control.bodyframe import pelvis_facing, turn, wrap
from ram_sdk.control.targets import resolve
from ram_sdk.motion import Motion
from ram_sdk.skeleton.physical import foot_skating_ratio, jerk
from ram_sdk.skeleton.placing import facing
from training.benchmarks.control.cases import FPS, Case, capture_cases, loop_cases, path_cases
from training.benchmarks.control.methods import METHODS, Joints, applies, unconstrained
from training.data.folder import MotionTextFolder
from training.evaluation.prompt_checks.sheets import sheet

_CYCLES, _AROUND = 10, 6  # of a loop; frames shown on each side of a seam between cycles
_FIELDS = {
    "kept_cm": "pinned joints, worst (cm)",
    "heading_deg": "heading, worst (degrees)",
    "gap_cm": "joints in between (cm)",
    "path_cm": "path, mean (cm)",
    "loop_cm": "loop pose, worst (cm)",
    "loop_velocity": "loop velocity (share)",
    "jerk": "jerk / real",
    "jerk_free": "jerk / real without",
    "skating": "skating",
    "skating_free": "skating without",
    "cost": "cost",
}


def study(
    data: Path, out: Path, checkpoint: str, seeds: Sequence[int], every: int, ways: Sequence[str]
) -> dict[str, Any]:
    """Run the cases; writes `control.json`, `control.md` and a sheet of each loop's seams over ten cycles.

    Args:
        data: folder in HumanML3D's layout, whose test split is used.
        out: folder of the results.
        checkpoint: for `RAMPipeline.from_pretrained`.
        seeds: the first one draws the cases; captures run with it only, paths and loops with all.
        every: run only every n-th of the forty cases on captures.
        ways: names of `METHODS`.

    Returns:
        The content of `control.json`: one entry for each case, method and seed.
    """
    pipeline = RAMPipeline.from_pretrained(checkpoint)
    pipeline.set_progress_bar_config(disable=True)
    folder = MotionTextFolder(data)
    real = real_jerk(folder)
    runs = [(case, seed) for case in (*path_cases(), *loop_cases()) for seed in seeds]
    runs += [(case, seeds[0]) for case in capture_cases(folder, seeds[0], every)]
    unconstrained(pipeline, runs[0][0], 0)  # the first call of a process is slower
    entries: list[dict[str, Any]] = []
    content = {"checkpoint": checkpoint, "seeds": list(seeds), "real_jerk": real, "entries": entries}
    out.mkdir(parents=True, exist_ok=True)
    for number, (case, seed) in enumerate(runs, start=1):
        free, seconds = _timed(unconstrained, pipeline, case, seed)
        for name in ways:
            if applies(name, case):
                joints, cost = _timed(METHODS[name], pipeline, case, seed)
                measured = measure(case, joints, free, real) | {"cost": cost / seconds}
                entries.append({"kind": case.kind, "way": name, "seed": seed, **measured})
                if case.kind == "loop" and name == "ours":
                    draw_seams(joints).save(out / f"loop-{number:02d}.png", optimize=True)
        print(f"{number} of {len(runs)}: {case.kind}", flush=True)
        (out / "control.json").write_text(json.dumps(content, indent=1), encoding="utf-8")
        (out / "control.md").write_text(markdown(content), encoding="utf-8")
    return content


def measure(case: Case, joints: Joints, free: Joints, real: float) -> dict[str, float]:
    """The measures of one motion that apply to its case.

    Args:
        case: the case.
        joints: `(frames, 22, 3)` of the result.
        free: likewise, for the same prompt and seed without constraints.
        real: jerk of real motions, used if the case has no capture.
    """
    result = {"skating": foot_skating_ratio(joints), "skating_free": foot_skating_ratio(free)}
    targets = resolve(case.constraints, case.frames, FPS)
    places, whole = targets.world, np.isfinite(targets.world).all(axis=(-1, -2))
    if np.isfinite(targets.local).any():
        places = turn(pelvis_facing(joints, FPS)[:, None], targets.local) + joints[:, :1]
    pinned = np.isfinite(places[..., 0])
    if pinned.any():
        result["kept_cm"] = 100 * float(np.linalg.norm(joints - places, axis=-1)[pinned].max())
    if whole.any():
        errors = wrap(facing(joints[whole]) - facing(places[whole]))
        result["heading_deg"] = float(np.degrees(np.abs(errors)).max())
    if case.truth is not None:
        truth = case.truth.joints.astype(np.float64)
        real = jerk(truth)
        if whole.any() and not case.kind.startswith("pins"):
            result["gap_cm"] = 100 * float(np.linalg.norm(joints - truth, axis=-1)[case.free].mean())
    result |= {"jerk": jerk(joints) / real, "jerk_free": jerk(free) / real}
    if case.kind.startswith("path") and targets.route is not None:
        result["path_cm"] = 100 * float(np.mean([targets.route.nearest(p)[1] for p in joints[:, 0, [0, 2]]]))
    if targets.loop:
        result |= _loop(joints)
    return result


def _loop(joints: Joints) -> dict[str, float]:
    """How much the ends of a loop differ: in pose, worst joint; in velocity, over all joints, relative."""
    first, last = (
        turn(-facing(part[anchor]), part - part[anchor, 0] * (1, 0, 1))
        for part, anchor in ((joints[:2], 0), (joints[-2:], 1))
    )
    before, after = first[1] - first[0], last[1] - last[0]
    size = max(float(np.linalg.norm(before)), 0.01)
    return {
        "loop_cm": 100 * float(np.linalg.norm(first[0] - last[1], axis=-1).max()),
        "loop_velocity": float(np.linalg.norm(before - after) / size),
    }


def repeated(joints: Joints, times: int) -> list[Joints]:
    """The cycles of a repeated loop, each starting where the previous one ends, with its heading."""
    cycles = [joints]
    for _ in range(times - 1):
        last = cycles[-1][-1]
        yaw = facing(last) - facing(joints[0])
        cycles.append(turn(yaw, joints - joints[0, 0] * (1, 0, 1)) + last[0] * (1, 0, 1))
    return cycles


def draw_seams(joints: Joints) -> Image.Image:
    """The seams between ten cycles of a loop: a row of poses for each of the nine."""
    cycles = repeated(joints, _CYCLES)
    seams = [np.concatenate([one[-_AROUND - 1 : -1], other[:_AROUND]]) for one, other in pairwise(cycles)]
    ahead = [turn(-facing(seam[0]), seam - seam[0, 0] * (1, 0, 1)) for seam in seams]
    return sheet([Motion(seam.astype(np.float32)) for seam in ahead])


def real_jerk(folder: MotionTextFolder) -> float:
    """Median jerk of the test split's captures, m/s^3."""
    clips = [name for name in folder.ids("test") if not name.startswith("M")][::5]
    return float(np.median([jerk(folder.joints(name)) for name in clips]))


def markdown(content: dict[str, Any]) -> str:
    """Medians by kind and method."""
    entries = content["entries"]
    lines = [
        f"{content['checkpoint']}, seeds {', '.join(map(str, content['seeds']))}; medians, and maxima in "
        "columns named worst; cost is CPU time, 1 = without constraints",
        "",
        "| case | method | n | " + " | ".join(_FIELDS.values()) + " |",
        "|---|---|---" + "|---" * len(_FIELDS) + "|",
    ]
    for kind, way in dict.fromkeys((entry["kind"], entry["way"]) for entry in entries):
        group = [entry for entry in entries if (entry["kind"], entry["way"]) == (kind, way)]
        cells = [_cell(group, name) for name in _FIELDS]
        lines.append(f"| {kind} | {way} | {len(group)} | " + " | ".join(cells) + " |")
    return "\n".join([*lines, ""])


def _cell(group: Sequence[dict[str, Any]], name: str) -> str:
    values = [entry[name] for entry in group if name in entry]
    if not values:
        return ""
    return f"{max(values) if 'worst' in _FIELDS[name] else np.median(values):.2f}"


def _timed(method: Any, *arguments: Any) -> tuple[Joints, float]:
    start = time.process_time()
    return method(*arguments), time.process_time() - start
