"""Checking a built set: the checks of any folder, and that it agrees with its `clips.json`."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from ram_sdk.mirrored_text import mirror_text
from training.data import check
from training.data.folder import SPLITS, MotionTextFolder, read_listing
from training.open_data.splits import trial_key


def check_folder(root: Path) -> Iterator[str]:
    """Check a data set and yield its problems, one line each.

    In addition to `training.data.check.check_folder`, if the folder has a `clips.json`: whether clips of one
    trial, or a composed clip and its parts, are in different splits, and whether a mirrored copy's captions
    are the mirrored captions of its original.

    Args:
        root: HumanML3D or KIT-ML as distributed, or a folder made by `build`.

    Raises:
        FileNotFoundError: the folder has no statistics.
        ValueError: the statistics fit neither HumanML3D nor KIT-ML.
    """
    yield from check.check_folder(root)
    about = read_listing(root)
    if about:
        data = MotionTextFolder(root)
        members = {i: split for split in SPLITS if (root / f"{split}.txt").is_file() for i in data.ids(split)}
        yield from _leaks(about, members)
        for clip_id in members:
            if clip_id.startswith("M"):
                yield from _mirrored_captions(data, clip_id)


def _leaks(about: Mapping[str, Mapping[str, Any]], members: Mapping[str, str]) -> Iterator[str]:
    trials: dict[str, set[str]] = defaultdict(set)
    for clip_id, clip in about.items():
        if clip_id in members and "composed" in clip:
            for source, *_ in clip["sources"]:
                if members.get(source) != members[clip_id]:
                    yield f"{clip_id}: in {members[clip_id]}.txt, but composed of {source}, which is not"
        elif clip_id in members:
            trials[trial_key(clip["source"], clip["file"], clip["take"])].add(members[clip_id])
    for trial, splits in trials.items():
        if len(splits) > 1:
            yield f"trial {trial}: in {' and '.join(sorted(splits))}"


def _mirrored_captions(data: MotionTextFolder, clip_id: str) -> Iterator[str]:
    try:
        captions, originals = ([c.text for c in data.captions(i)] for i in (clip_id, clip_id[1:]))
    except (OSError, ValueError):
        return  # already reported by `check.check_folder`
    if [mirror_text(text) for text in originals] != captions:
        yield f"{clip_id}: captions are not those of {clip_id[1:]} with left and right swapped"
