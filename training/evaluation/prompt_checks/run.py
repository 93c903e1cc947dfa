"""Running the prompt suite on a checkpoint: generate, judge, write and draw the results."""

import json
from pathlib import Path

from ram_sdk import Motion, RAMPipeline
from training.evaluation.prompt_checks.body import Body
from training.evaluation.prompt_checks.generate import generate, read_motion
from training.evaluation.prompt_checks.report import Report, judge, markdown
from training.evaluation.prompt_checks.sheets import sheet
from training.evaluation.prompt_checks.suite import load_suite


def run(checkpoint: str, out: Path, seeds: int, device: str = "cpu") -> Report:
    """Generate and judge the motions, and write the results into a folder."""
    suite = load_suite()
    most = max(len(prompt.wordings) for prompt in suite)
    sentences = [  # the first wording of every prompt, then the second: a stopped run covers all prompts
        text
        for i in range(most)
        for prompt in suite
        for wording in prompt.wordings[i : i + 1]
        for text in wording.sentences
    ]
    generate(RAMPipeline.from_pretrained(checkpoint, device=device), sentences, seeds, out / "motions")
    motions = {
        text: [Body(read_motion(out / "motions", text, seed)) for seed in range(seeds)] for text in sentences
    }
    report = judge(checkpoint, suite, motions)
    (out / "suite.json").write_text(json.dumps(report.as_json(), indent=1), encoding="utf-8")
    (out / "suite.md").write_text(markdown(report), encoding="utf-8")
    draw(report, out)
    return report


def draw(report: Report, out: Path) -> None:
    """Draw a contact sheet for each category: seed 0 of every sentence, captioned with its result."""
    for category in dict.fromkeys(prompt.category for prompt in report.prompts):
        motions, captions = [], []
        for prompt in report.prompts:
            for wording in prompt.wordings if prompt.category == category else ():
                done = "passed" if all(wording.passed[: len(wording.passed) // report.seeds]) else "FAILED"
                for text in wording.sentences:
                    motion = Motion(read_motion(out / "motions", text, 0))
                    kind = "unseen" if wording.unseen else "seen"
                    motions.append(motion)
                    captions.append(f"{prompt.id} ({kind}): {text}: {done}, {motion.duration:.1f} s")
        sheet(motions, captions).save(out / f"{category.replace(' ', '-')}.png", optimize=True)
