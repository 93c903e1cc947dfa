"""Bounds of the sizes in configurations: wider than any model of this kind, far too low to exhaust memory."""

from typing import Annotated

from pydantic import Field

MAX_POSITIONS = 5000
"""Tokens that a transformer can distinguish: timesteps, or frames and the token before them."""

Width = Annotated[int, Field(ge=1, le=16_384)]
Layers = Annotated[int, Field(ge=1, le=128)]
Heads = Annotated[int, Field(ge=1, le=128)]
Dropout = Annotated[float, Field(ge=0.0, lt=1.0)]
Frames = Annotated[int, Field(ge=1, le=MAX_POSITIONS - 1)]


def check_heads(name: str, width: int, num_heads: int) -> None:
    """Raise ValueError unless a transformer's width is even and can be shared by its heads."""
    if num_heads < 1 or width % num_heads or width % 2:
        raise ValueError(f"{name} {width}: expected an even multiple of num_heads {num_heads}")
