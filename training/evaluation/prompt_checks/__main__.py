"""Ask a checkpoint for everyday actions, and check what it makes.

    python -m training.evaluation.prompt_checks run [--checkpoint NAME_OR_FOLDER] --out DIR [--seeds 4]
    python -m training.evaluation.prompt_checks validate --data DIR [--out FILE]

`run` makes the motions of every sentence of `suite.json` (a run that was stopped is resumed), and writes
`suite.json`, `suite.md` and a sheet of poses for each category. `validate` measures the checks themselves on
real clips of a data set of `training.open_data`: how many clips pass that show the action, and of the others.
"""

import argparse
import json
from pathlib import Path

from ram_sdk import Motion, RAMPipeline
from ram_sdk.checkpoint import DEFAULT
from training.command import one_line_errors
from training.evaluation.prompt_checks.body import Body
from training.evaluation.prompt_checks.generate import generate, read_motion
from training.evaluation.prompt_checks.report import Report, judge, markdown
from training.evaluation.prompt_checks.sheets import sheet
from training.evaluation.prompt_checks.suite import load_suite
from training.evaluation.prompt_checks.validate import table, validate


def main() -> None:
    """Command line of `python -m training.evaluation.prompt_checks`."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    commands = parser.add_subparsers(dest="command", required=True)
    run_options = commands.add_parser("run", help="ask a checkpoint, and check its motions")
    run_options.add_argument("--checkpoint", default=DEFAULT, help=f"default: {DEFAULT}")
    run_options.add_argument("--out", type=Path, required=True)
    run_options.add_argument("--seeds", type=int, default=4, help="motions of each sentence; default: 4")
    validate_options = commands.add_parser("validate", help="measure the checks on real clips")
    validate_options.add_argument("--data", type=Path, required=True, help="a built open data set")
    validate_options.add_argument("--out", type=Path, help="also write the table there")
    options = parser.parse_args()
    if options.command == "run":
        if options.seeds < 1:
            raise ValueError(f"--seeds {options.seeds}: expected 1 or more")
        print(markdown(run(options.checkpoint, options.out, options.seeds)))
    else:
        text = table(validate(options.data))
        if options.out:
            options.out.write_text(text, encoding="utf-8")
        print(text)


def run(checkpoint: str, out: Path, seeds: int) -> Report:
    """Generate, judge, and write the results into a folder."""
    suite = load_suite()
    most = max(len(prompt.wordings) for prompt in suite)
    sentences = [  # the first wording of every prompt, then the second: a stopped run has seen all prompts
        text
        for i in range(most)
        for prompt in suite
        for wording in prompt.wordings[i : i + 1]
        for text in wording.sentences
    ]
    generate(RAMPipeline.from_pretrained(checkpoint), sentences, seeds, out / "motions")
    motions = {
        text: [Body(read_motion(out / "motions", text, seed)) for seed in range(seeds)] for text in sentences
    }
    report = judge(checkpoint, suite, motions)
    (out / "suite.json").write_text(json.dumps(report.as_json(), indent=1), encoding="utf-8")
    (out / "suite.md").write_text(markdown(report), encoding="utf-8")
    draw(report, out)
    return report


def draw(report: Report, out: Path) -> None:
    """A sheet for each category: seed 0 of every sentence, under the sentence and its result."""
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


if __name__ == "__main__":
    with one_line_errors("training.evaluation.prompt_checks"):
        main()
