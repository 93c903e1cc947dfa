"""The excerpts of captures in a folder of their own, for tests that read or build from one."""

import shutil
from pathlib import Path

from training.open_data.sources import MIXES, SOURCES

CAPTURES = Path(__file__).resolve().parents[1] / "fixtures" / "captures"


def copy_excerpts(folder: Path) -> Path:
    """Copy the excerpts, with empty folders for the sources of which there are none."""
    shutil.copytree(CAPTURES, folder)
    for source in MIXES["open-free"]:
        for part in SOURCES[source].folders:
            (folder / part).mkdir(exist_ok=True)
    return folder
