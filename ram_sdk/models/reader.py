"""What actions a text asks for, and whether one follows the other or both go on at once; not of the paper.

z_t is trained to lie where motions of the text lie, and places words that training never met badly. Which of
the known actions a text names is a smaller question, which a linear map of the frozen text backbone's states
answers for many more words.
"""

from dataclasses import dataclass
from typing import Annotated, Literal, get_args

import torch
import torch.nn.functional as F
from pydantic import Field
from torch import Tensor, nn

from ram_sdk.models.sizes import Heads, Layers, Width, check_heads
from ram_sdk.models.transformer import TransformerEncoder

Relation = Literal["one", "then", "while"]
RELATIONS: tuple[Relation, ...] = get_args(Relation)
"""A text asks for one action, for one after the other, or for arms' and legs' at the same time."""


@dataclass(frozen=True)
class ReaderConfig:
    """Sizes of a reader, and the actions that it tells apart.

    Attributes:
        text_dim: width of the text backbone.
        actions: their names.
        arms: those of them that arms can do while the legs do another.

    Raises:
        ValueError: the width cannot be shared by the heads, or a name is there twice.
    """

    text_dim: Width
    actions: Annotated[tuple[str, ...], Field(min_length=1, max_length=10**4)]
    arms: Annotated[tuple[str, ...], Field(max_length=10**4)] = ()
    width: Width = 128
    num_layers: Layers = 2
    num_heads: Heads = 4
    dropout: Annotated[float, Field(ge=0.0, lt=1.0)] = 0.1

    def __post_init__(self) -> None:
        check_heads("width", self.width, self.num_heads)
        if len(set(self.actions)) < len(self.actions):
            raise ValueError("actions: a name is there twice")


@dataclass(frozen=True)
class Readings:
    """What a reader reads in texts.

    Attributes:
        relation: log-probabilities of `RELATIONS`, `(batch, 3)`.
        actions: log-probabilities of the first and of the second action, `(batch, 2, actions)`; of "while"
            the legs' action is the first. Of "one" only the first is meant.
        focus: how much of each action is read in each token, `(batch, 2, tokens)`; sums to 1.
    """

    relation: Tensor
    actions: Tensor
    focus: Tensor


class PromptReader(nn.Module):
    """A small transformer finds the tokens that name each action; a linear map of their states names it."""

    mean: Tensor

    def __init__(self, config: ReaderConfig) -> None:
        super().__init__()
        self.config = config
        dtype = torch.float32
        self.register_buffer("mean", torch.zeros(config.text_dim, dtype=dtype))  # of token states
        self.projection = nn.Linear(config.text_dim, config.width, dtype=dtype)
        self.token = nn.Parameter(torch.zeros(config.width, dtype=dtype))
        self.transformer = TransformerEncoder(
            config.width, 2 * config.width, config.num_layers, config.num_heads, config.dropout
        )
        self.relation = nn.Linear(config.width, len(RELATIONS), dtype=dtype)
        self.focus = nn.Linear(config.width, 2, dtype=dtype)
        self.action = nn.Linear(config.text_dim, len(config.actions), dtype=dtype)
        nn.init.zeros_(self.focus.weight)

    def forward(self, tokens: Tensor, mask: Tensor) -> Readings:
        """Read texts.

        Args:
            tokens: states of the text backbone, `(batch, tokens, text_dim)`.
            mask: `(batch, tokens)`, True = valid.
        """
        mask = mask.to(self.mean.device)
        states = (tokens.to(self.mean) - self.mean) * mask[..., None]
        dropped = F.dropout(states, self.config.dropout, self.training)
        encoded = self.transformer(self.token.expand(len(states), -1), self.projection(dropped), mask)
        scores = self.focus(encoded[:, 1:]).masked_fill(~mask[..., None], float("-inf"))
        focus = scores.softmax(dim=1).transpose(1, 2)
        read = F.normalize(focus @ states, dim=-1)
        actions = self.action(F.dropout(read, self.config.dropout, self.training))
        return Readings(self.relation(encoded[:, 0]).log_softmax(-1), actions.log_softmax(-1), focus)
