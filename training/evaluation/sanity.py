"""Sanity checks of an evaluator.

Only on real motions: R-Precision and the limits that its captions set, R-Precision of shuffled captions
(chance), FID of one half against the other, and FID, R-Precision and MM-Dist of motions with known
corruptions. Writes `sanity.json` and `sanity.md`.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from torch import Tensor
from tqdm import tqdm

from ram_sdk import Motion
from ram_sdk.files import write_whole
from ram_sdk.skeleton.joints import HUMANML3D
from training import machine
from training.data.folder import MotionTextFolder
from training.evaluation.clips import LabelledClip, draw, fits, read_labelled
from training.evaluation.evaluator import Evaluator, Sample
from training.evaluation.metrics import (
    GROUP,
    duplicate_limit,
    frechet_distance,
    matching_distance,
    r_precision,
)

Joints = NDArray[np.floating]
Corruption = Callable[[Joints, np.random.Generator], Joints]


def noise(metres: float) -> Corruption:
    """Independent Gaussian noise with this standard deviation on every joint of every frame."""
    return lambda joints, rng: joints + rng.normal(0.0, metres, joints.shape)


def drift(metres_per_second: float) -> Corruption:
    """An added drift of the whole body to the left, so that feet slide."""
    step = np.array([metres_per_second / HUMANML3D.fps, 0.0, 0.0])
    return lambda joints, rng: joints + step * np.arange(len(joints))[:, None, None]


def frozen_pose(joints: Joints, rng: np.random.Generator) -> Joints:
    """The first pose, moved along the pelvis' path."""
    return joints[:1] + joints[:, :1] - joints[:1, :1]


def standstill(joints: Joints, rng: np.random.Generator) -> Joints:
    """The first frame throughout."""
    return np.repeat(joints[:1], len(joints), axis=0)


def reversed_time(joints: Joints, rng: np.random.Generator) -> Joints:
    """Played backwards."""
    return joints[::-1]


def shuffled_time(joints: Joints, rng: np.random.Generator) -> Joints:
    """Half-second pieces in random order."""
    pieces = np.array_split(np.arange(len(joints)), max(2, len(joints) // 10))
    order = np.concatenate([pieces[i] for i in rng.permutation(len(pieces))])
    shuffled: Joints = joints[order]
    return shuffled


NOISE = {f"noise of {1000 * metres:g} mm": noise(metres) for metres in (0.005, 0.01, 0.02, 0.04, 0.08)}
CORRUPTIONS: dict[str, Corruption] = {
    "none (decoded and re-encoded)": lambda joints, rng: joints,
    **NOISE,
    "half-second pieces shuffled": shuffled_time,
    "played backwards": reversed_time,
    "drift of 0.25 m/s": drift(0.25),
    "drift of 1 m/s": drift(1.0),
    "frozen pose on the same path": frozen_pose,
    "standstill": standstill,
}


def corrupted(sample: Sample, corruption: Corruption, rng: np.random.Generator) -> Sample:
    """The sample with its joints corrupted and re-encoded."""
    joints = Motion.from_features(sample.features).joints.astype(np.float64)
    return Sample(sample.caption, Motion(corruption(joints, rng)).features)


def check(evaluator: Evaluator, clips: Sequence[LabelledClip], seed: int = 0) -> dict[str, Any]:
    """All metrics on one random draw of real clips.

    Args:
        evaluator: the evaluator to check.
        clips: at least 64 real clips.
        seed: of the draw.
    """
    rng = np.random.default_rng(seed)
    order = rng.permutation(len(clips))
    drawn = [clips[i] for i in order]
    samples = [draw(clip, rng) for clip in drawn]
    actions = [clip.action for clip in drawn]
    text, motion = evaluator.embed(samples)
    reference = evaluator.embed([draw(clip, rng) for clip in clips])[1]
    half = len(motion) // 2
    ranked: dict[str, Tensor | list[float]] = {
        "real motions": r_precision(text, motion),
        "real motions, action": r_precision(text, motion, labels=actions),
        "shuffled captions": r_precision(text[rng.permutation(len(text))], motion),
        "limit by identical captions": duplicate_limit([sample.caption.text for sample in samples]),
        "limit by captions with the same content": _content_limit(samples, drawn),
        "limit of an evaluator that only knows actions": _action_limit(actions),
    }
    corruptions = {
        name: _compare(evaluator, [corrupted(s, corruption, rng) for s in samples], reference)
        for name, corruption in tqdm(CORRUPTIONS.items(), desc="corruptions", disable=None)
    }
    return {
        "clips": len(samples),
        "seed": seed,
        "r_precision": {name: [float(share) for share in shares] for name, shares in ranked.items()},
        "mm_dist": matching_distance(text, motion),
        "fid_of_halves": frechet_distance(motion[:half], motion[half:]),
        "fid_of_another_draw": frechet_distance(reference, motion),
        "corruptions": corruptions,
    }


def _compare(evaluator: Evaluator, samples: Sequence[Sample], reference: Tensor) -> dict[str, float]:
    text, motion = evaluator.embed(samples)
    return {
        "fid": frechet_distance(reference, motion),
        "r_precision_1": float(r_precision(text, motion)[0]),
        "mm_dist": matching_distance(text, motion),
    }


def _content_limit(samples: Sequence[Sample], clips: Sequence[LabelledClip]) -> list[float]:
    """R-Precision of an evaluator that knows exactly which clips a caption fits, and picks one at random."""
    counts = np.concatenate(
        [
            fits([sample.caption for sample in samples[i : i + GROUP]], clips[i : i + GROUP]).sum(1)
            for i in range(0, len(samples) - GROUP + 1, GROUP)
        ]
    )
    return [float(np.minimum(k / counts, 1.0).mean()) for k in (1, 2, 3)]


def _action_limit(actions: Sequence[str]) -> list[float]:
    groups = [np.array(actions[i : i + GROUP]) for i in range(0, len(actions) - GROUP + 1, GROUP)]
    counts = np.concatenate([(group[:, None] == group).sum(1) for group in groups])
    return [float(np.minimum(k / counts, 1.0).mean()) for k in (1, 2, 3)]


def measure(evaluator: Evaluator, data: Path, out: Path, seed: int = 0) -> dict[str, Any]:
    """Check an evaluator on the test split of a folder; write `sanity.json` and `sanity.md`.

    Args:
        evaluator: the evaluator to check.
        data: folder in HumanML3D's layout.
        out: folder of the results; created if missing.
        seed: of the draw.

    Returns:
        The content of `sanity.json`.

    Raises:
        ValueError: the folder has another skeleton than HumanML3D's.
    """
    folder = MotionTextFolder(data)
    if folder.skeleton is not HUMANML3D:
        raise ValueError(
            f"{folder.root.name}: corruptions are in metres at 20 fps: give data with HumanML3D's skeleton"
        )
    summary = {
        "evaluator": evaluator.name,
        "data": data.resolve().name,
        **machine.describe("cpu"),
        **check(evaluator, read_labelled(folder, "test"), seed),
    }
    out.mkdir(parents=True, exist_ok=True)
    write_whole(out / "sanity.json", (json.dumps(summary, indent=2) + "\n").encode())
    write_whole(out / "sanity.md", markdown(summary).encode())
    return summary


def markdown(summary: Mapping[str, Any]) -> str:
    """The summary as tables."""
    lines = [
        f"Evaluator: {summary['evaluator']}. Data: {summary['data']}, split test, one draw of "
        f"{summary['clips']} clips, seed {summary['seed']}. {summary['machine']}, torch {summary['torch']}, "
        f"{summary['date']}.",
        "",
        f"| R-Precision among {GROUP} | @1 | @2 | @3 |",
        "|---|---|---|---|",
        *(
            f"| {name} | " + " | ".join(f"{share:.3f}" for share in shares) + " |"
            for name, shares in summary["r_precision"].items()
        ),
        f"| chance | {1 / GROUP:.3f} | {2 / GROUP:.3f} | {3 / GROUP:.3f} |",
        "",
        "| motions, against another draw of the real ones | FID | R@1 | MM-Dist |",
        "|---|---|---|---|",
        f"| real | {summary['fid_of_another_draw']:.3f} | "
        f"{summary['r_precision']['real motions'][0]:.3f} | {summary['mm_dist']:.3f} |",
        f"| real, one half against the other | {summary['fid_of_halves']:.3f} | - | - |",
        *(
            f"| {name} | {row['fid']:.3f} | {row['r_precision_1']:.3f} | {row['mm_dist']:.3f} |"
            for name, row in summary["corruptions"].items()
        ),
    ]
    return "\n".join(lines) + "\n"
