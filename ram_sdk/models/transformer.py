"""The post-norm transformer encoder that the denoiser and both encoders are made of."""

import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ram_sdk.models.dropout import Dropout
from ram_sdk.models.sizes import MAX_POSITIONS


def sinusoidal_table(length: int, width: int) -> Tensor:
    """Sinusoidal positions `(length, width)`: even columns sine, odd columns cosine."""
    position = torch.arange(length, dtype=torch.float32)[:, None]
    frequency = torch.exp(torch.arange(0, width, 2, dtype=torch.float32) * (-math.log(10000.0) / width))
    table = torch.zeros(length, width, dtype=torch.float32)
    table[:, 0::2] = torch.sin(position * frequency)
    table[:, 1::2] = torch.cos(position * frequency)
    return table


class TransformerLayer(nn.Module):
    """Self-attention and a GELU feed-forward network, each followed by add and layer norm (post-norm)."""

    def __init__(self, width: int, feedforward: int, num_heads: int, dropout: float) -> None:
        super().__init__()
        self.num_heads = num_heads
        dtype = torch.float32  # whatever torch.set_default_dtype says
        self.query_key_value = nn.Linear(width, 3 * width, dtype=dtype)
        self.attention_output = nn.Linear(width, width, dtype=dtype)
        self.attention_norm = nn.LayerNorm(width, dtype=dtype)
        self.feedforward_input = nn.Linear(width, feedforward, dtype=dtype)
        self.feedforward_output = nn.Linear(feedforward, width, dtype=dtype)
        self.feedforward_norm = nn.LayerNorm(width, dtype=dtype)
        self.dropout = Dropout(dropout)
        nn.init.xavier_uniform_(self.query_key_value.weight)
        nn.init.zeros_(self.query_key_value.bias)
        nn.init.zeros_(self.attention_output.bias)

    def forward(self, x: Tensor, attention_mask: Tensor | None) -> Tensor:
        """One layer on x `(batch, tokens, width)`; the mask broadcasts to the attention."""
        batch, tokens, width = x.shape
        projected = self.query_key_value(x).view(batch, tokens, 3, self.num_heads, width // self.num_heads)
        attended = self._attend(projected.permute(2, 0, 3, 1, 4), attention_mask)
        attended = self.attention_output(attended.transpose(1, 2).reshape(batch, tokens, width))
        x = self.attention_norm(x + self.dropout(attended))
        hidden = self.feedforward_output(self.dropout(F.gelu(self.feedforward_input(x))))
        normed: Tensor = self.feedforward_norm(x + self.dropout(hidden))
        return normed

    def _attend(self, projected: Tensor, mask: Tensor | None) -> Tensor:
        """Attention of queries, keys and values `(3, batch, heads, tokens, head width)`.

        On CPUs torch's attention is slow to differentiate, in bf16 two to three times as slow as this.
        """
        if projected.device.type != "cpu" or not projected.requires_grad:
            query, key, value = projected
            dropout = self.dropout.probability if self.training else 0.0
            return F.scaled_dot_product_attention(query, key, value, mask, dropout)
        _, batch, heads, tokens, head_width = projected.shape
        query, key, value = projected.flatten(1, 2)
        bias = query.new_zeros(batch, 1, 1, tokens)
        if mask is not None:
            bias = bias.masked_fill(~mask, -math.inf)
        scores = torch.baddbmm(
            bias.expand(batch, heads, 1, tokens).flatten(0, 1),
            query,
            key.transpose(1, 2),
            alpha=head_width**-0.5,
        )
        return torch.bmm(self.dropout(scores.softmax(-1)), value).view(batch, heads, tokens, head_width)


class TransformerEncoder(nn.Module):
    """Positions, dropout and a stack of `TransformerLayer`; one extra token stands before the sequence."""

    positions: Tensor
    layers: nn.ModuleList

    def __init__(self, width: int, feedforward: int, num_layers: int, num_heads: int, dropout: float) -> None:
        super().__init__()
        self.layers = nn.ModuleList(
            TransformerLayer(width, feedforward, num_heads, dropout) for _ in range(num_layers)
        )
        self.dropout = Dropout(dropout)
        self.register_buffer("positions", sinusoidal_table(MAX_POSITIONS, width), persistent=False)

    def forward(self, first: Tensor, sequence: Tensor, mask: Tensor | None) -> Tensor:
        """Encode a sequence behind one extra token.

        Args:
            first: the extra token, `(batch, width)`.
            sequence: `(batch, length, width)`.
            mask: `(batch, length)`, True = valid; None when all are. Invalid entries are never attended to.

        Returns:
            `(batch, 1 + length, width)`.
        """
        x: Tensor = torch.cat((first[:, None], sequence), dim=1)
        x = self.dropout(x + self.positions[: x.shape[1]])
        attention_mask = None if mask is None else F.pad(mask, (1, 0), value=True)[:, None, None, :]
        for layer in self.layers:
            x = layer(x, attention_mask)
        return x
