"""Prepare motion-text data sets: build the open one, check any in HumanML3D's layout, draw sheets, move it.

python -m training.prepare open --captures DIR --out DIR [--mix open]
python -m training.prepare check DIR
python -m training.prepare agreement DIR
python -m training.prepare sheets DIR --out DIR
python -m training.prepare speeds DIR
python -m training.prepare pack DIR FILE
python -m training.prepare unpack FILE DIR
"""

import argparse
import sys
from pathlib import Path

from training.data.check import check_folder
from training.data.folder import MotionTextFolder
from training.data.packing import pack, unpack
from training.open_data.agreement import measure_agreement
from training.open_data.build import build
from training.open_data.captions import write_speeds
from training.open_data.sheets import write_sheets
from training.open_data.sources import MIXES

_LEAST_AGREEMENT = 0.95  # of the captions that claim something measurable
_MOST_USE = 0.02  # of the clips may share one caption


def main(arguments: list[str] | None = None) -> int:
    """Run the command line; returns the exit status: 0 when all is well, 1 when something is wrong."""
    options = _parser().parse_args(arguments)
    try:
        match options.command:
            case "open":
                totals = build(options.captures, options.out, options.mix, options.processes)
                print(
                    f"{totals.captures} captures, {totals.clips} clips, {totals.composed} of them composed, "
                    f"{totals.hours:.2f} hours without mirrored copies; see {options.out / 'DATA_CARD.md'}"
                )
            case "check":
                return _check(options.folder)
            case "agreement":
                return _agreement(options.folder)
            case "speeds":
                print(
                    f"{write_speeds(options.folder)} actions; build again for captions that use their speeds"
                )
            case "sheets":
                print(f"{len(write_sheets(options.folder, options.out))} sheets in {options.out}")
            case "pack":
                clips = pack(MotionTextFolder(options.folder), options.file)
                print(f"{clips} clips in {options.file}, {options.file.stat().st_size / 1e6:.0f} MB")
            case "unpack":
                print(f"{unpack(options.file, options.folder)} clips in {options.folder}")
    except (OSError, ValueError, RuntimeError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


def _check(folder: Path) -> int:
    problems = 0
    for problem in check_folder(folder):
        problems += 1
        print(problem)
    print(f"{folder}: {problems or 'no'} problem{'' if problems == 1 else 's'}")
    return 1 if problems else 0


def _agreement(folder: Path) -> int:
    found = measure_agreement(folder)
    for line in found.contradictions:
        print(line)
    print(
        f"{folder}: {found.agreeing} of {found.claims} captions about sides, turning, direction and counts "
        f"agree with the motion ({found.share:.2%}); "
        f"the most used caption is in {found.largest_use:.2%} of the clips"
    )
    return 0 if found.share >= _LEAST_AGREEMENT and found.largest_use <= _MOST_USE else 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m training.prepare",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = parser.add_subparsers(dest="command", required=True)
    open_set = commands.add_parser("open", help="build the open data set from captures")
    open_set.add_argument("--captures", type=Path, required=True, help="archives, or unpacked folders")
    open_set.add_argument(
        "--out", type=Path, required=True, help="folder to build in; continued if it exists"
    )
    open_set.add_argument("--mix", choices=MIXES, default="open", help="sources to use, by licence")
    open_set.add_argument("--processes", type=int, default=2, help="captures worked on at a time")
    check = commands.add_parser("check", help="check a HumanML3D or KIT-ML folder; one line per problem")
    check.add_argument("folder", type=Path)
    agreement = commands.add_parser("agreement", help="measure whether captions say what the motion shows")
    agreement.add_argument("folder", type=Path)
    speeds = commands.add_parser("speeds", help="measure each action's usual speeds for the captions' words")
    speeds.add_argument("folder", type=Path)
    sheets = commands.add_parser("sheets", help="draw one picture per action of a built set")
    sheets.add_argument("folder", type=Path)
    sheets.add_argument("--out", type=Path, required=True, help="folder for the pictures")
    packing = commands.add_parser("pack", help="write a set into one small file, to move it")
    packing.add_argument("folder", type=Path)
    packing.add_argument("file", type=Path, help="ending in .npz")
    unpacking = commands.add_parser("unpack", help="make the folder of a packed set again")
    unpacking.add_argument("file", type=Path)
    unpacking.add_argument("folder", type=Path, help="a new folder")
    return parser


if __name__ == "__main__":
    sys.exit(main())
