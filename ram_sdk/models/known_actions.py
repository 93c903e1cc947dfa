"""The actions that a checkpoint was trained on, and how far a text is from all of them."""

from dataclasses import dataclass
from typing import Annotated

import torch
import torch.nn.functional as F
from pydantic import Field
from torch import Tensor, nn

from ram_sdk.models.duration import mean_token
from ram_sdk.models.sizes import Width


@dataclass(frozen=True)
class KnownAction:
    """An action that a checkpoint was trained on.

    Attributes:
        name: a word or two.
        examples: prompts for it.
        texts: how many of its training captions are kept for comparison.
    """

    name: str
    examples: tuple[str, ...]
    texts: Annotated[int, Field(ge=1, le=10**4)]


@dataclass(frozen=True)
class KnownActionsConfig:
    """The actions, and the distance beyond which a text is unknown.

    Attributes:
        text_dim: width of the text backbone.
        far: cosine distance from the nearest known text beyond which a text is unlike all of them, as few
            held-out captions are (see `training.evaluation.known_actions`).
        actions: the rows of `KnownActions.states` belong to them in this order.
    """

    text_dim: Width
    far: Annotated[float, Field(ge=0.0, le=2.0)]
    actions: Annotated[tuple[KnownAction, ...], Field(min_length=1, max_length=10**4)]


class KnownActions(nn.Module):
    """Mean token states of texts of every action; not part of the paper.

    The states are the frozen text backbone's: z_t of texts far from the training set lies among the training
    set's latents, and says nothing.
    """

    states: Tensor

    def __init__(self, config: KnownActionsConfig) -> None:
        super().__init__()
        self.config = config
        count = sum(action.texts for action in config.actions)
        self.register_buffer("states", torch.zeros(count, config.text_dim, dtype=torch.float32))

    def forward(self, tokens: Tensor, mask: Tensor) -> Tensor:
        """Cosine distance `(batch, actions)` from the nearest text of each action.

        Args:
            tokens: token states `(batch, tokens, text_dim)`.
            mask: `(batch, tokens)`, True = valid.
        """
        states = F.normalize(self.states.float(), dim=-1)
        mean = mean_token(tokens.float(), mask).to(states.device)
        cosine = F.normalize(mean, dim=-1) @ states.T
        parts = torch.split(cosine, [action.texts for action in self.config.actions], dim=1)
        return 1.0 - torch.stack([part.amax(1) for part in parts], dim=1)

    def nearest(self, tokens: Tensor, mask: Tensor, count: int = 3) -> list[tuple[bool, tuple[str, ...]]]:
        """Whether each text is far from every action, and the names of the nearest actions, nearest first."""
        distances = self(tokens, mask)
        order = distances.argsort(dim=1)[:, :count]
        names = [tuple(self.config.actions[i].name for i in row) for row in order.tolist()]
        return list(zip((distances.amin(1) > self.config.far).tolist(), names, strict=True))
