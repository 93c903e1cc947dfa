"""A motion-text folder in HumanML3D's format, held in memory and served as batches of similar lengths."""

import dataclasses
import hashlib
import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.torch import load_file
from torch import Tensor
from tqdm import tqdm

from ram_sdk.checkpoint.weights import write_weights
from ram_sdk.files import replacing
from ram_sdk.models.text_backbone import TextBackbone
from training.config import TrainingConfig
from training.data.clip import Clip
from training.data.folder import MotionTextFolder, crop, read_listing
from training.objective import Batch

_BUCKET = 32  # batches whose clips are sorted by length together
_MULTIPLE = 8  # of frames and tokens that batches are padded to: few shapes, so kernels are compiled once


def read_split(folder: MotionTextFolder, split: str, min_frames: int) -> list[Clip]:
    """Read the clips of a split that HumanML3D's loader uses; see `MotionTextFolder.items`."""
    about = read_listing(folder.root)
    items = folder.items(split, min_frames)
    return [
        _clip(features, tuple(caption.text for caption in captions), about.get(clip_id, {}))
        for clip_id, features, captions in tqdm(items, desc=f"reading {split}", leave=False, disable=None)
    ]


def _clip(features: NDArray[np.float32], captions: tuple[str, ...], entry: Mapping[str, Any]) -> Clip:
    return Clip(features, captions, entry.get("action", "").partition("+")[0], "composed" in entry)


def sampling_weights(
    clips: Sequence[Clip], balance: float, emphasis: Mapping[str, float]
) -> NDArray[np.float64]:
    """The sampling weight of each clip.

    Args:
        clips: of the training split.
        balance: clips of an action with n clips get weight n^-balance, captured and composed ones counted
            separately.
        emphasis: further factors by action.

    Returns:
        `(clips,)`; the total weight of composed clips is at most that of captured ones.
    """
    counts = Counter((clip.composed, clip.action) for clip in clips)
    weights = np.array(
        [counts[clip.composed, clip.action] ** -balance * emphasis.get(clip.action, 1.0) for clip in clips]
    )
    composed = np.array([clip.composed for clip in clips])
    captured = weights[~composed].sum()
    if composed.any() and captured:
        weights[composed] *= min(1.0, captured / weights[composed].sum())
    return weights


def fingerprint(clips: Sequence[Clip], mean: NDArray[np.float32], std: NDArray[np.float32]) -> str:
    """SHA-256 of clips, their captions and the statistics of their features."""
    digest = hashlib.sha256(np.concatenate([mean, std]).astype(np.float32).tobytes())
    for clip in clips:
        digest.update(json.dumps([*clip.features.shape, *clip.captions]).encode())
        digest.update(np.ascontiguousarray(clip.features).data)
    return digest.hexdigest()


class CaptionStates:
    """Token states of the frozen backbone for every caption, computed once and cached next to the data."""

    def __init__(
        self,
        captions: Sequence[str],
        backbone: TextBackbone,
        cache: Path,
        device: torch.device | str = "cpu",
    ) -> None:
        """Read the states from the cache, after computing them if they are missing.

        Args:
            captions: all captions that will be looked up.
            backbone: encodes them.
            cache: folder of the cached states.
            device: of the tensors that `batch` returns.
        """
        unique = sorted(set(captions))
        key = hashlib.sha256("\n".join([backbone.config.sha256, *unique]).encode()).hexdigest()[:16]
        path = cache / f"{key}.safetensors"
        if not path.is_file():
            cache.mkdir(parents=True, exist_ok=True)
            with replacing(path) as temporary:
                write_weights(temporary, _encode_all(unique, backbone))
        stored = load_file(path)
        self._states = stored["states"].to(device)
        self._offsets = stored["offsets"]
        self._index = {caption: i for i, caption in enumerate(unique)}

    def __getitem__(self, caption: str) -> Tensor:
        """Token states `(tokens, dim)`, float16."""
        i = self._index[caption]
        return self._states[self._offsets[i] : self._offsets[i + 1]]

    def batch(
        self, captions: Sequence[str], multiple: int = 1, share: Tensor | slice = slice(None)
    ) -> tuple[Tensor, Tensor]:
        """Token states `(batch, tokens, dim)`, float32, zero where padded, and their mask; see `cut`."""
        chosen = torch.tensor([self._index[caption] for caption in captions])
        starts = self._offsets[chosen]
        states, mask = cut(self._states, starts, self._offsets[chosen + 1] - starts, multiple, share)
        return states.float(), mask


def read_training(
    folder: MotionTextFolder, backbone: TextBackbone, min_frames: int, device: torch.device | str = "cpu"
) -> tuple[list[Clip], list[Clip], CaptionStates]:
    """Clips of the train and val splits and the states of their captions; see `read_split`.

    Args:
        folder: the data set; the states are cached in its folder `.captions`.
        backbone: reads the captions.
        min_frames: of a clip.
        device: of the states.
    """
    train, val = (read_split(folder, split, min_frames) for split in ("train", "val"))
    captions = [caption for clip in (*train, *val) for caption in clip.captions]
    return train, val, CaptionStates(captions, backbone, folder.root / ".captions", device)


def _encode_all(captions: Sequence[str], backbone: TextBackbone) -> dict[str, Tensor]:
    by_length = sorted(range(len(captions)), key=lambda i: len(captions[i]))
    states: list[Tensor] = [torch.empty(0)] * len(captions)
    for start in tqdm(range(0, len(captions), 128), desc="encoding captions", leave=False, disable=None):
        chosen = by_length[start : start + 128]
        tokens, mask = backbone.encode([captions[i] for i in chosen])
        for row, i in enumerate(chosen):
            states[i] = tokens[row, mask[row]].half().cpu()
    offsets = torch.tensor([0, *(len(s) for s in states)]).cumsum(0)
    return {"states": torch.cat(states), "offsets": offsets}


class Batches:
    """Training batches; the batch of step n depends only on the seed and n, so a run can resume at any step.

    All clips are in one tensor on the device; a batch is one gather from it.

    Attributes:
        num_features: features per frame.
    """

    def __init__(
        self,
        clips: Sequence[Clip],
        captions: CaptionStates,
        mean: Tensor,
        std: Tensor,
        config: TrainingConfig,
        device: torch.device | str = "cpu",
    ) -> None:
        """Normalise the clips and put them on the device.

        Args:
            clips: from `read_split`.
            captions: states of all their captions, on the same device.
            mean: of the features, `(features,)`.
            std: likewise.
            config: batch size, longest clip, sampling weights, bucketing and the seed.
            device: of the batches.

        Raises:
            ValueError: the statistics are invalid, or all sampling weights are 0.
        """
        if not (mean.isfinite().all() and std.isfinite().all() and (std > 0).all()):
            raise ValueError("Mean.npy and Std.npy must be finite, and Std.npy positive")
        self._lengths = np.array([len(clip.features) for clip in clips])
        self._starts = np.cumsum(self._lengths) - self._lengths
        features = torch.from_numpy(np.concatenate([clip.features for clip in clips])).to(device)
        self._frames = features.sub_(mean.to(device)).div_(std.to(device))
        self.num_features = self._frames.shape[1]
        self._captions = [clip.captions for clip in clips]
        self._states = captions
        weights = sampling_weights(clips, config.balance, config.emphasis)
        if not weights.any():
            raise ValueError("emphasis gives every clip a weight of 0: no clip could be sampled")
        self._probability = weights / weights.sum() if np.ptp(weights) else None
        self._size = min(config.batch_size, len(clips))
        self._pool = (_BUCKET if config.bucketing else 1) * self._size
        self._max_frames = config.max_frames
        self._token_dropout = config.token_dropout
        self._captions_per_clip = config.captions_per_clip
        self._seed = config.seed
        self._per_epoch = len(clips) // self._size
        self._epoch = -1
        self._order: list[NDArray[np.int64]] = []

    def at(self, step: int, part: int = 0, parts: int = 1) -> Batch:
        """The batch of a step: random crops and random captions, with token dropout.

        Args:
            step: which batch.
            part: which of `parts` equal shares of its clips; all are padded to the same length.
            parts: number of shares.

        Raises:
            ValueError: the batch cannot be split evenly.
        """
        if self._size % parts:
            raise ValueError(
                f"a batch of {self._size} clips cannot be split evenly into {parts} parts "
                "(processes x accumulation): set batch_size to a multiple of that"
            )
        epoch, position = divmod(step, self._per_epoch)
        if epoch != self._epoch:
            self._epoch, self._order = epoch, self._shuffle(np.random.default_rng((self._seed, 0, epoch)))
        rng = np.random.default_rng((self._seed, 1, step))
        chosen = self._order[position]
        crops = np.array([crop(int(self._lengths[i]), self._max_frames, rng) for i in chosen])
        each = self._captions_per_clip
        captions = [
            self._captions[i][rng.integers(len(self._captions[i]))] for _ in range(each) for i in chosen
        ]
        share = torch.arange(self._size).chunk(parts)[part]
        batch = self._gather(self._starts[chosen] + crops[:, 0], crops[:, 1], captions, share)
        if not self._token_dropout:
            return batch
        draws = rng.random((len(captions), batch.text_mask.shape[1]))[_caption_rows(share, each, self._size)]
        kept = batch.text_mask & torch.from_numpy(draws >= self._token_dropout).to(batch.text_mask.device)
        kept[:, 0] = True  # the backbone's first token represents the sentence
        return dataclasses.replace(batch, text=batch.text * kept[..., None], text_mask=kept)

    def in_order(self) -> Iterator[Batch]:
        """Every clip once, uncropped, with its first caption: for validation."""
        order = np.argsort(self._lengths, kind="stable")
        for start in range(0, len(order), self._size):
            chosen = order[start : start + self._size]
            lengths = np.minimum(self._lengths[chosen], self._max_frames)
            captions = [self._captions[i][0] for i in chosen]
            yield self._gather(self._starts[chosen], lengths, captions, torch.arange(len(chosen)))

    def _gather(
        self, starts: NDArray[np.int64], lengths: NDArray[np.int64], captions: Sequence[str], share: Tensor
    ) -> Batch:
        motion, motion_mask = cut(
            self._frames, torch.from_numpy(starts), torch.from_numpy(lengths), _MULTIPLE, share
        )
        rows = _caption_rows(share, len(captions) // len(starts), len(starts))
        text, text_mask = self._states.batch(captions, _MULTIPLE, rows)
        return Batch(motion, motion_mask, text, text_mask)

    def _shuffle(self, rng: np.random.Generator) -> list[NDArray[np.int64]]:
        lengths = self._lengths
        replace = self._probability is not None
        order = rng.choice(len(lengths), len(lengths), replace=replace, p=self._probability)
        order = order[: self._per_epoch * self._size]  # before sorting, which would drop the longest clips
        pools = [order[i : i + self._pool] for i in range(0, len(order), self._pool)]
        pools = [pool[np.argsort(lengths[pool], kind="stable")] for pool in pools]
        batches = [pool[i : i + self._size] for pool in pools for i in range(0, len(pool), self._size)]
        return [batches[i] for i in rng.permutation(len(batches))]


def _caption_rows(share: Tensor, captions: int, clips: int) -> Tensor:
    """Rows of the captions of some clips; the first captions of all clips come before the second ones."""
    return (torch.arange(captions)[:, None] * clips + share).flatten()


def cut(
    rows: Tensor, starts: Tensor, lengths: Tensor, multiple: int, share: Tensor | slice = slice(None)
) -> tuple[Tensor, Tensor]:
    """Cut sequences out of one long tensor into a padded batch.

    Args:
        rows: `(total, dim)`.
        starts: first row of each sequence, `(batch,)`.
        lengths: likewise.
        multiple: the padded length is the smallest multiple that fits the longest sequence.
        share: which sequences to return; the padded length is that of the whole batch.

    Returns:
        `(share, padded, dim)`, zero where padded, and the mask `(share, padded)`, on the device of `rows`.
    """
    padded = -(-int(lengths.max()) // multiple) * multiple
    starts, lengths = starts[share, None].to(rows.device), lengths[share, None].to(rows.device)
    position = torch.arange(padded, device=rows.device)
    mask = position < lengths
    return rows[starts + position.minimum(lengths - 1)] * mask[..., None], mask


def pad(sequences: Sequence[Tensor], multiple: int) -> tuple[Tensor, Tensor]:
    """Stack sequences `(length, dim)` with zeros into `(batch, padded, dim)`, and their mask.

    The padded length is the smallest multiple of `multiple` that fits the longest.
    """
    lengths = torch.tensor([len(sequence) for sequence in sequences])
    total = -(-int(lengths.max()) // multiple) * multiple
    padded = sequences[0].new_zeros(len(sequences), total, sequences[0].shape[1])
    for row, sequence in zip(padded, sequences, strict=True):
        row[: len(sequence)] = sequence
    return padded, torch.arange(total) < lengths[:, None]
