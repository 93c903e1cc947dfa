"""The five standard metrics as pure functions of embeddings, in float64.

Definitions of Guo et al., "Generating Diverse and Natural 3D Human Motions from Text" (CVPR 2022), section 5,
as in their evaluation code. Embeddings are `(samples, dim)`. The functions are deterministic: the caller
shuffles the samples, which are then cut into groups, and samples pairs with `draw_pairs`.
"""

import math
from collections import Counter
from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

GROUP = 32  # R-Precision ranks one motion among this many
TOP_K = 3


class Moments:
    """Running mean and covariance of embeddings that arrive in batches, without storing them."""

    def __init__(self) -> None:
        self.count = 0
        self._mean = torch.zeros(())
        self._scatter = torch.zeros(())  # sum of outer products of deviations from the mean

    @classmethod
    def of(cls, embeddings: Tensor) -> "Moments":
        """Moments of one whole set."""
        moments = cls()
        moments.add(embeddings)
        return moments

    def add(self, embeddings: Tensor) -> None:
        """Add a batch `(samples, dim)`.

        Raises:
            ValueError: the batch holds NaN or infinite numbers.
        """
        batch = _double(embeddings)
        mean = batch.mean(0)
        deviations = batch - mean
        shift = mean - self._mean
        total = self.count + len(batch)
        self._scatter = (
            self._scatter + deviations.T @ deviations + shift.outer(shift) * (self.count * len(batch) / total)
        )
        self._mean = self._mean + shift * (len(batch) / total)
        self.count = total

    @property
    def mean(self) -> Tensor:
        """`(dim,)`."""
        return self._mean

    @property
    def covariance(self) -> Tensor:
        """`(dim, dim)`, unbiased.

        Raises:
            ValueError: fewer than two samples were added.
        """
        if self.count < 2:
            raise ValueError(f"a covariance needs at least 2 samples, {self.count} were added")
        return self._scatter / (self.count - 1)


def frechet_distance(a: Tensor | Moments, b: Tensor | Moments) -> float:
    """FID: Fréchet distance between two Gaussians fitted to embeddings, or given by their moments.

    `|m_a - m_b|^2 + tr(C_a + C_b - 2 (C_a C_b)^(1/2))`, where the trace of the root is computed as the sum of
    the singular values of `C_a^(1/2) C_b^(1/2)`: it is real at any rank, so that no correction is needed for
    fewer samples than dimensions.

    Raises:
        ValueError: fewer than two samples, or NaN.
    """
    first, second = (x if isinstance(x, Moments) else Moments.of(x) for x in (a, b))
    shared = torch.linalg.svdvals(_root(first.covariance) @ _root(second.covariance)).sum()
    spread = first.covariance.trace() + second.covariance.trace() - 2 * shared
    return float((first.mean - second.mean).square().sum() + spread)


def r_precision(
    text: Tensor,
    motion: Tensor,
    top_k: int = TOP_K,
    group: int = GROUP,
    labels: Sequence[Hashable] | None = None,
) -> Tensor:
    """R-Precision: how often a caption's own motion is among its `k` nearest in a group.

    Samples are cut into groups in the given order; an incomplete last group is dropped, as in the original
    code.

    Args:
        text: `(samples, dim)` caption embeddings.
        motion: `(samples, dim)` motion embeddings of the same samples.
        top_k: largest `k`.
        group: group size, the number of motions that each caption ranks.
        labels: a class for each sample; every motion of the caption's class then counts as correct
            (label-aware R-Precision, which is not the standard metric).

    Returns:
        `(top_k,)` shares for `k` = 1 to `top_k`.

    Raises:
        ValueError: fewer samples than one group, unequal shapes, or NaN.
    """
    text, motion = _paired(text, motion)
    groups = _count_groups(len(text), group)
    text, motion = (x[: groups * group].reshape(groups, group, -1) for x in (text, motion))
    distances = torch.cdist(text, motion, compute_mode="donot_use_mm_for_euclid_dist")
    nearest = distances.argsort(dim=-1, stable=True)[..., :top_k]
    classes = torch.arange(group).expand(groups, group) if labels is None else _classes(labels, groups, group)
    right = classes.gather(1, nearest.flatten(1)).view_as(nearest) == classes[..., None]
    return right.cumsum(-1).clamp(max=1).double().mean((0, 1))


def duplicate_limit(captions: Sequence[Hashable], top_k: int = TOP_K, group: int = GROUP) -> Tensor:
    """The highest R-Precision that any evaluator can reach, given identical captions in a group.

    Identical captions rank the motions identically, so at most `k` of the `c` motions of a caption can be
    among its first `k`: the limit is the mean over groups of `sum(min(k, c)) / group`.

    Args:
        captions: one for each sample, in the same order as for `r_precision`.
        top_k: largest `k`.
        group: group size.

    Returns:
        `(top_k,)` limits for `k` = 1 to `top_k`.

    Raises:
        ValueError: fewer samples than one group.
    """
    groups = _count_groups(len(captions), group)
    copies = [
        count
        for start in range(0, groups * group, group)
        for count in Counter(captions[start : start + group]).values()
    ]
    ks = torch.arange(1, top_k + 1)
    return torch.tensor(copies)[:, None].minimum(ks).sum(0).double() / (groups * group)


def matching_distance(text: Tensor, motion: Tensor) -> float:
    """MM-Dist: mean Euclidean distance of each caption `(samples, dim)` to its motion `(samples, dim)`.

    Raises:
        ValueError: unequal shapes, or NaN.
    """
    text, motion = _paired(text, motion)
    return float((text - motion).norm(dim=-1).mean())


def draw_pairs(population: int, count: int, rng: np.random.Generator) -> Tensor:
    """Index pairs `(2, count)`: two independent samples without replacement, as in the original code.

    The standard is 300 pairs for Diversity, and 10 pairs of the 30 motions of a prompt for MultiModality.

    Raises:
        ValueError: the population is smaller than `count`.
    """
    if population < count:
        raise ValueError(f"{count} pairs need at least {count} motions, there are {population}")
    return torch.from_numpy(np.stack([rng.choice(population, count, replace=False) for _ in range(2)]))


def diversity(motion: Tensor, pairs: Tensor) -> float:
    """Diversity: mean Euclidean distance between `pairs (2, n)` of motions `(samples, dim)`.

    Raises:
        ValueError: NaN.
    """
    first, second = _double(motion)[pairs]
    return float((first - second).norm(dim=-1).mean())


def multimodality(motion: Tensor, pairs: Tensor) -> float:
    """MultiModality: mean Euclidean distance between motions of the same prompt.

    Args:
        motion: `(prompts, repeats, dim)`.
        pairs: `(2, n)` indices of repeats, the same for every prompt.

    Raises:
        ValueError: NaN.
    """
    motion = _double(motion)
    return float((motion[:, pairs[0]] - motion[:, pairs[1]]).norm(dim=-1).mean())


@dataclass(frozen=True)
class Interval:
    """A mean over replications, and half the width of its 95 % confidence interval."""

    mean: float
    half_width: float  # 0 for a single replication
    replications: int

    @classmethod
    def of(cls, values: Sequence[float]) -> "Interval":
        """`1.96 std / sqrt(n)`, with the population standard deviation, as in the original code."""
        spread = 1.96 * float(np.std(values)) / math.sqrt(len(values))
        return cls(float(np.mean(values)), spread, len(values))

    def __str__(self) -> str:
        return f"{self.mean:.3f} ± {self.half_width:.3f}"


def _root(covariance: Tensor) -> Tensor:
    """Symmetric square root of a covariance."""
    values, vectors = torch.linalg.eigh(covariance)
    root: Tensor = (vectors * values.clamp(min=0).sqrt()) @ vectors.T
    return root


def _double(embeddings: Tensor) -> Tensor:
    if not embeddings.isfinite().all():
        raise ValueError("embeddings hold NaN or infinite numbers: a motion or the evaluator is damaged")
    return embeddings.detach().cpu().double()


def _paired(text: Tensor, motion: Tensor) -> tuple[Tensor, Tensor]:
    if text.shape != motion.shape:
        raise ValueError(
            f"text embeddings {tuple(text.shape)} and motion embeddings {tuple(motion.shape)}: give one each"
        )
    return _double(text), _double(motion)


def _count_groups(samples: int, group: int) -> int:
    if samples < group:
        raise ValueError(f"R-Precision needs at least {group} samples, {samples} were given")
    return samples // group


def _classes(labels: Sequence[Hashable], groups: int, group: int) -> Tensor:
    """Labels as numbers `(groups, group)`."""
    number = {label: i for i, label in enumerate(dict.fromkeys(labels))}
    return torch.tensor([number[label] for label in labels[: groups * group]]).reshape(groups, group)
