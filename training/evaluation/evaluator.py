"""The interface of text-motion evaluators: two encoders into one embedding space."""

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
    """A motion and the caption that it is evaluated against."""

    caption: Caption
    features: NDArray[np.float32]  # (frames, features), real units


class Evaluator(Protocol):
    """Embeds captions and motions such that a caption is near the motions that it describes."""

    @property
    def name(self) -> str:
        """Its name in tables: results of different evaluators cannot be compared."""

    @property
    def hashes(self) -> Mapping[str, str]:
        """sha256 of each of its files, by path in their folder."""

    @property
    def skeleton(self) -> Skeleton:
        """The skeleton of the features that it embeds."""

    def embed(self, samples: Sequence[Sample]) -> tuple[Tensor, Tensor]:
        """Text and motion embeddings `(samples, dim)`, float32 on the CPU, in the samples' order."""


def sha256(path: Path) -> str:
    """Hash of a file."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
