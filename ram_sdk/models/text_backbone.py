"""The frozen text backbone: captions to token states."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

import torch
from pydantic import Field
from torch import Tensor, nn

from ram_sdk.models.sizes import Width

Place = Literal["folder", "package", "hub"]
PLACES: dict[Place, str] = {
    "folder": "in the checkpoint's folder",
    "package": "in the package ram_sdk",
    "hub": "from the Hub",
}
"""Where a text backbone's files may be."""


@dataclass(frozen=True)
class TextBackboneConfig:
    """Which Hugging Face encoder reads the captions; nothing of it is trained."""

    name: Annotated[str, Field(max_length=200)]  # Hub repository
    revision: Annotated[str, Field(max_length=200)]  # commit of that repository
    sha256: Annotated[str, Field(pattern="^[0-9a-f]{64}$")]  # of its model.safetensors; no other is read
    dim: Width  # width of the token states
    place: Place = "hub"


DISTILBERT = TextBackboneConfig(
    name="distilbert/distilbert-base-uncased",
    revision="12040accade4e8a0f71eabdb258fecc2e7e948be",
    sha256="5e3f1108e3cb34ee048634875d8482665b65ac713291a7e32396fb18f6ff0063",
    dim=768,
)
"""The paper's text backbone (section 4.2)."""


def check_texts(texts: Sequence[str]) -> None:
    """Check that texts can be written: Python's may hold halves of characters, from bytes that are not text.

    Raises:
        ValueError: one cannot.
    """
    for text in texts:
        if broken := re.search("[\ud800-\udfff]", text):
            raise ValueError(
                f"the prompt {text[:40]!r} is not text: {broken[0]!r} at {broken.start()} is half a "
                "character; write it anew, as UTF-8"
            )


class TextBackbone:
    """A frozen encoder and its tokenizer.

    Attributes:
        config: where the encoder comes from.
        tokenizer: a `tokenizers.Tokenizer`.
        model: a Hugging Face encoder; its `last_hidden_state` is the output.
        folder: where its files are.
    """

    def __init__(self, config: TextBackboneConfig, tokenizer: Any, model: nn.Module, folder: Path) -> None:
        self.config = config
        self.tokenizer = tokenizer
        self.model = model.eval().requires_grad_(False)
        self.folder = folder

    @property
    def max_tokens(self) -> int:
        """Longest caption in tokens, the two special ones included."""
        return int(self.model.config.max_position_embeddings)  # type: ignore[union-attr, arg-type]

    def tokenize(self, captions: Sequence[str]) -> list[list[int]]:
        """Token ids of whole captions, the two special ones included.

        Raises:
            ValueError: a caption is longer than the backbone can read, or not text.
        """
        check_texts(captions)
        ids: list[list[int]] = [encoding.ids for encoding in self.tokenizer.encode_batch(list(captions))]
        longest = max(range(len(ids)), key=lambda i: len(ids[i]))
        if len(ids[longest]) > self.max_tokens:
            raise ValueError(
                f"the prompt {captions[longest][:40]!r}... has {len(ids[longest]) - 2} tokens: at most "
                f"{self.max_tokens - 2} can be read; shorten it"
            )
        return ids

    def encode(self, captions: Sequence[str]) -> tuple[Tensor, Tensor]:
        """Token states of whole captions.

        Args:
            captions: the texts; none is cut.

        Returns:
            States `(batch, tokens, dim)` and their mask `(batch, tokens)`, True = valid.

        Raises:
            ValueError: a caption is longer than the backbone can read.
        """
        ids = self.tokenize(captions)
        device = next(self.model.parameters()).device
        lengths = torch.tensor([len(row) for row in ids])
        padded = nn.utils.rnn.pad_sequence([torch.tensor(row) for row in ids], batch_first=True)
        mask = torch.arange(padded.shape[1]) < lengths[:, None]
        with torch.no_grad():
            output = self.model(input_ids=padded.to(device), attention_mask=mask.long().to(device))
        return output.last_hidden_state, mask.to(device)
