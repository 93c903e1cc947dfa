"""Measuring whether the captions of a built set agree with its motions, and how often each is used."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from training.open_data.attributes import measure
from training.open_data.captions import check_caption, claims


@dataclass(frozen=True)
class Agreement:
    """Statistics over all clips of a folder."""

    clips: int
    captions: int
    claims: int  # captions about sides, turning, direction or counts
    agreeing: int  # those that the measured motion does not contradict
    contradictions: tuple[str, ...]  # `clip: what is wrong`, for every caption that disagrees
    most_used: tuple[tuple[str, int], ...]  # captions and their numbers of clips, most common first

    @property
    def share(self) -> float:
        """Share of the claims that agree."""
        return self.agreeing / self.claims if self.claims else 1.0

    @property
    def largest_use(self) -> float:
        """Share of the clips that use the most common caption."""
        return self.most_used[0][1] / self.clips if self.most_used else 0.0


def measure_agreement(folder: Path, clip_ids: Sequence[str] | None = None) -> Agreement:
    """Compare the captions of a folder in HumanML3D's layout with its joints.

    Args:
        folder: has `new_joints/` and `texts/`.
        clip_ids: the clips to check; by default all in `texts/`.

    Raises:
        OSError: a file is missing.
        ValueError: the joints of a clip are not `(frames, 22, 3)`, or there are no clips.
    """
    if clip_ids is None:
        clip_ids = sorted(path.stem for path in (folder / "texts").glob("*.txt"))
    if not clip_ids:
        raise ValueError(f"{folder}: no captions in texts/")
    uses: Counter[str] = Counter()
    total = claimed = agreeing = 0
    contradictions: list[str] = []
    for clip_id in clip_ids:
        attributes = measure(np.load(folder / "new_joints" / f"{clip_id}.npy", allow_pickle=False))
        captions = read_captions(folder / "texts" / f"{clip_id}.txt")
        uses.update(set(captions))
        total += len(captions)
        for caption in captions:
            wrong = check_caption(caption, attributes)
            contradictions += [f"{clip_id}: {line}" for line in wrong]
            if claims(caption):
                claimed += 1
                agreeing += not wrong
    return Agreement(
        len(clip_ids), total, claimed, agreeing, tuple(contradictions), tuple(uses.most_common(20))
    )


def read_captions(path: Path) -> list[str]:
    """The sentences of a HumanML3D text file, without tokens and times."""
    lines = path.read_text(encoding="utf-8").splitlines()
    return [line.split("#")[0].strip() for line in lines if line.strip()]
