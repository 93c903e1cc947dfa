"""Building the open data set: every capture becomes clips in HumanML3D's folder layout.

Each capture is processed on its own: its clips and their mirrored copies are written, then a small record
that marks it as done. Further clips are composed from those of the training split, also in recorded parts.
Running the command again resumes with whatever has no record.
"""

import dataclasses
import hashlib
import json
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from tqdm import tqdm

import ram_sdk
from ram_sdk.files import write_whole
from ram_sdk.mirrored_text import mirror_text
from ram_sdk.skeleton.retarget import leg_scale, mirror, retarget
from training.data.folder import SPLITS, MotionTextFolder, feature_statistics, save_array
from training.open_data.attributes import measure
from training.open_data.captions import (
    base_form,
    captions_for,
    check_caption,
    covered,
    fitting,
    gerund,
    human_windows,
    read_sentences,
    verb_phrases,
)
from training.open_data.captions.wordings import is_unseen
from training.open_data.captures import CaptureFile, find_captures, read_capture
from training.open_data.card import data_card
from training.open_data.cleaning import FPS, find_clips, resample, spikes
from training.open_data.clip import ClipInfo
from training.open_data.composition import Language, add_composed
from training.open_data.labels import Label, label_of
from training.open_data.quality import measure_quality
from training.open_data.sources import MIXES, SOURCES, about_sources
from training.open_data.splits import split_of, trial_key
from training.open_data.writing import encoded, write_clip

_RECORDS = "records"
_COMPOSED = {"open": 12_000, "open-free": 7_000, "all": 12_000}  # clips: about 22, 13 and 22 hours
_MAX_COMPOSED = 6  # clips for each real clip of the training split, mirrored copies not counted
_LANGUAGE = Language(captions_for, verb_phrases, base_form, gerund, check_caption, mirror_text, is_unseen)
_SDK = Path(ram_sdk.__file__).parent
_CODE = (Path(__file__).parent, _SDK / "skeleton", _SDK / "formats")


@dataclass(frozen=True)
class Totals:
    """Totals of a build; clips and hours include composed clips, but not mirrored copies."""

    captures: int
    clips: int
    hours: float
    composed: int


def build(captures_folder: Path, out: Path, mix: str, processes: int, without: Sequence[str] = ()) -> Totals:
    """Build a mix.

    Args:
        captures_folder: the captures, as archives or unpacked; see `find_captures`.
        out: the data set's folder; a partial build is resumed.
        mix: a key of `MIXES`.
        processes: captures processed in parallel; does not change the result.
        without: sources of the mix to leave out, because their captures are missing.

    Returns:
        Totals; all statistics are in the set's `DATA_CARD.md`.

    Raises:
        ValueError: no such mix, `out` holds another mix or a build by another version of the code, or a
            capture could not be read; the others are finished and kept.
    """
    if mix not in MIXES:
        raise ValueError(f"mix {mix!r}: choose one of {', '.join(MIXES)}")
    for folder in ("new_joints", "new_joint_vecs", "texts", _RECORDS):
        (out / folder).mkdir(parents=True, exist_ok=True)
    _claim(out, "-without-".join((mix, *sorted(without))))
    found = find_captures(captures_folder, mix, out / "captures", without)
    captures = [file for file in found if not file.excluded]
    waiting = [file for file in captures if not _record_path(out, file).exists()]
    failures = []
    with ProcessPoolExecutor(processes, initializer=torch.set_num_threads, initargs=(1,)) as pool:
        jobs = {pool.submit(build_capture, file, out, captures_folder / "captions"): file for file in waiting}
        for job in tqdm(as_completed(jobs), total=len(jobs), unit="capture", desc="building"):
            if (error := job.exception()) is not None:
                failures.append(f"{jobs[job].path.name} {jobs[job].take}: {error}")
    if failures:
        listed = "\n  ".join(sorted(failures))
        raise ValueError(f"{len(failures)} captures could not be built:\n  {listed}")
    records = [json.loads(_record_path(out, file).read_text()) for file in captures]
    listing = _list_real(out, records)
    real = sum(clip["split"] == "train" and not clip["mirrored"] for clip in listing.values())
    composed = add_composed(out, min(_COMPOSED[mix], _MAX_COMPOSED * real), _LANGUAGE, processes)
    return _finish(out, mix, found, records, composed, listing)


def build_capture(file: CaptureFile, out: Path, tables: Path) -> None:
    """Write the clips of one capture, their mirrored copies and texts, and its record.

    Args:
        file: the capture.
        out: the data set's folder.
        tables: the folder of human-written sentences, see `read_sentences`.
    """
    capture = read_capture(file)
    spike_seconds = spikes(capture.joints * leg_scale(capture.joints), capture.fps)
    captured = resample(capture.joints, capture.fps)
    joints = retarget(captured)
    label = label_of(file.source, file.path.stem, file.take, file.label)
    pieces, dropped = find_clips(joints, spike_seconds, label.bounds)
    pieces = [*pieces, *human_windows(file.human_captions, pieces, spike_seconds.tolist())]
    flipped = retarget(mirror(captured))
    clips, people = [], Counter[str]()
    for number, (first, last) in enumerate(pieces, start=1):
        clip_id = f"{file.capture_id}{number:02d}"
        features, plain = encoded(joints[first : last + 1])
        info = _clip_info(file, label, clip_id, first, last)
        written = covered(file.human_captions, info)
        borrowed = fitting(read_sentences(tables), info, measure(plain))
        captions = captions_for(info, plain, [*written, *borrowed])
        write_clip(out, clip_id, features, plain, captions)
        mirrored = [mirror_text(caption) for caption in captions]
        write_clip(out, f"M{clip_id}", *encoded(flipped[first : last + 1]), mirrored)
        own = sorted(set(written) & set(captions))
        entry = {**dataclasses.asdict(info), "action": "+".join(info.actions) or "other"}
        clips.append(entry | ({"people": own} if own else {}))
        people["about this capture"] += len(own)
        people["about other captures"] += len(set(borrowed) & set(captions))
    record = {
        "source": file.source,
        "file": file.path.stem,
        "take": file.take,
        "seconds": len(captured) / FPS,
        "dropped_seconds": {reason: frames / FPS for reason, frames in sorted(dropped.items())},
        "quality": dataclasses.asdict(measure_quality(captured, joints)),
        "people_captions": people,
        "clips": clips,
    }
    write_whole(_record_path(out, file), json.dumps(record, indent=1).encode())


def _clip_info(file: CaptureFile, label: Label, clip_id: str, first: int, last: int) -> ClipInfo:
    source = SOURCES[file.source]
    return ClipInfo(
        clip_id=clip_id,
        source=file.source,
        file=file.path.stem,
        take=file.take,
        start_seconds=first / FPS,
        end_seconds=last / FPS,
        performer=file.performer,
        label=file.label,
        license=source.license,
        credit=source.credit,
        actions=label.actions_between(first / FPS, last / FPS),
        manner=label.manner,
        object=label.object,
        woman=label.woman,
    )


def _record_path(out: Path, file: CaptureFile) -> Path:
    return out / _RECORDS / f"{file.capture_id}.json"


def _claim(out: Path, mix: str) -> None:
    """Mark the folder as this mix, built by this code; a build of another mix or version is not resumed."""
    digest = hashlib.sha256()
    for path in sorted(path for folder in _CODE for path in folder.rglob("*.*")):
        if path.suffix in (".py", ".json"):
            digest.update(path.read_bytes())
    marker = out / _RECORDS / "mix.txt"
    held, _, version = marker.read_text().partition(" ") if marker.exists() else (mix, "", digest.hexdigest())
    if held != mix:
        raise ValueError(f"{out} holds the mix {held!r}: build {mix!r} in another folder")
    if version != digest.hexdigest():
        raise ValueError(f"{out} was started by another version of the code: build in another folder")
    write_whole(marker, f"{mix} {digest.hexdigest()}".encode())


def _list_real(out: Path, records: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """Give each clip its split, and list the clips and their mirrored copies in `clips.json`."""
    listing: dict[str, dict[str, Any]] = {}
    for record in records:
        split = split_of(trial_key(record["source"], record["file"], record["take"]))
        for clip in record["clips"]:
            clip["split"] = split
            for clip_id, mirrored in ((clip["clip_id"], False), (f"M{clip['clip_id']}", True)):
                listing[clip_id] = {**clip, "clip_id": clip_id, "mirrored": mirrored}
                if mirrored and "people" in clip:
                    listing[clip_id]["people"] = [mirror_text(caption) for caption in clip["people"]]
    write_whole(out / "clips.json", json.dumps(listing, indent=1).encode())
    return listing


def _finish(
    out: Path,
    mix: str,
    files: list[CaptureFile],
    records: list[dict[str, Any]],
    composed: list[dict[str, Any]],
    listing: dict[str, dict[str, Any]],
) -> Totals:
    """Write split lists, statistics, the list of all clips and the data card."""
    listing |= {clip["clip_id"]: clip for record in composed for clip in record["clips"]}
    members = {split: [i for i, clip in listing.items() if clip["split"] == split] for split in SPLITS}
    for split, ids in members.items():
        write_whole(out / f"{split}.txt", "".join(f"{i}\n" for i in ids).encode())
    write_whole(out / "all.txt", "".join(f"{i}\n" for i in listing).encode())
    write_whole(out / "clips.json", json.dumps(listing, indent=1).encode())
    write_whole(out / "sources.json", json.dumps(about_sources(mix), indent=1).encode())
    mean, std = feature_statistics(out / "new_joint_vecs" / f"{i}.npy" for i in members["train"])
    save_array(out / "Mean.npy", mean)
    save_array(out / "Std.npy", std)
    clips = [clip for clip in listing.values() if not clip["mirrored"]]
    data = MotionTextFolder(out)
    captions = {c["clip_id"]: [caption.text for caption in data.captions(c["clip_id"])] for c in clips}
    write_whole(out / "DATA_CARD.md", data_card(mix, files, records, composed, captions).encode())
    hours = sum(clip["end_seconds"] - clip["start_seconds"] for clip in clips) / 3600
    return Totals(len(records), len(clips), hours, sum("composed" in clip for clip in clips))
