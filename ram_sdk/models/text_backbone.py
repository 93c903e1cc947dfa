"""The frozen text backbone: captions to token states."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import torch
from safetensors.torch import load_file
from torch import Tensor, nn

Place = Literal["folder", "package", "hub"]
PLACES: dict[Place, str] = {
    "folder": "in the checkpoint's folder",
    "package": "in the package ram_sdk",
    "hub": "from the Hub",
}
"""Where the files of a text backbone may lie."""


@dataclass(frozen=True)
class TextBackboneConfig:
    """Which Hugging Face encoder reads the captions; nothing of it is trained.

    Raises:
        ValueError: `place` is none of `PLACES`.
    """

    name: str  # Hub repository
    revision: str  # commit of that repository
    sha256: str  # of its model.safetensors; a file that differs is refused
    dim: int  # width of the token states
    place: Place = "hub"

    def __post_init__(self) -> None:
        if self.place not in PLACES:
            raise ValueError(f"place {self.place!r}: choose {', '.join(map(repr, PLACES))}")


DISTILBERT = TextBackboneConfig(
    name="distilbert/distilbert-base-uncased",
    revision="12040accade4e8a0f71eabdb258fecc2e7e948be",
    sha256="5e3f1108e3cb34ee048634875d8482665b65ac713291a7e32396fb18f6ff0063",
    dim=768,
)
"""The paper's text backbone (section 4.2)."""


class TextBackbone:
    """A frozen encoder and its tokenizer.

    Attributes:
        config: where the encoder comes from.
        tokenizer: a `tokenizers.Tokenizer`.
        model: a Hugging Face encoder; its `last_hidden_state` is the output.
        folder: where its files lie.
    """

    def __init__(self, config: TextBackboneConfig, tokenizer: Any, model: nn.Module, folder: Path) -> None:
        self.config = config
        self.tokenizer = tokenizer
        self.model = model.eval().requires_grad_(False)
        self.folder = folder

    @classmethod
    def from_folder(cls, folder: Path, config: TextBackboneConfig) -> "TextBackbone":
        """Load from a folder with `config.json`, `model.safetensors` and `tokenizer.json`, in float32.

        Raises:
            ValueError: the weights do not cover the encoder.
            OSError: a file is missing.
        """
        from tokenizers import Tokenizer
        from transformers import AutoConfig, AutoModel

        config_file = AutoConfig.from_pretrained(folder, local_files_only=True)
        model = AutoModel.from_config(config_file)  # type: ignore[no-untyped-call]
        prefix = f"{model.base_model_prefix}."  # checkpoints of a task model name its encoder's weights so
        weights = load_file(folder / "model.safetensors")
        weights = {key.removeprefix(prefix): weight.float() for key, weight in weights.items()}
        missing = [key for key in model.state_dict() if key not in weights and not key.startswith("pooler.")]
        if missing:
            raise ValueError(f"its weights do not fit its config.json: {len(missing)} missing ({missing[0]})")
        model.load_state_dict(weights, strict=False)  # a task head in the file is not needed
        tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        tokenizer.no_truncation()
        tokenizer.no_padding()
        return cls(config, tokenizer, model, folder)

    @property
    def max_tokens(self) -> int:
        """Longest caption in tokens, the two special ones included."""
        return int(self.model.config.max_position_embeddings)  # type: ignore[union-attr, arg-type]

    def tokenize(self, captions: Sequence[str]) -> list[list[int]]:
        """Token ids of whole captions, the two special ones included.

        Raises:
            ValueError: a caption is longer than the backbone can read.
        """
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
