"""What a batch makes: a job for each motion, and batches of jobs of like length.

Attention and padding cost what the longest motion of a batch costs, so jobs are sorted by length. A motion's
seed and length come from its own row and its number alone: what the other rows say does not matter.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from operator import attrgetter
from typing import TYPE_CHECKING, Any

import numpy as np

from ram_sdk.batch.table import BadRow, Row
from ram_sdk.changes import Changes
from ram_sdk.formats.write_options import Options
from ram_sdk.shipped import DEFAULT, INDEX
from ram_sdk.text_files import slug

if TYPE_CHECKING:
    from ram_sdk.pipeline import RAMPipeline

_ALIKE = 0.8  # of the longest, at least, for motions of one batch


@dataclass(frozen=True)
class Recipe:
    """How every motion of a batch is made and written; it can be sent to other processes.

    Attributes:
        checkpoint: as `RAMPipeline.from_pretrained` takes it.
        revision: branch, tag or commit on the Hub.
        variant: which weights, such as "fp16".
        lora: a LoRA for the checkpoint.
        lora_scale: how much of it.
        sampling: arguments of `RAMPipeline.__call__`, such as `num_inference_steps` and `num_candidates`.
        suffix: of the files.
        options: of their format; None: its defaults.
        changes: made before writing.
    """

    checkpoint: str = DEFAULT
    revision: str | None = None
    variant: str | None = None
    lora: str | None = None
    lora_scale: float = 1.0
    sampling: Mapping[str, Any] = field(default_factory=dict)
    suffix: str = ".npz"
    options: Options | None = None
    changes: Changes = field(default_factory=Changes)

    def load(self, device: str = "auto") -> "RAMPipeline":
        """The pipeline."""
        from ram_sdk.pipeline import RAMPipeline

        pipeline = RAMPipeline.from_pretrained(
            self.checkpoint, revision=self.revision, variant=self.variant, device=device
        )
        if self.lora is not None:
            pipeline.load_lora(self.lora, self.lora_scale)
        pipeline.set_progress_bar_config(disable=True)
        return pipeline

    def digest(self, pipeline: "RAMPipeline") -> str:
        """A hash of all that shapes the motions, of the weights of the pipeline and its LoRA, too."""
        folder = pipeline.folder
        weights = "" if folder is None else hashlib.sha256((folder / INDEX).read_bytes()).hexdigest()
        lora = None if pipeline.lora is None else pipeline.lora.digest
        content = asdict(replace(self, checkpoint=weights or self.checkpoint, revision=None, lora=lora))
        return _hash(content)


@dataclass(frozen=True)
class Job:
    """One motion to make.

    Attributes:
        row: of the table.
        file: its name in the folder of the batch.
        prompt: what the person does.
        frames: its length.
        trim: whether that is an estimate, so that the stillness at its ends is cut.
        seed: what its noise is drawn from.
        request: a hash of the whole request; a file of another request is made again.
    """

    row: int
    file: str
    prompt: str
    frames: int
    trim: bool
    seed: int
    request: str


def plan(
    rows: Sequence[Row], pipeline: "RAMPipeline", recipe: Recipe, seed: int = 0
) -> tuple[list[Job], list[BadRow]]:
    """The jobs of a table, in its order, and the rows that this pipeline cannot make.

    Args:
        rows: of the table.
        pipeline: that will make them; estimates lengths.
        recipe: how.
        seed: of the run; it changes the motions of all rows without a seed of their own.
    """
    jobs: list[Job] = []
    bad: list[BadRow] = []
    digest, taken = recipe.digest(pipeline), dict[str, int]()
    width = max(5, len(str(max((row.number for row in rows), default=0))))  # of names that sort as the rows
    for row in rows:
        files = [f"{name}{recipe.suffix}" for name in _names(row, width)]
        try:
            frames, trim = _length(row, pipeline)
            double = next((taken[file.casefold()] for file in files if file.casefold() in taken), None)
            if double is not None:
                raise ValueError(f"its name is that of row {double}")
        except ValueError as error:
            bad.append(BadRow(row.number, str(error)))
            continue
        taken |= dict.fromkeys((file.casefold() for file in files), row.number)
        for turn, file in enumerate(files):
            own = motion_seed(seed, row.number, turn) if row.seed is None else row.seed + turn
            request = _hash([digest, row.prompt, row.duration, trim, own])
            jobs.append(Job(row.number, file, row.prompt, frames, trim, own, request))
    return jobs, bad


def motion_seed(seed: int, row: int, turn: int) -> int:
    """A seed for a motion of a row: determined by the three numbers; 53 bits."""
    high, low = np.random.SeedSequence([seed, row, turn]).generate_state(2)
    return (int(high) << 21) | (int(low) >> 11)


def batches(jobs: Iterable[Job], size: int) -> list[list[Job]]:
    """Jobs in batches of like length, the longest first: whatever needs most memory runs first.

    A batch has `size` jobs, or fewer where the next would be padded by more than a quarter of its length: a
    frame costs nearly the same in small batches as in large ones.
    """
    made: list[list[Job]] = []
    for job in sorted(jobs, key=attrgetter("frames"), reverse=True):
        if not made or len(made[-1]) == size or job.frames < _ALIKE * made[-1][0].frames:
            made.append([])
        made[-1].append(job)
    return made


def _names(row: Row, width: int) -> list[str]:
    """Names of a row's files that sort in the table's order, without suffix."""
    stem = row.name or f"{row.number:0{width}d}_{slug(row.prompt)}"
    if row.num == 1:
        return [stem]
    digits = max(2, len(str(row.num)))
    return [f"{stem}_{turn:0{digits}d}" for turn in range(1, row.num + 1)]


def _length(row: Row, pipeline: "RAMPipeline") -> tuple[int, bool]:
    """Frames of a row's motions, which rounding in a batch must not change, and whether to trim them."""
    from ram_sdk import inputs

    pipeline.text_backbone.tokenize([row.prompt])
    lengths = inputs.lengths(None, row.duration, 1, pipeline.normalizer.config)
    [trim] = inputs.trimmed(None, [row.prompt], lengths, ())
    return lengths[0] or pipeline.estimate_frames([row.prompt])[0], trim


def _hash(content: Any) -> str:
    text = json.dumps(content, sort_keys=True, default=str)
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()[:32]
