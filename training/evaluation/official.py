"""The official evaluators of HumanML3D and KIT-ML (Guo et al., CVPR 2022), read from the user's files.

The networks, word vectors and statistics are those of EricGuo5513/text-to-motion, with which the published
results are measured. For results to be comparable:

- features are normalised with the *evaluator's* statistics, whose standard deviations of root and contacts
  are 25 times smaller than those of the training data (`Mean.npy`, `Std.npy`);
- the last four features, the contacts, are not used;
- lengths are in units of four frames; frames after the last complete unit are zero in normalised space, up to
  the 196 frames to which every clip is padded (generated motions too, which some code does not cut there);
- a caption's length is that of its words and the start and end tokens, without padding.
"""

import pickle
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_sequence

from ram_sdk.skeleton.joints import HUMANML3D, KIT_ML, Skeleton
from training.evaluation.evaluator import Sample, sha256
from training.evaluation.word_vectorizer import FILES as WORD_FILES
from training.evaluation.word_vectorizer import TAGS, WordVectorizer

UNIT = 4  # frames in one step of the motion encoder
MAX_FRAMES = 196  # to which clips are padded
_CONTACTS = 4
_BATCH = 64


@dataclass(frozen=True)
class _Published:
    """File names of a data set's official evaluator, and the hashes of its statistics."""

    skeleton: Skeleton
    title: str
    folder: str
    run: str  # the folder whose meta/ has the statistics
    statistics: tuple[str, str]  # sha256 of the published mean and std


_PUBLISHED = (
    _Published(
        HUMANML3D,
        "HumanML3D evaluator (Guo et al.)",
        "t2m",
        "Comp_v6_KLD01",
        (
            "0bdb5ba69a3a9e34d71990db15bc535ebc024c8d95ddb5574196f96058faa7d3",
            "6a5f7d60301c9465972fc225f8ad0ee8f957e7720431189123eb6d15873a9557",
        ),
    ),
    _Published(
        KIT_ML,
        "KIT-ML evaluator (Guo et al.)",
        "kit",
        "Comp_v6_KLD005",
        (
            "9e23fac51db2215ab5666324226be48f27efd6a6e7b22ebd17c28e0f056a7c22",
            "296a60656cea07e65ee64512d73d47c0412df0698b35194116330661be32fa90",
        ),
    ),
)


class OfficialEvaluator:
    """An `Evaluator` with the official weights.

    Args:
        root: folder with the files, in the layout of text-to-motion (`checkpoints/t2m/...`, `glove/`) or of
            MDM (`t2m/...`, `dataset/t2m_mean.npy`, `glove/`).
        skeleton: `HUMANML3D` or `KIT_ML`, which selects the evaluator.
        device: of the networks.

    Attributes:
        name: its name in tables.
        skeleton: the skeleton of the features that it embeds.
        hashes: sha256 of each of its files, by path in the folder.

    Raises:
        FileNotFoundError: files are missing; the message lists all of them.
        ValueError: a file has other content.
    """

    def __init__(self, root: str | Path, skeleton: Skeleton, device: str | torch.device = "cpu") -> None:
        published = next(p for p in _PUBLISHED if p.skeleton is skeleton)
        files = _locate(Path(root), published)
        self.name = published.title
        self.hashes = {str(p.relative_to(root)): sha256(p) for p in files.values()}
        self.skeleton = skeleton
        self._device = torch.device(device)
        self._words = WordVectorizer.from_folder(files[WORD_FILES[0]].parent)
        self._mean, self._std = (_statistics(files[key], skeleton) for key in ("mean", "std"))
        if tuple(sha256(files[key]) for key in ("mean", "std")) != published.statistics:
            warnings.warn(
                f"{files['mean']} and {files['std'].name} are not the published statistics of the "
                f"{published.title}: results with the training set's, or any others, are not comparable",
                stacklevel=2,
            )
        self._movement, self._motion, self._text = _read_networks(files["weights"], skeleton, self._device)

    @torch.inference_mode()
    def embed(self, samples: Sequence[Sample]) -> tuple[Tensor, Tensor]:
        """Text and motion embeddings `(samples, 512)`, in the samples' order.

        Raises:
            ValueError: a caption without tokens, or features of the wrong width or not 4 to 199 frames long.
        """
        batches = [samples[i : i + _BATCH] for i in range(0, len(samples), _BATCH)]
        text = torch.cat([self._embed_captions(batch) for batch in batches])
        motion = torch.cat([self._embed_motions(batch) for batch in batches])
        return text.cpu(), motion.cpu()

    def _embed_captions(self, samples: Sequence[Sample]) -> Tensor:
        words, tags = zip(*(self._words(sample.caption.tokens) for sample in samples), strict=True)
        lengths = torch.tensor([len(caption) for caption in words])
        padded = (pad_sequence(list(x), batch_first=True).to(self._device) for x in (words, tags))
        embeddings: Tensor = self._text(*padded, lengths)
        return embeddings

    def _embed_motions(self, samples: Sequence[Sample]) -> Tensor:
        lengths = torch.tensor([self._length(sample) for sample in samples])
        motion = torch.zeros(len(samples), MAX_FRAMES, self.skeleton.num_features)
        for row, sample, length in zip(motion, samples, lengths.tolist(), strict=True):
            row[:length] = (torch.from_numpy(sample.features[:length]) - self._mean) / self._std
        movements = self._movement(motion[..., :-_CONTACTS].to(self._device))
        embeddings: Tensor = self._motion(movements, lengths // UNIT)
        return embeddings

    def _length(self, sample: Sample) -> int:
        """Number of frames in complete units."""
        frames, width = sample.features.shape
        expected, most = self.skeleton.num_features, MAX_FRAMES + UNIT - 1
        if width != expected or not UNIT <= frames <= most:
            raise ValueError(
                f"features ({frames}, {width}): the {self.name} expects {UNIT} to {most} frames of {expected}"
            )
        return int(frames // UNIT * UNIT)


class _MovementEncoder(nn.Module):
    """Two strided convolutions that turn four frames into one step."""

    def __init__(self, features: int, hidden: int, out: int) -> None:
        super().__init__()
        self.main = nn.Sequential(
            nn.Conv1d(features, hidden, 4, 2, 1),
            nn.Dropout(0.2),
            nn.LeakyReLU(0.2),
            nn.Conv1d(hidden, out, 4, 2, 1),
            nn.Dropout(0.2),
            nn.LeakyReLU(0.2),
        )
        self.out_net = nn.Linear(out, out)

    def forward(self, features: Tensor) -> Tensor:
        """`(batch, frames, features)` to `(batch, frames / 4, out)`."""
        steps: Tensor = self.out_net(self.main(features.mT).mT)
        return steps


class _SequenceEncoder(nn.Module):
    """Bidirectional GRU with a learned initial state; the embedding is computed from its two last states."""

    def __init__(self, features: int, hidden: int, out: int) -> None:
        super().__init__()
        self.input_emb = nn.Linear(features, hidden)
        self.gru = nn.GRU(hidden, hidden, batch_first=True, bidirectional=True)
        self.output_net = nn.Sequential(
            nn.Linear(2 * hidden, hidden), nn.LayerNorm(hidden), nn.LeakyReLU(0.2), nn.Linear(hidden, out)
        )
        self.hidden = nn.Parameter(torch.zeros(2, 1, hidden))

    def forward(self, sequence: Tensor, lengths: Tensor) -> Tensor:
        """`(batch, steps, features)` to `(batch, out)`; packing sorts by length and undoes it."""
        packed = pack_padded_sequence(
            self.input_emb(sequence), lengths, batch_first=True, enforce_sorted=False
        )
        _, (forward, backward) = self.gru(packed, self.hidden.repeat(1, len(sequence), 1))
        embedding: Tensor = self.output_net(torch.cat((forward, backward), dim=-1))
        return embedding


class _TextEncoder(_SequenceEncoder):
    """Sequence encoder of words, to which the embedding of their tags is added."""

    def __init__(self, tags: int, features: int, hidden: int, out: int) -> None:
        super().__init__(features, hidden, out)
        self.pos_emb = nn.Linear(tags, features)

    def forward(self, words: Tensor, tags: Tensor, lengths: Tensor) -> Tensor:  # type: ignore[override]
        """`(batch, words, features)` and `(batch, words, tags)` to `(batch, out)`."""
        return super().forward(words + self.pos_emb(tags), lengths)


def _locate(root: Path, published: _Published) -> dict[str, Path]:
    """The files by their role.

    Raises:
        FileNotFoundError: some are missing.
    """
    name, meta = published.folder, f"{published.folder}/{published.run}/meta"
    weights = f"{name}/text_mot_match/model/finest.tar"
    candidates = {
        "weights": (weights, f"checkpoints/{weights}"),
        **{
            key: (f"{meta}/{key}.npy", f"checkpoints/{meta}/{key}.npy", f"dataset/{name}_{key}.npy")
            for key in ("mean", "std")
        },
        **{file: (f"glove/{file}",) for file in WORD_FILES},
    }
    found = {
        key: next((root / path for path in paths if (root / path).is_file()), None)
        for key, paths in candidates.items()
    }
    missing = [" or ".join(candidates[key]) for key, path in found.items() if path is None]
    if missing:
        raise FileNotFoundError(
            f"{root} lacks files of the {published.title}: {'; '.join(missing)}. Unpack {name}.zip and "
            "glove.zip into it, which prepare/download_t2m_evaluators.sh and prepare/download_glove.sh of "
            "https://github.com/GuyTevet/motion-diffusion-model fetch; mean and std are in its dataset/"
        )
    return {key: path for key, path in found.items() if path is not None}


def _statistics(path: Path, skeleton: Skeleton) -> Tensor:
    values = np.load(path, allow_pickle=False)
    if values.shape != (skeleton.num_features,):
        raise ValueError(f"{path} has the shape {values.shape}: expected ({skeleton.num_features},)")
    return torch.from_numpy(values.astype(np.float32))


def _read_networks(
    path: Path, skeleton: Skeleton, device: torch.device
) -> tuple[_MovementEncoder, _SequenceEncoder, _TextEncoder]:
    """The three networks, with sizes inferred from the weights."""
    try:
        stored = torch.load(path, map_location="cpu", weights_only=True)
        weights = [stored[f"{key}_encoder"] for key in ("movement", "motion", "text")]
        movement = _MovementEncoder(*_conv_sizes(weights[0]))
        motion = _SequenceEncoder(*_gru_sizes(weights[1]))
        text = _TextEncoder(len(TAGS), *_gru_sizes(weights[2]))
        for network, own in zip((movement, motion, text), weights, strict=True):
            network.load_state_dict(own)
            network.to(device).eval()
    except (pickle.UnpicklingError, RuntimeError, KeyError, TypeError, ValueError) as error:
        raise ValueError(f"{path} does not contain the evaluator's weights: {error}") from error
    features, _, _ = _conv_sizes(weights[0])
    if features != skeleton.num_features - _CONTACTS:
        raise ValueError(
            f"{path} reads {features} features: {skeleton.name} has {skeleton.num_features}, with "
            f"{_CONTACTS} contacts that the evaluator does not use"
        )
    return movement, motion, text


def _conv_sizes(weights: Mapping[str, Tensor]) -> tuple[int, int, int]:
    hidden, features, _ = weights["main.0.weight"].shape
    return features, hidden, len(weights["out_net.weight"])


def _gru_sizes(weights: Mapping[str, Tensor]) -> tuple[int, int, int]:
    hidden, features = weights["input_emb.weight"].shape
    return features, hidden, len(weights["output_net.3.weight"])
