"""How long a motion that a text describes usually lasts."""

import re
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from ram_sdk.models.sizes import Width

NUMBERS = {
    "zero": 0, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8,
    "nine": 9, "ten": 10, "eleven": 11, "twelve": 12, "thirteen": 13, "fourteen": 14, "fifteen": 15,
}  # fmt: skip
"""Numbers in words."""

_AMOUNTS = NUMBERS | {
    "for a": 1, "half a": 0.5, "a half": 0.5, "a couple of": 2, "twenty": 20, "thirty": 30, "sixty": 60,
}  # fmt: skip
_UNITS = {"s": 1.0, "sec": 1.0, "secs": 1.0, "second": 1.0, "seconds": 1.0}
_UNITS |= {"min": 60.0, "mins": 60.0, "minute": 60.0, "minutes": 60.0}
_STATED = re.compile(
    rf"\b(?:(?P<digits>\d+(?:\.\d+)?)|(?P<word>{'|'.join(sorted(_AMOUNTS, key=len, reverse=True))})\b)"
    rf"(?P<half> and a half)?[ -]?(?P<unit>{'|'.join(sorted(_UNITS, key=len, reverse=True))})\b(?! time\b)"
)


def stated_seconds(text: str) -> float | None:
    """The duration that a text names: 6.0 for "walks for six seconds", None where it names none.

    Several durations add up: "walks for two seconds and waves for 1.5 s" lasts 3.5.
    """
    found = [
        (float(match["digits"] or _AMOUNTS[match["word"]]) + 0.5 * bool(match["half"]))
        * _UNITS[match["unit"]]
        for match in _STATED.finditer(text.lower())
    ]
    return sum(found) or None


@dataclass(frozen=True)
class DurationConfig:
    """Size of the duration estimator."""

    text_dim: Width = 768  # width of the text backbone (DistilBERT)


class DurationEstimator(nn.Module):
    """A linear map from the mean token state to the logarithm of the duration.

    Not part of the paper, which takes lengths from the data set. Fitted in closed form on the training
    set's captions.
    """

    def __init__(self, config: DurationConfig) -> None:
        super().__init__()
        self.config = config
        self.projection = nn.Linear(config.text_dim, 1, dtype=torch.float32)

    def forward(self, tokens: Tensor, mask: Tensor) -> Tensor:
        """Expected seconds `(batch,)` for token states `(batch, tokens, text_dim)` and their mask."""
        seconds: Tensor = torch.exp(self.projection(mean_token(tokens, mask))[:, 0])
        return seconds


def mean_token(tokens: Tensor, mask: Tensor) -> Tensor:
    """Mean of the valid token states, `(batch, tokens, dim)` -> `(batch, dim)`."""
    weights = mask.to(tokens.dtype)[..., None]
    return (tokens * weights).sum(1) / weights.sum(1)
