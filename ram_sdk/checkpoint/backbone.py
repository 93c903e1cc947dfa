"""The files of a text backbone, read so that nothing in them can name code.

transformers' own loaders follow what a `config.json` says: to Python files (`auto_map`), to kernels on the
Hub (`attn_implementation`), to quantisation libraries. Here the file may set the sizes of two kinds of
encoder and nothing else; the classes are below.
"""

import dataclasses
import json
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal

import torch
from pydantic import Field
from torch import nn

from ram_sdk.checkpoint.configs import check_size, parse, read_config, read_json, write_json
from ram_sdk.checkpoint.errors import CheckpointError, first_line
from ram_sdk.checkpoint.hub import HubOptions, download
from ram_sdk.checkpoint.weights import (
    check_finite,
    check_floats,
    check_sum,
    load_tensors,
    read_header,
    sha256,
    weights_file,
)
from ram_sdk.models.sizes import Dropout, Heads, Layers, Width
from ram_sdk.models.text_backbone import TextBackbone, TextBackboneConfig
from ram_sdk.shipped import ASSETS

FILES = ("config.json", "model.safetensors", "tokenizer.json")
"""What a text backbone is read from."""
NOTICES = ("LICENSE", "NOTICE")
"""What its owners may want to go with it."""
LARGEST_TOKENIZER = 1 << 26
"""Bytes that `tokenizer.json` may have."""

_PACKAGED = ASSETS / "text_backbone"

_Activation = Literal["gelu", "gelu_new", "relu", "silu"]
_Precision = Literal["float32", "float16", "bfloat16"]
_Epsilon = Annotated[float, Field(gt=0.0, le=1.0)]
_Vocabulary = Annotated[int, Field(ge=1, le=1_000_000)]
_Positions = Annotated[int, Field(ge=8, le=16_384)]
_NO_EFFECT = {
    "_name_or_path", "architectures", "bos_token_id", "classifier_dropout", "eos_token_id",
    "gradient_checkpointing", "problem_type", "qa_dropout", "seq_classif_dropout", "tie_weights_",
    "tie_word_embeddings", "torch_dtype", "transformers_version", "use_cache",
}  # fmt: skip
"""Keys of such files that decide nothing here; whatever they say is not read."""


@dataclass(frozen=True, kw_only=True)
class _Sizes:
    """What the `config.json` of any encoder may say."""

    classes: ClassVar[tuple[str, str]]
    vocab_size: _Vocabulary = 30522
    max_position_embeddings: _Positions = 512
    initializer_range: _Epsilon = 0.02
    pad_token_id: Annotated[int, Field(ge=0)] = 0
    dtype: _Precision = "float32"

    def __post_init__(self) -> None:
        if self.width % self.heads:
            raise ValueError(f"a width of {self.width} cannot be shared by {self.heads} heads")
        if self.pad_token_id >= self.vocab_size:
            raise ValueError(
                f"pad_token_id {self.pad_token_id}: expected less than vocab_size {self.vocab_size}"
            )

    @property
    def width(self) -> int:
        """Width of the token states."""
        raise NotImplementedError

    @property
    def heads(self) -> int:
        """Attention heads, which share the width."""
        raise NotImplementedError


@dataclass(frozen=True, kw_only=True)
class _Bert(_Sizes):
    """What the `config.json` of a BERT may say."""

    classes = ("BertConfig", "BertModel")
    model_type: Literal["bert"]
    hidden_size: Width = 768
    num_hidden_layers: Layers = 12
    num_attention_heads: Heads = 12
    intermediate_size: Width = 3072
    hidden_act: _Activation = "gelu"
    hidden_dropout_prob: Dropout = 0.1
    attention_probs_dropout_prob: Dropout = 0.1
    type_vocab_size: Annotated[int, Field(ge=1, le=16)] = 2
    layer_norm_eps: _Epsilon = 1e-12
    position_embedding_type: Literal["absolute"] = "absolute"
    is_decoder: Literal[False] = False
    add_cross_attention: Literal[False] = False

    @property
    def width(self) -> int:
        return self.hidden_size

    @property
    def heads(self) -> int:
        return self.num_attention_heads


@dataclass(frozen=True, kw_only=True)
class _DistilBert(_Sizes):
    """What the `config.json` of a DistilBERT may say."""

    classes = ("DistilBertConfig", "DistilBertModel")
    model_type: Literal["distilbert"]
    sinusoidal_pos_embds: bool = False
    n_layers: Layers = 6
    n_heads: Heads = 12
    dim: Width = 768
    hidden_dim: Width = 3072
    dropout: Dropout = 0.1
    attention_dropout: Dropout = 0.1
    activation: _Activation = "gelu"

    @property
    def width(self) -> int:
        return self.dim

    @property
    def heads(self) -> int:
        return self.n_heads


_KINDS: dict[str, type[_Sizes]] = {"bert": _Bert, "distilbert": _DistilBert}
_OURS = ("model_type", "dtype", "position_embedding_type")  # are checked, not handed to transformers


def load_text_backbone(
    config: TextBackboneConfig, folder: Path = _PACKAGED, hub: HubOptions | None = None
) -> TextBackbone:
    """Load a text backbone after checking its weights' hash.

    Args:
        config: which one.
        folder: where its files are, if they are in a checkpoint.
        hub: options for fetching it, if it is on the Hub.

    Raises:
        CheckpointError: the files are not available, or their hash differs from the configuration's.
    """
    if config.place == "package":
        folder = _PACKAGED
    if config.place == "hub":

        def check(path: Path) -> None:
            if path.name == "model.safetensors":
                _check_weights(path, config)

        folder = download(config.name, config.revision, FILES, NOTICES, hub or HubOptions(), check)
    return read_text_backbone(folder, config)


def shipped_text_backbone() -> TextBackbone:
    """The text backbone in the package."""
    return load_text_backbone(read_config(_PACKAGED / "backbone.json", TextBackboneConfig))


def read_text_backbone(
    folder: Path, config: TextBackboneConfig, checksums: dict[str, str] | None = None
) -> TextBackbone:
    """Read a text backbone from a folder with `FILES`, in float32.

    Args:
        folder: where the files are.
        config: what it must be.
        checksums: SHA-256 of the files by name, where they are known.

    Raises:
        CheckpointError: a file is missing, damaged, not the one that `config` names, or asks for more than
            sizes.
    """
    sizes = _read_sizes(folder / "config.json")
    if sizes.width != config.dim:
        raise CheckpointError(f"text_backbone: config.json is {sizes.width} wide, backbone.json {config.dim}")
    for name in ("config.json", "tokenizer.json"):
        if not (folder / name).is_file():
            raise CheckpointError(
                f"{folder.name}/{name} is missing: the text backbone {config.name} needs it"
            )
        check_size(folder / name, LARGEST_TOKENIZER)
        check_sum(folder / name, (checksums or {}).get(name))
    weights = weights_file(folder, None)
    _check_weights(weights, config)
    model = _load_encoder(sizes, weights)
    return TextBackbone(config, _read_tokenizer(folder / "tokenizer.json", sizes.vocab_size), model, folder)


def save_text_backbone(backbone: TextBackbone, folder: Path) -> dict[str, str]:
    """Write a text backbone into a checkpoint; returns the SHA-256 of its files by name.

    Of one in the package or on the Hub only the name and hash are written.
    """
    write_json(folder / "backbone.json", dataclasses.asdict(backbone.config))
    if backbone.config.place != "folder":
        return {}
    for name in (*FILES, *NOTICES):
        if (backbone.folder / name).is_file():
            shutil.copyfile(backbone.folder / name, folder / name)
    return {name: sha256(folder / name) for name in FILES}


def _read_sizes(path: Path) -> _Sizes:
    where = f"{path.parent.name}/{path.name}"
    content = read_json(path)
    kind = content.get("model_type")
    if not isinstance(kind, str) or kind not in _KINDS:
        raise CheckpointError(f"{where}: model_type {kind!r}: expected one of {', '.join(_KINDS)}")
    known = {key: value for key, value in content.items() if key not in _NO_EFFECT}
    try:
        return parse(_KINDS[kind], json.dumps(known))
    except ValueError as error:
        raise CheckpointError(f"{where}: {error}") from error


def _check_weights(path: Path, config: TextBackboneConfig) -> None:
    read_header(path)  # what is no weights file, of any size, is not hashed
    if (digest := sha256(path)) != config.sha256:
        raise CheckpointError(
            f"{path.name}: weights of the text backbone {config.name} have sha256 {digest[:12]}..., "
            f"expected {config.sha256[:12]}...: they are damaged or not its own"
        )


def _load_encoder(sizes: _Sizes, path: Path) -> nn.Module:
    import transformers

    settings = {key: value for key, value in dataclasses.asdict(sizes).items() if key not in _OURS}
    config_class, model_class = (getattr(transformers, name) for name in sizes.classes)

    def make() -> Any:
        return model_class(config_class(**settings)).float()

    with torch.device("meta"):
        skeleton = make()
    prefix = f"{skeleton.base_model_prefix}."  # files of a task model name its encoder's weights so
    header = {key.removeprefix(prefix): entry for key, entry in read_header(path).items()}
    needed = {k: tuple(w.shape) for k, w in skeleton.state_dict().items() if not k.startswith("pooler.")}
    where = f"{path.parent.name}/{path.name}"
    if missing := [key for key in needed if key not in header]:
        raise CheckpointError(
            f"{where} does not fit its config.json: {len(missing)} weights missing ({missing[0]})"
        )
    if reshaped := [key for key, shape in needed.items() if header[key][0] != shape]:
        key = reshaped[0]
        raise CheckpointError(
            f"{where} does not fit its config.json: {len(reshaped)} weights of another shape ({key} is "
            f"{header[key][0]}, expected {needed[key]})"
        )
    check_floats({key: header[key] for key in needed}, path)
    with torch.device("cpu"):
        model: nn.Module = make()
    weights = {key.removeprefix(prefix): weight for key, weight in load_tensors(path).items()}
    weights = {key: weights[key].float() for key in needed}
    check_finite(weights, path)
    model.load_state_dict(weights, strict=False)  # a task head in the file is not needed
    return model


def _read_tokenizer(path: Path, vocabulary: int) -> Any:
    from tokenizers import Tokenizer

    try:
        tokenizer = Tokenizer.from_file(str(path))
        tokenizer.no_truncation()
        tokenizer.no_padding()
        largest = max([*tokenizer.get_vocab().values(), *tokenizer.encode("a person walks").ids])
    except Exception as error:  # tokenizers raises nothing more special
        raise CheckpointError(
            f"{path.parent.name}/{path.name} is damaged or not a tokenizer: {first_line(error)}"
        ) from error
    if largest >= vocabulary:
        raise CheckpointError(
            f"{path.parent.name}/{path.name} has the token {largest}, config.json a vocab_size of "
            f"{vocabulary}"
        )
    return tokenizer
