"""The open evaluator: a text-motion model that scores motions without the official evaluator's files.

Two towers, trained contrastively by `training.evaluation.train_evaluator` (like TMR, Petrovich et al., 2023,
but without its generative losses), map captions and motions to one embedding space. It shares neither trained
weights nor seeds with RAM's encoders. The input of the motion tower is the visible motion: the joints decoded
from the features, and their velocities, not the redundant rotations, velocities and contacts.
"""

import dataclasses
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
import torch.nn.functional as F
from safetensors.torch import load_file
from torch import Tensor, nn

from ram_sdk.checkpoint.weights import write_weights
from ram_sdk.files import replacing, write_whole
from ram_sdk.geometry import rotate, yaw_quaternion
from ram_sdk.models.text_backbone import TextBackbone
from ram_sdk.models.transformer import TransformerEncoder
from ram_sdk.skeleton.features import decode_features
from ram_sdk.skeleton.joints import HUMANML3D, SKELETONS, Skeleton
from training.dataset import pad
from training.evaluation.evaluator import Sample, sha256

OPEN = Path(__file__).parent / "open"
"""Folder of the evaluator that comes with the project, trained on the open set."""

_STRIDE = 4  # frames per token of the motion tower
_RADIUS = 10.0  # norm of an embedding, which gives distances of the usual size
_CHUNK = 32  # sequences of similar length in a batch


@dataclass(frozen=True)
class OpenEvaluatorConfig:
    """Sizes of the two towers."""

    skeleton: str = HUMANML3D.name
    text_backbone: str = ""  # sha256 of the frozen text backbone that gives the text tower's token states
    text_dim: int = 384
    width: int = 192
    feedforward: int = 384
    num_layers: int = 2
    num_heads: int = 4
    embedding_dim: int = 128
    dropout: float = 0.1

    @property
    def num_channels(self) -> int:
        """Number of channels of `motion_channels`."""
        return 4 + 3 * (SKELETONS[self.skeleton].num_joints - 1) + 3 * SKELETONS[self.skeleton].num_joints


def motion_channels(features: Tensor, skeleton: Skeleton) -> Tensor:
    """The input of the motion tower for a clip.

    Args:
        features: `(frames, skeleton.num_features)` in real units; at least 2 frames.
        skeleton: the joint tree.

    Returns:
        `(frames - 1, channels)`, relative to the body's heading: root yaw and ground velocity, root height,
        the positions of the other joints, and the velocities of the decoded positions of all joints.
    """
    joints = decode_features(features.double(), skeleton)
    half_yaw = F.pad(features[:-1, 0].double().cumsum(0), (1, 0))
    step = rotate(yaw_quaternion(half_yaw)[:-1, None], joints[1:] - joints[:-1])
    width = 4 + 3 * (skeleton.num_joints - 1)
    return torch.cat((features[:-1, :width], step.flatten(1).float()), dim=1)


class _Tower(nn.Module):
    """A transformer that encodes a sequence to one embedding of fixed norm."""

    def __init__(self, config: OpenEvaluatorConfig) -> None:
        super().__init__()
        self.token = nn.Parameter(torch.randn(config.width))
        self.transformer = TransformerEncoder(
            config.width, config.feedforward, config.num_layers, config.num_heads, config.dropout
        )
        self.output = nn.Linear(config.width, config.embedding_dim)

    def summarize(self, sequence: Tensor, mask: Tensor) -> Tensor:
        """`(batch, length, width)` and its mask to `(batch, embedding_dim)` of norm 10."""
        encoded = self.transformer(self.token.expand(len(sequence), -1), sequence, mask)[:, 0]
        return _RADIUS * F.normalize(self.output(encoded).float(), dim=-1)


class TextTower(_Tower):
    """Token states of the frozen backbone to embeddings."""

    def __init__(self, config: OpenEvaluatorConfig) -> None:
        super().__init__(config)
        self.input = nn.Linear(config.text_dim, config.width)

    def forward(self, tokens: Tensor, mask: Tensor) -> Tensor:
        """`(batch, tokens, text_dim)` and `(batch, tokens)`, True = valid, to `(batch, embedding_dim)`."""
        return self.summarize(self.input(tokens), mask)


class MotionTower(_Tower):
    """Channels of `motion_channels` to embeddings; two strided convolutions turn four frames into a token."""

    mean: Tensor
    std: Tensor

    def __init__(self, config: OpenEvaluatorConfig) -> None:
        super().__init__(config)
        channels = config.num_channels
        self.register_buffer("mean", torch.zeros(channels))
        self.register_buffer("std", torch.ones(channels))
        self.convolutions = nn.ModuleList(
            nn.Conv1d(width, config.width, kernel_size=4, stride=2, padding=1)
            for width in (channels, config.width)
        )

    def forward(self, motion: Tensor, mask: Tensor) -> Tensor:
        """`(batch, frames, channels)` and its mask; frames a multiple of 4. Padding has no effect."""
        x = (motion - self.mean) / self.std * mask[..., None]
        for convolution in self.convolutions:
            mask = mask.view(len(mask), -1, 2).any(-1)
            x = F.gelu(convolution(x.transpose(1, 2))).transpose(1, 2) * mask[..., None]
        return self.summarize(x, mask)


class OpenEvaluatorNetwork(nn.Module):
    """Both towers."""

    def __init__(self, config: OpenEvaluatorConfig) -> None:
        super().__init__()
        self.config = config
        self.text = TextTower(config)
        self.motion = MotionTower(config)

    def embed_texts(self, tokens: Sequence[Tensor]) -> Tensor:
        """Sequences of token states `(tokens, text_dim)` to embeddings `(n, embedding_dim)`, in order."""
        return _in_chunks(self.text, tokens, multiple=1)

    def embed_motions(self, channels: Sequence[Tensor]) -> Tensor:
        """Sequences of channels `(frames, channels)` to embeddings `(n, embedding_dim)`, in order."""
        return _in_chunks(self.motion, channels, multiple=_STRIDE)


def _in_chunks(
    tower: Callable[[Tensor, Tensor], Tensor], sequences: Sequence[Tensor], multiple: int
) -> Tensor:
    order = sorted(range(len(sequences)), key=lambda i: len(sequences[i]))
    chunks = [order[start : start + _CHUNK] for start in range(0, len(order), _CHUNK)]
    encoded = [tower(*pad([sequences[i] for i in chunk], multiple)) for chunk in chunks]
    return torch.cat(encoded)[torch.tensor(order).argsort()]


class OpenEvaluator:
    """An `Evaluator` with the two towers and the frozen text backbone.

    Attributes:
        name: its name in tables.
        skeleton: the skeleton of the features that it embeds.
        network: the towers.
        hashes: sha256 of the weights' file, if they were read from one.
    """

    def __init__(self, network: OpenEvaluatorNetwork, backbone: TextBackbone, name: str = "open") -> None:
        if backbone.config.sha256 != network.config.text_backbone:
            raise ValueError(
                f"the evaluator needs token states of the text backbone {network.config.text_backbone[:12]}, "
                f"not of {backbone.config.name} ({backbone.config.sha256[:12]})"
            )
        self.name = name
        self.hashes: dict[str, str] = {}
        self.network = network.eval().requires_grad_(False)
        self._backbone = backbone
        self.skeleton = SKELETONS[network.config.skeleton]
        self._texts: dict[str, Tensor] = {}

    @classmethod
    def load(cls, folder: Path, backbone: TextBackbone) -> "OpenEvaluator":
        """Read `config.json` and `model.safetensors` from a folder written by `save`.

        Raises:
            FileNotFoundError: one of them is missing.
            ValueError: the evaluator was trained with another text backbone.
        """
        config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
        network = OpenEvaluatorNetwork(OpenEvaluatorConfig(**config))
        network.load_state_dict(load_file(folder / "model.safetensors"))
        evaluator = cls(network, backbone)
        evaluator.hashes["model.safetensors"] = sha256(folder / "model.safetensors")
        return evaluator

    @torch.no_grad()
    def embed(self, samples: Sequence[Sample]) -> tuple[Tensor, Tensor]:
        """Embeddings of captions and motions.

        Args:
            samples: captions and features `(frames, features)` in real units.

        Returns:
            Two float32 tensors `(n, embedding_dim)`, in the samples' order.
        """
        captions = [sample.caption.text for sample in samples]
        self._embed_texts([text for text in dict.fromkeys(captions) if text not in self._texts])
        channels = [motion_channels(torch.from_numpy(s.features), self.skeleton) for s in samples]
        return torch.stack([self._texts[text] for text in captions]), self.network.embed_motions(channels)

    def _embed_texts(self, texts: Sequence[str]) -> None:
        """Embed captions and cache the results."""
        by_length = sorted(texts, key=len)
        for start in range(0, len(by_length), _CHUNK):
            chunk = by_length[start : start + _CHUNK]
            tokens, mask = self._backbone.encode(chunk)
            self._texts.update(zip(chunk, self.network.text(tokens, mask), strict=True))


def save(network: OpenEvaluatorNetwork, folder: Path) -> None:
    """Write `config.json` and `model.safetensors` for `OpenEvaluator.load`."""
    folder.mkdir(parents=True, exist_ok=True)
    config = json.dumps(dataclasses.asdict(network.config), indent=2) + "\n"
    write_whole(folder / "config.json", config.encode())
    with replacing(folder / "model.safetensors") as temporary:
        write_weights(temporary, {key: w.contiguous() for key, w in network.state_dict().items()})
