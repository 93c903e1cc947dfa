"""A checkpoint's prompt reader: a small network that is fitted to labelled sentences."""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ram_sdk import RAMPipeline
from ram_sdk.checkpoint import add_component
from ram_sdk.models import RELATIONS, PromptReader, ReaderConfig, Readings
from training.data.folder import MotionTextFolder
from training.open_data.reading import Labelled, arms_actions, training_sentences, unseen_sentences

_EPOCHS, _BATCH = 6, 256
_RATE, _ACTION_RATE = 1e-3, 0.1  # highest learning rates, of the transformer and of the linear map
_DECAY, _ACTION_DECAY = 0.1, 0.01
_WARM_UP = 0.1  # of the steps
_SMOOTHING = 0.1  # share of a label that is spread over all
_UNHEARD = 0.1  # of the tokens that are left out in a step
_SORTED = 20  # batches among which sentences of a length are gathered


@dataclass(frozen=True)
class Accuracy:
    """Shares of sentences of unseen wordings of which a reader reads the relation and the actions."""

    relation: float
    one: float
    then: float
    both: float


@dataclass(frozen=True)
class Examples:
    """Sentences as the text backbone reads them, and their labels; -1 is no second action."""

    states: Sequence[Tensor]
    relation: Tensor
    actions: Tensor

    def __len__(self) -> int:
        return len(self.states)

    def batch(self, rows: Sequence[int]) -> tuple[Tensor, Tensor]:
        """Padded states and their mask."""
        states = nn.utils.rnn.pad_sequence([self.states[row] for row in rows], batch_first=True).float()
        lengths = torch.tensor([len(self.states[row]) for row in rows])
        return states, torch.arange(states.shape[1])[None] < lengths[:, None]


def add_reader(folder: Path, data: MotionTextFolder, seed: int = 0) -> Accuracy:
    """Fit a reader to the text backbone of a pipeline folder, and write it there.

    Args:
        folder: the checkpoint.
        data: its captions are read, beside all wordings.
        seed: of the sentences and of training.

    Raises:
        CheckpointError: the folder is not a pipeline folder.
        ValueError: the data set has no `clips.json`.
    """
    pipeline = RAMPipeline.from_pretrained(folder)
    sentences = training_sentences(data, seed)
    names = tuple(sorted({name for one in sentences for name in one.actions}))
    arms = tuple(name for name in arms_actions() if name in names)
    reader = fit(
        encoded(pipeline, sentences, names),
        ReaderConfig(pipeline.text_backbone.config.dim, names, arms),
        seed,
    )
    accuracy = measure(reader, encoded(pipeline, unseen_sentences(seed), names))
    add_component(folder, "reader", reader)
    return accuracy


def fit(examples: Examples, config: ReaderConfig, seed: int) -> PromptReader:
    """Train a reader on sentences."""
    torch.manual_seed(seed)
    reader = PromptReader(config)
    reader.mean.copy_(torch.stack([states.float().mean(0) for states in examples.states]).mean(0))
    linear = set(reader.action.parameters())
    optimizer = torch.optim.AdamW(
        [
            {"params": [p for p in reader.parameters() if p not in linear], "weight_decay": _DECAY},
            {"params": list(linear), "weight_decay": _ACTION_DECAY},
        ]
    )
    batches = list(_batches(examples, random.Random(seed)))
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, [_RATE, _ACTION_RATE], total_steps=len(batches), pct_start=_WARM_UP
    )
    for rows in batches:
        states, mask = examples.batch(rows)
        heard = torch.rand(mask.shape) > _UNHEARD
        heard[:, 0] = True
        loss = _loss(reader(states, mask & heard), examples.relation[rows], examples.actions[rows])
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        schedule.step()
    return reader.eval()


@torch.no_grad()
def measure(reader: PromptReader, examples: Examples) -> Accuracy:
    """How much of the examples a reader reads as they are labelled."""
    right_relation, right_actions = [], []
    for start in range(0, len(examples), _BATCH):
        rows = list(range(len(examples)))[start : start + _BATCH]
        read = reader(*examples.batch(rows))
        right_relation.append(read.relation.argmax(-1) == examples.relation[rows])
        wanted = examples.actions[rows]
        right_actions.append(((read.actions.argmax(-1) == wanted) | (wanted < 0)).all(-1))
    relation, actions = torch.cat(right_relation).float(), torch.cat(right_actions).float()
    one, then, both = (float(actions[examples.relation == row].mean()) for row in range(len(RELATIONS)))
    return Accuracy(float(relation.mean()), one, then, both)


def _loss(read: Readings, relation: Tensor, actions: Tensor) -> Tensor:
    """Cross entropy of the relation and of each action that there is."""
    second = torch.where(
        actions[:, 1] < 0, 0.0, _cross_entropy(read.actions[:, 1], actions[:, 1].clamp_min(0))
    )
    total = (
        _cross_entropy(read.relation, relation) + _cross_entropy(read.actions[:, 0], actions[:, 0]) + second
    )
    return total.mean()


def _cross_entropy(likely: Tensor, wanted: Tensor) -> Tensor:
    """Of each row of log-probabilities, with smoothed labels."""
    right = F.nll_loss(likely, wanted, reduction="none")
    return (1.0 - _SMOOTHING) * right - _SMOOTHING * likely.mean(-1)


def _batches(examples: Examples, rng: random.Random) -> Iterator[list[int]]:
    """Rows of every step: sentences of about a length, in another order each time."""
    lengths = [len(states) for states in examples.states]
    for _ in range(_EPOCHS):
        rows = rng.sample(range(len(examples)), len(examples))
        gathered = [
            row
            for start in range(0, len(rows), _SORTED * _BATCH)
            for row in sorted(rows[start : start + _SORTED * _BATCH], key=lambda row: lengths[row])
        ]
        batches = [gathered[start : start + _BATCH] for start in range(0, len(gathered), _BATCH)]
        yield from rng.sample(batches, len(batches))


@torch.no_grad()
def encoded(pipeline: RAMPipeline, sentences: Sequence[Labelled], names: Sequence[str]) -> Examples:
    """Token states of sentences in half precision, those of a length together, and their labels."""
    order = sorted(range(len(sentences)), key=lambda row: len(sentences[row].text))
    states: dict[int, Tensor] = {}
    for start in range(0, len(order), _BATCH):
        rows = order[start : start + _BATCH]
        tokens, mask = pipeline.text_backbone.encode([sentences[row].text for row in rows])
        states |= {row: own[valid].half() for row, own, valid in zip(rows, tokens, mask, strict=True)}
    number = {name: place for place, name in enumerate(names)} | {"": -1}
    labels = [[number[name] for name in (*one.actions, "")[:2]] for one in sentences]
    relations = [RELATIONS.index(one.relation) for one in sentences]
    return Examples(
        [states[row] for row in range(len(sentences))], torch.tensor(relations), torch.tensor(labels)
    )
