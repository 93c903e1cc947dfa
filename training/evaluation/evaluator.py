"""What every text-motion evaluator is: a pair of encoders into one space."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from training.data.folder import Caption


@dataclass(frozen=True)
class Sample:
    """A motion and the caption that it is measured against."""

    caption: Caption
    features: NDArray[np.float32]  # (frames, features), real units


class Evaluator(Protocol):
    """Embeds captions and motions such that a caption lies near the motions that it describes."""

    @property
    def name(self) -> str:
        """What tables call it: figures of different evaluators cannot be compared."""

    def embed(self, samples: Sequence[Sample]) -> tuple[Tensor, Tensor]:
        """Text and motion embeddings `(samples, dim)`, float32 on the CPU, in the order given."""
