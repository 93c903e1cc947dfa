"""Results of the suite, and their tables."""

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from training.evaluation.prompt_checks.body import Body
from training.evaluation.prompt_checks.registry import ALSO_RIGHT
from training.evaluation.prompt_checks.suite import (
    FAULTS,
    Prompt,
    Wording,
    count,
    does,
    faults,
    ordered,
    sound,
)

Motions = Mapping[str, Sequence[Body]]  # by sentence, in order of the seeds


@dataclass(frozen=True)
class WordingResult:
    """Results of one wording."""

    sentences: tuple[str, ...]
    unseen: bool
    passed: tuple[bool, ...]  # by seed; for speeds, two steps per seed
    exact: tuple[bool, ...] | None  # by seed, for counts: without the tolerance of one


@dataclass(frozen=True)
class PromptResult:
    """Results of one prompt of the suite.

    Attributes:
        others: false positives: share of the other prompts' motions that pass this check, without prompts
            that may show the same; None for speeds, which compare motions.
    """

    id: str
    category: str
    meaning: str
    wordings: tuple[WordingResult, ...]
    others: float | None

    def share(self, unseen: bool) -> float:
        """Pass rate of the seen or the unseen wordings."""
        return float(np.mean([passed for w in self.wordings if w.unseen == unseen for passed in w.passed]))


@dataclass(frozen=True)
class Report:
    """The suite's results on one checkpoint."""

    checkpoint: str
    seeds: int
    prompts: tuple[PromptResult, ...]
    motions: int
    faults: dict[str, int]  # over all motions; "frozen" only if the prompt does not allow rest

    def as_json(self) -> dict[str, Any]:
        """The report as plain values for JSON."""
        return dataclasses.asdict(self)


def judge(checkpoint: str, suite: Sequence[Prompt], motions: Motions) -> Report:
    """Check every motion against its own prompt and against all others."""
    results = tuple(
        PromptResult(
            prompt.id,
            prompt.category,
            prompt.meaning,
            tuple(_wording(prompt, wording, motions) for wording in prompt.wordings),
            None if prompt.speed else _others(prompt, suite, motions),
        )
        for prompt in suite
    )
    at_rest = {text for prompt in suite if prompt.rest for w in prompt.wordings for text in w.sentences}
    found = [
        fault
        for text, bodies in motions.items()
        for body in bodies
        for fault in faults(body)
        if not (fault == "frozen" and text in at_rest)
    ]
    seeds = len(next(iter(motions.values())))
    total = sum(len(bodies) for bodies in motions.values())
    return Report(checkpoint, seeds, results, total, {fault: found.count(fault) for fault in FAULTS})


def _wording(prompt: Prompt, wording: Wording, motions: Motions) -> WordingResult:
    by_seed = list(zip(*(motions[text] for text in wording.sentences), strict=True))
    if prompt.speed:
        steps = [(ordered(prompt, bodies), [sound(prompt, body) for body in bodies]) for bodies in by_seed]
        passed = [step and ok[i] and ok[i + 1] for up, ok in steps for i, step in enumerate(up)]
        return WordingResult(wording.sentences, wording.unseen, tuple(passed), None)
    bodies = [body for (body,) in by_seed]
    passed = [sound(prompt, body) and does(prompt, body) for body in bodies]
    exact = tuple(count(prompt, body) == prompt.times for body in bodies) if prompt.times else None
    return WordingResult(wording.sentences, wording.unseen, tuple(passed), exact)


def _others(prompt: Prompt, suite: Sequence[Prompt], motions: Motions) -> float:
    """False positive rate: share of the motions of other prompts that pass this prompt's check."""
    texts = {
        text
        for other in suite
        if not _may_show(other, prompt)
        for wording in other.wordings
        for text in wording.sentences
    }
    return float(np.mean([sound(prompt, b) and does(prompt, b) for text in texts for b in motions[text]]))


def _may_show(other: Prompt, prompt: Prompt) -> bool:
    """Whether a correct motion of the other prompt may also satisfy this prompt."""
    shown = {check for action in other.actions for check in (action, *ALSO_RIGHT.get(action, ()))}
    return shown.issuperset(prompt.actions)


def markdown(report: Report) -> str:
    """Two tables: pass rates by category and wording, and each prompt with its false positives."""
    lines = [
        f"# Prompt suite: {report.checkpoint}",
        "",
        f"{len(report.prompts)} prompts, {report.motions} motions, {report.seeds} seeds of each sentence, "
        "default duration. Of all motions: "
        + ", ".join(f"{number} {fault}" for fault, number in report.faults.items())
        + ' ("frozen" only if the prompt does not allow rest).',
        "",
        "| category | prompts | seen wording | unseen wording | other prompts' motions that pass |",
        "|---|---|---|---|---|",
    ]
    for category in dict.fromkeys(prompt.category for prompt in report.prompts):
        lines.append(_row(category, [p for p in report.prompts if p.category == category]))
    lines.append(_row("all (mean of prompts)", report.prompts))
    exact = [e for p in report.prompts for w in p.wordings for e in w.exact or ()]
    lines += ["", f"Counts, exact: {np.mean(exact):.0%}." if exact else "", ""]
    lines += ["| prompt | seen | unseen | others | requirement |", "|---|---|---|---|---|"]
    lines += [
        f"| {p.id} | {p.share(False):.0%} | {p.share(True):.0%} | {_percent(p.others)} | {p.meaning} |"
        for p in report.prompts
    ]
    return "\n".join(lines) + "\n"


def _percent(share: float | None) -> str:
    return "" if share is None else f"{share:.0%}"


def _row(name: str, prompts: Sequence[PromptResult]) -> str:
    seen, unseen = (float(np.mean([p.share(kind) for p in prompts])) for kind in (False, True))
    others = [p.others for p in prompts if p.others is not None]
    return (
        f"| {name} | {len(prompts)} | {seen:.0%} | {unseen:.0%} | "
        f"{_percent(float(np.mean(others)) if others else None)} |"
    )
