"""From the angle between a text's and a motion's latent to the probability that they match."""

from dataclasses import dataclass
from typing import Annotated

from pydantic import Field
from torch import Tensor


@dataclass(frozen=True)
class MatcherConfig:
    """A logistic curve, fitted by `python -m training calibrate` on pairs not seen in training."""

    scale: Annotated[float, Field(allow_inf_nan=False)]
    bias: Annotated[float, Field(allow_inf_nan=False)]
    pairs: Annotated[int, Field(ge=0)] = (
        0  # captions with their own motion that it was fitted on, and as many with another's
    )


class Matcher:
    """Calibrated similarity of latents.

    Its values are the probability that a text describes a motion, for somebody who has seen as many texts
    with motions of other actions as with their own: 0.5 is undecided.
    """

    def __init__(self, config: MatcherConfig) -> None:
        self.config = config

    def __call__(self, cosine: Tensor) -> Tensor:
        """Cosines between z_t and z_m, of any shape, to probabilities."""
        return (self.config.scale * cosine + self.config.bias).sigmoid()
