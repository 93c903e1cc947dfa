"""A checkpoint's prompt reader: a small network that is fitted to labelled sentences."""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor

from ram_sdk import RAMPipeline
from ram_sdk.checkpoint import add_component
from ram_sdk.models import RELATIONS, PromptReader, ReaderConfig, Readings
from training.data.folder import MotionTextFolder
from training.dataset import CaptionStates
from training.open_data.reading import Labelled, arms_actions, training_sentences, unseen_sentences

_EPOCHS, _BATCH = 6, 256
_RATE, _ACTION_RATE = 1e-3, 0.1  # highest learning rates, of the transformer and of the linear map
_DECAY, _ACTION_DECAY = 0.1, 0.01
_WARM_UP = 0.1  # of the steps
_SMOOTHING = 0.1  # share of a label that is spread over all
_UNHEARD = 0.1  # of the tokens that are left out in a step
_NONE = -1  # label of no second action
_SORTED = 20  # batches among which sentences of a length are gathered


@dataclass(frozen=True)
class Accuracy:
    """Shares of sentences of unseen wordings of which a reader reads the relation and the actions."""

    relation: float
    one: float
    then: float
    both: float


def add_reader(folder: Path, data: MotionTextFolder, seed: int = 0) -> Accuracy:
    """Fit a reader to the text backbone of a pipeline folder, and write it there.

    Args:
        folder: the checkpoint.
        data: its captions are read, beside all wordings; token states are kept in its folder `.captions`.
        seed: of the sentences and of training.

    Raises:
        CheckpointError: the folder is not a pipeline folder.
        ValueError: the data set has no `clips.json`.
    """
    backbone = RAMPipeline.from_pretrained(folder).text_backbone
    known, unseen = training_sentences(data, seed), unseen_sentences(seed)
    states = CaptionStates([one.text for one in known + unseen], backbone, data.root / ".captions")
    names = tuple(sorted({name for one in known for name in one.actions}))
    arms = tuple(name for name in arms_actions() if name in names)
    reader = fit(known, states, ReaderConfig(backbone.config.dim, names, arms), seed)
    accuracy = measure(reader, unseen, states)
    add_component(folder, "reader", reader.half())  # half the file, and it reads the same
    return accuracy


def fit(
    sentences: Sequence[Labelled], states: CaptionStates, config: ReaderConfig, seed: int
) -> PromptReader:
    """Train a reader.

    Args:
        sentences: what it learns to read.
        states: their token states.
        config: its sizes, and the actions in the sentences.
        seed: of its weights and of the order of the sentences.
    """
    torch.manual_seed(seed)
    reader = PromptReader(config)
    reader.mean.copy_(torch.stack([states[one.text].float().mean(0) for one in sentences]).mean(0))
    linear = set(reader.action.parameters())
    optimizer = torch.optim.AdamW(
        [
            {"params": [p for p in reader.parameters() if p not in linear], "weight_decay": _DECAY},
            {"params": list(linear), "weight_decay": _ACTION_DECAY},
        ]
    )
    batches = list(_batches(sentences, states, random.Random(seed)))
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, [_RATE, _ACTION_RATE], total_steps=len(batches), pct_start=_WARM_UP
    )
    for batch in batches:
        tokens, mask = states.batch([one.text for one in batch])
        heard = torch.rand(mask.shape) > _UNHEARD
        heard[:, 0] = True
        loss = _loss(reader(tokens, mask & heard), *_labels(batch, config))
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        schedule.step()
    return reader.eval()


@torch.no_grad()
def measure(reader: PromptReader, sentences: Sequence[Labelled], states: CaptionStates) -> Accuracy:
    """How many of the sentences a reader reads as they are labelled."""
    right_relation, right_actions = [], []
    for start in range(0, len(sentences), _BATCH):
        batch = sentences[start : start + _BATCH]
        read = reader(*states.batch([one.text for one in batch]))
        relation, actions = _labels(batch, reader.config)
        right_relation.append(read.relation.argmax(-1) == relation)
        right_actions.append(((read.actions.argmax(-1) == actions) | (actions == _NONE)).all(-1))
    read_rightly = torch.cat(right_actions).float()
    shares = [
        float(read_rightly[[one.relation == relation for one in sentences]].mean()) for relation in RELATIONS
    ]
    return Accuracy(float(torch.cat(right_relation).float().mean()), *shares)


def _labels(sentences: Sequence[Labelled], config: ReaderConfig) -> tuple[Tensor, Tensor]:
    """Rows of `RELATIONS`, and of the first and the second action, `_NONE` where there is no second."""
    number = {name: place for place, name in enumerate(config.actions)}
    actions = [[number[name] for name in one.actions] + [_NONE] * (2 - len(one.actions)) for one in sentences]
    return torch.tensor([RELATIONS.index(one.relation) for one in sentences]), torch.tensor(actions)


def _loss(read: Readings, relation: Tensor, actions: Tensor) -> Tensor:
    """Cross entropy of the relation and of each action that there is."""
    second = torch.where(
        actions[:, 1] == _NONE, 0.0, _cross_entropy(read.actions[:, 1], actions[:, 1].clamp_min(0))
    )
    total = (
        _cross_entropy(read.relation, relation) + _cross_entropy(read.actions[:, 0], actions[:, 0]) + second
    )
    return total.mean()


def _cross_entropy(likely: Tensor, wanted: Tensor) -> Tensor:
    """Of each row of log-probabilities, with smoothed labels."""
    right = F.nll_loss(likely, wanted, reduction="none")
    return (1.0 - _SMOOTHING) * right - _SMOOTHING * likely.mean(-1)


def _batches(
    sentences: Sequence[Labelled], states: CaptionStates, rng: random.Random
) -> Iterator[list[Labelled]]:
    """The sentences of every step: of about a length, in another order each time."""
    for _ in range(_EPOCHS):
        mixed = rng.sample(sentences, len(sentences))
        gathered = [
            one
            for start in range(0, len(mixed), _SORTED * _BATCH)
            for one in sorted(mixed[start : start + _SORTED * _BATCH], key=lambda one: len(states[one.text]))
        ]
        batches = [gathered[start : start + _BATCH] for start in range(0, len(gathered), _BATCH)]
        yield from rng.sample(batches, len(batches))
