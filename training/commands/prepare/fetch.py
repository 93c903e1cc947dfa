"""Fetch the captures that their owners publish, each file verified.

Example:
    python -m training prepare fetch --captures CAPTURES [--mix open-free] [--source cmu accad]
"""

import argparse
from collections.abc import Sequence
from pathlib import Path

from training.commands import runner


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    from training.open_data.origins import origins
    from training.open_data.sources import MIXES

    parser.add_argument("--captures", type=Path, required=True, help="folder to fetch into")
    parser.add_argument(
        "--mix", choices=MIXES, default="open-free", help="whose sources to fetch (default: open-free)"
    )
    parser.add_argument(
        "--source",
        nargs="+",
        choices=origins(),
        metavar="NAME",
        help=f"only these: {', '.join(name for name, origin in origins().items() if origin.parts)}",
    )


def run(arguments: argparse.Namespace) -> int:
    """Fetch source by source, and say what is there, what cannot be fetched, and how to build from it."""
    from training.open_data.fetching import fetch
    from training.open_data.label_tables import write_label_tables
    from training.open_data.origins import origins
    from training.open_data.sources import MIXES, SOURCES

    wanted = arguments.source or [name for name in MIXES[arguments.mix] if name in origins()]
    failed = []
    try:
        write_label_tables(arguments.captures)
    except (OSError, ValueError) as error:
        failed.append("captions")
        print(f"captions/ with the sources' labels: not fetched: {error}")
    for name in wanted:
        origin, source = origins()[name], SOURCES[name]
        if not origin.parts:
            print(f"{name}: cannot be fetched: {origin.note}; see {origin.kept_at}")
            continue
        try:
            files = fetch(origin, arguments.captures, name)
        except (OSError, ValueError) as error:
            failed.append(name)
            print(f"{name}: not fetched: {error}")
            continue
        print(f"{name}: {f'{files} files fetched' if files else 'there already'}, from {origin.kept_at}")
        print(f"  licence: {source.license}\n  credit: {source.credit}")
        if origin.note:
            print(f"  {origin.note}")
    if not arguments.source:
        print(_how_to_build(arguments.captures, arguments.mix, failed))
    return runner.PROBLEMS_FOUND if failed else runner.DONE


def _how_to_build(captures: Path, mix: str, failed: Sequence[str]) -> str:
    from training.open_data.origins import origins
    from training.open_data.sources import MIXES

    without = [
        name for name in MIXES[mix] if name in failed or (name in origins() and not origins()[name].parts)
    ]
    option = f" --without {' '.join(without)}" if without else ""
    return f"python -m training prepare open --captures {captures} --out DATA --mix {mix}{option}"
