"""Planning and writing the composed part of a set.

Every clip has a number that seeds all its random choices: the set does not depend on the number of processes,
and an interrupted build resumes after the last finished part.
"""

import json
import random
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from tqdm import tqdm

from ram_sdk.files import write_whole
from ram_sdk.skeleton.sequences import Array
from training.open_data.cleaning import FPS
from training.open_data.composition.along import draft_along
from training.open_data.composition.count import draft_count
from training.open_data.composition.draft import Draft, Rejected
from training.open_data.composition.gates import failed_gate
from training.open_data.composition.held import draft_held
from training.open_data.composition.overlay import draft_while
from training.open_data.composition.pool import Pool
from training.open_data.composition.sources import Language
from training.open_data.composition.tempo import draft_tempo
from training.open_data.composition.then import draft_then
from training.open_data.writing import encoded, write_clip

KINDS: dict[str, Callable[[Pool, random.Random], Draft]] = {
    "then": draft_then,
    "while": draft_while,
    "along": draft_along,
    "tempo": draft_tempo,
    "count": draft_count,
    "held": draft_held,
}
SHARES = {
    "then": 0.34,
    "while": 0.17,
    "along": 0.20,
    "tempo": 0.13,
    "count": 0.06,
    "held": 0.10,
}  # of the clips
_TRIES = 20  # drafts for one clip before it is skipped
_PART = 50  # clips that are made and recorded together
_MIN_CAPTIONS = 2
_RECORDS = "records"


@dataclass(frozen=True)
class Composed:
    """A composed motion that has passed all checks.

    Attributes:
        kind: a key of `KINDS`.
        joints: `(frames, 22, 3)` positions, metres; the last frame is only used for the velocities.
        captions: sentences that the motion does not contradict.
        sources: clip, first frame and one past the last of each part.
        actions: ids of the wording files, in temporal order.
    """

    kind: str
    joints: Array
    captions: tuple[str, ...]
    sources: tuple[tuple[str, int, int], ...]
    actions: tuple[str, ...]


def compose(pool: Pool, kind: str, numbers: range, rejected: Counter[str]) -> Iterator[tuple[int, Composed]]:
    """Make motions of one kind.

    Args:
        pool: the real clips.
        kind: a key of `KINDS`.
        numbers: of the clips; the same number always gives the same motion.
        rejected: counts rejected drafts by reason.

    Yields:
        Number and motion; numbers without an accepted draft are skipped.
    """
    for number in numbers:
        rng = random.Random(f"{kind} {number}")
        for _ in range(_TRIES):
            try:
                composed = _attempt(pool, kind, rng)
            except Rejected as reason:
                rejected[str(reason)] += 1
            else:
                yield number, composed
                break


def _attempt(pool: Pool, kind: str, rng: random.Random) -> Composed:
    draft = KINDS[kind](pool, rng)
    if failed := failed_gate(draft):
        raise Rejected(failed)
    written = dict.fromkeys(draft.write_captions(draft.joints[:-1]))
    captions = tuple(text for text in written if not pool.language.unseen(text))
    if len(captions) < _MIN_CAPTIONS:
        raise Rejected("too few captions")
    records = tuple(source.record for source in draft.sources)
    return Composed(kind, draft.joints, captions, records, draft.actions)


def add_composed(root: Path, clips: int, language: Language, processes: int) -> list[dict[str, Any]]:
    """Add composed clips to the training split of a built set of real ones.

    Args:
        root: the set; `clips.json` lists the real clips.
        clips: target number of composed clips, of all kinds together.
        language: writes the captions.
        processes: parts made in parallel; does not change the result.

    Returns:
        One record for each part: its kind, its clips' entries for `clips.json`, and the numbers of rejected
        drafts by reason.
    """
    parts = [
        (kind, range(first, min(first + _PART, count)))
        for kind, count in ((kind, round(share * clips)) for kind, share in SHARES.items())
        for first in range(0, count, _PART)
    ]
    waiting = [part for part in parts if not _record_path(root, *part).exists()]
    if waiting:
        with ProcessPoolExecutor(processes, initializer=_start, initargs=(root, language)) as workers:
            jobs = [workers.submit(_write_part, root, *part) for part in waiting]
            for job in tqdm(as_completed(jobs), total=len(jobs), unit="part", desc="composing"):
                job.result()
    return [json.loads(_record_path(root, *part).read_text(encoding="utf-8")) for part in parts]


_pool: Pool  # of this process: reading the real clips takes longer than making a part


def _start(root: Path, language: Language) -> None:
    global _pool
    torch.set_num_threads(1)
    _pool = Pool.read(root, language)


def _record_path(root: Path, kind: str, numbers: range) -> Path:
    return root / _RECORDS / f"composed-{kind}-{numbers.start:05d}.json"


def _write_part(root: Path, kind: str, numbers: range) -> None:
    """Write the clips of a part, then its record, which marks it as done."""
    rejected: Counter[str] = Counter()
    clips = []
    for number, composed in compose(_pool, kind, numbers, rejected):
        clip_id = f"C{list(KINDS).index(kind)}{number:05d}"
        features, joints = encoded(composed.joints)
        write_clip(root, clip_id, features, joints, composed.captions)
        clips.append(_entry(clip_id, composed, len(features)))
    record = {"kind": kind, "rejected": dict(sorted(rejected.items())), "clips": clips}
    write_whole(_record_path(root, kind, numbers), json.dumps(record, indent=1).encode())


def _entry(clip_id: str, composed: Composed, frames: int) -> dict[str, Any]:
    return {
        "clip_id": clip_id,
        "composed": composed.kind,
        "sources": [list(source) for source in composed.sources],
        "actions": list(composed.actions),
        "action": "+".join(composed.actions),
        "start_seconds": 0.0,
        "end_seconds": frames / FPS,
        "split": "train",
        "mirrored": False,
    }
