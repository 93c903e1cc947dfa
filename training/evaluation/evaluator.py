"""What every text-motion evaluator is: a pair of encoders into one space."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from ram_sdk.skeleton.joints import Skeleton
from training.data.folder import Caption


@dataclass(frozen=True)
class Sample:
    """A motion and the caption that it is measured against."""

    caption: Caption
    features: NDArray[np.float32]  # (frames, features), real units


class Evaluator(Protocol):
    """Embeds captions and motions such that a caption is near the motions that it describes."""

    @property
    def name(self) -> str:
        """What tables call it: results of different evaluators cannot be compared."""

    @property
    def hashes(self) -> Mapping[str, str]:
        """sha256 of each file that it was read from, by its path in their folder."""

    @property
    def skeleton(self) -> Skeleton:
        """Whose features it reads."""

    def embed(self, samples: Sequence[Sample]) -> tuple[Tensor, Tensor]:
        """Text and motion embeddings `(samples, dim)`, float32 on the CPU, in the order given."""


def sha256(path: Path) -> str:
    """Hash of a file."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
