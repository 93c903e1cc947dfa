"""Validating the checks on real clips: pass rates of the clips that show an action, and of the others."""

import hashlib
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from training.evaluation.prompt_checks.body import Body
from training.evaluation.prompt_checks.registry import CHECKS
from training.evaluation.prompt_checks.suite import does, load_suite

_LABELS = Path(__file__).with_name("real_clips.json")
_MAX_CLIPS = 15  # of one label, so that no single label dominates a rate


@dataclass(frozen=True)
class Rates:
    """Pass rates of one check on real clips; clips that may show the action are left out.

    Each rate is (passed, total).
    """

    check: str
    shown: tuple[int, int]  # clips of the training split that show the action
    held_out: tuple[int, int]  # the same for validation and test
    others: tuple[int, int]  # clips of all splits that do not show it


def validate(folder: Path) -> list[Rates]:
    """Run every check on the real clips of a data set of `training.open_data`.

    Args:
        folder: the built data set; its `clips.json` gives each clip's file, label and actions.

    Raises:
        OSError: the data set does not exist.
    """
    tests = _tests()
    passed = {check: {"train": [0, 0], "held out": [0, 0], "others": [0, 0]} for check in tests}
    for label, split, body in _clips(folder):
        for check, (test, shown, unsure) in tests.items():
            if shown.search(label):
                group = "train" if split == "train" else "held out"
            elif unsure.search(label):
                continue
            else:
                group = "others"
            passed[check][group][0] += test(body)
            passed[check][group][1] += 1
    return [
        Rates(check, _pair(groups["train"]), _pair(groups["held out"]), _pair(groups["others"]))
        for check, groups in passed.items()
    ]


def _pair(numbers: list[int]) -> tuple[int, int]:
    return numbers[0], numbers[1]


def _tests() -> dict[str, tuple[Callable[[Body], bool], re.Pattern[str], re.Pattern[str]]]:
    """By check, or by prompt for combinations: the test, and patterns of labels that show or may show it."""
    prompts = {prompt.id: prompt for prompt in load_suite()}
    tests = {}
    for name, labels in json.loads(_LABELS.read_text(encoding="utf-8")).items():
        test = CHECKS[name] if name in CHECKS else lambda body, p=prompts[name]: does(p, body)
        tests[name] = (test, re.compile(labels["shown"]), re.compile(labels["unsure"]))
    return tests


def _clips(folder: Path) -> Iterator[tuple[str, str, Body]]:
    """Label, split and body of captured clips, at most `_MAX_CLIPS` of a label, chosen by hash of the id."""
    clips = json.loads((folder / "clips.json").read_text(encoding="utf-8"))
    seen: dict[str, int] = {}
    for clip_id, clip in sorted(clips.items(), key=lambda item: hashlib.sha256(item[0].encode()).digest()):
        if clip["mirrored"] or clip.get("composed") or not clip["actions"]:
            continue
        actions = "+".join(clip["actions"])
        name = f"{clip['source']}/{clip['file']} {clip['take']} {clip['label']}".lower()
        group = re.sub(r"_\w+_\d+ ", " ", name) + actions
        seen[group] = seen.get(group, 0) + 1
        if seen[group] <= _MAX_CLIPS:
            joints = np.load(folder / "new_joints" / f"{clip_id}.npy", allow_pickle=False)
            yield f"{name} [{actions}]", clip["split"], Body(joints)


def table(rates: list[Rates]) -> str:
    """The rates as a Markdown table."""
    lines = [
        "# The checks on real clips",
        "",
        "Made by `python -m training prompt-checks validate --data DATA --out FILE` from captured clips,",
        f"at most {_MAX_CLIPS} of a label. `real_clips.json` maps labels to what a clip shows; clips that",
        "may show the action are left out. The thresholds were chosen on the training split.",
        "",
        "| check | pass rate (training split) | (validation and test) | pass rate of other clips |",
        "|---|---|---|---|",
    ]
    for r in rates:
        cells = [f"{n / of:.0%} of {of}" if of else "no clip" for n, of in (r.shown, r.held_out, r.others)]
        lines.append(f"| {r.check} | {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"
