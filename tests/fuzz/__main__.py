"""`python -m tests.fuzz`: damaged files for every reader; the table of what came of them."""

import argparse
import datetime
import os
import platform
import sys
from collections import Counter
from pathlib import Path

import torch

from tests.fuzz.harness import FAULTS, Fault, Report, run
from tests.fuzz.mutations import KINDS
from tests.fuzz.parsers import PARSERS, tiny_pipeline


def main() -> int:
    """Run the command; 1 if there was a fault."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("--inputs", type=int, default=10_000, help="damaged files a parser (default: 10000)")
    parser.add_argument("--seed", type=int, default=0, help="of the damage (default: 0)")
    parser.add_argument("--parser", action="append", choices=PARSERS, help="only this one; may be repeated")
    parser.add_argument("--table", type=Path, help="write the table here, as Markdown")
    options = parser.parse_args()
    torch.set_num_threads(1)
    tiny_pipeline()  # here, so that each process has what it imports
    reports = []
    for name in options.parser or PARSERS:
        reports.append(run(name, options.inputs, options.seed))
        print(_summary(reports[-1]), flush=True)
        if options.table is not None:
            options.table.write_text(_table(reports, options.seed), encoding="utf-8")
    return int(any(report.faults for report in reports))


def _summary(report: Report) -> str:
    """One line, and one for each place at which something went wrong."""
    lines = [
        f"{report.parser}: {report.tries.total()} inputs, {report.read} read, {len(report.faults)} faults"
    ]
    seen = Counter(_place(fault) for fault in report.faults)
    for fault in report.faults:
        if count := seen.pop(_place(fault), 0):
            lines.append(
                f"  {count} x {fault.fault}, input {fault.number} ({fault.mutation}): {fault.detail}"
            )
    return "\n".join(lines)


def _place(fault: Fault) -> str:
    """What faults of one cause share: the error's type, and where it was raised."""
    return f"{fault.detail.partition(':')[0]} {fault.detail.rpartition(' ')[2]}"


def _table(reports: list[Report], seed: int) -> str:
    """The table of faults, by parser and by kind of damage."""
    processor = next(
        (line.split(":")[1].strip() for line in _lines("/proc/cpuinfo") if line.startswith("model name")),
        platform.machine(),
    )
    total = sum(report.tries.total() for report in reports)
    text = [
        "# Damaged files",
        "",
        f"What {total:,} damaged files did to the readers. Each is a small valid file with one damage; it "
        "must be read, or refused with an error of one line that names the file. *Lost*: a file was changed "
        "or left behind. *Hung*: no end within 10 s of computing. *Unkind*: another error, or more than 3 GiB"
        " of memory. *Code run*: something in the file was executed.",
        "",
        f"Made by `python -m tests.fuzz --table docs/faults.md` with seed {seed} on {datetime.date.today()}: "
        f"{processor}, {os.cpu_count()} cores, {platform.system()}, Python {platform.python_version()}.",
        "",
        "| parser | tries | read | refused | " + " | ".join(FAULTS) + " |",
        "|---|" + "---:|" * (3 + len(FAULTS)),
    ]
    for report in reports:
        faults = Counter(fault.fault for fault in report.faults)
        tries = report.tries.total()
        refused = tries - report.read - sum(faults[name] for name in ("hung", "unkind"))
        counts = [tries, report.read, refused, *(faults[name] for name in FAULTS)]
        text.append(f"| {report.parser} | " + " | ".join(f"{count:,}" for count in counts) + " |")
    text += [
        "",
        "| damage | | tries | " + " | ".join(FAULTS) + " |",
        "|---|---|---:|" + "---:|" * len(FAULTS),
    ]
    for kind, damage in KINDS.items():
        faults = Counter(one.fault for report in reports for one in report.faults if one.mutation == kind)
        tries = sum(report.tries[kind] for report in reports)
        what = (damage.__doc__ or "").strip().rstrip(".")
        row = [f"{tries:,}", *(str(faults[name]) for name in FAULTS)]
        text.append(f"| {kind} | {what} | " + " | ".join(row) + " |")
    return "\n".join(text) + "\n"


def _lines(path: str) -> list[str]:
    return Path(path).read_text().splitlines() if Path(path).is_file() else []


if __name__ == "__main__":
    sys.exit(main())
