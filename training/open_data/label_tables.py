"""The tables of the sources' own labels that the builder reads, made from what is published."""

import csv
import io
import re
from collections.abc import Iterable, Sequence
from pathlib import Path

from ram_sdk.files import write_whole
from training.open_data.fetching import download
from training.open_data.origins import origins

CMU_LIST = (  # B. Hahne's list of CMU's own descriptions
    "https://raw.githubusercontent.com/una-dinosauria/cmu-mocap/34e1472e5b8c234d40a62bb9cd969b5910fa1803/"
    "cmu-mocap-index-text.txt"
)
_MOST_BYTES = 1 << 20


def write_label_tables(captures: Path, cmu_list: str = CMU_LIST) -> None:
    """Write `captions/cmu_labels.csv` and `captions/accad_hdm05_labels.csv`; one that is there is kept.

    Args:
        captures: the folder of captures.
        cmu_list: address of the list of CMU's descriptions.

    Raises:
        OSError: the list cannot be fetched.
        ValueError: it does not describe every trial that can be fetched.
    """
    folder = captures / "captions"
    folder.mkdir(parents=True, exist_ok=True)
    cmu, accad = folder / "cmu_labels.csv", folder / "accad_hdm05_labels.csv"
    if not cmu.exists():
        text = io.BytesIO()
        download(cmu_list, _MOST_BYTES, text)
        described = dict(
            re.findall(r"^(\d+_\d+)\t(.*?)\s*$", text.getvalue().decode("utf-8", "replace"), re.M)
        )
        if missing := [trial for trial in _names("cmu", ".amc") if trial not in described]:
            raise ValueError(f"{cmu_list}: describes no trial {missing[0]}; the list is not the expected one")
        _write(cmu, ("trial", "motion_description"), described.items())
    if not accad.exists():
        rows = [(f"{name}.bvh", words_of(name)) for name in _names("accad")]
        _write(accad, ("file", "label"), rows)


def words_of(accad_name: str) -> str:
    """What the name of an ACCAD file says: 'Male1_B17_Walk2Hop2Walk' gives 'walk to hop to walk'."""
    parts = [part for part in accad_name.split("_")[1:] if not re.fullmatch(r"[A-Z]\d+", part)]
    action = re.sub(r"(?<=[a-z])2(?=[A-Z])", "To", "_".join(parts))
    return " ".join(re.findall(r"[A-Z]?[a-z]+", action)).lower()


def _names(source: str, ending: str = "") -> list[str]:
    return [
        name.removesuffix(ending)
        for part in origins()[source].parts
        for name in part.names
        if name.endswith(ending)
    ]


def _write(path: Path, head: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows((head, *rows))
    write_whole(path, text.getvalue().encode())
