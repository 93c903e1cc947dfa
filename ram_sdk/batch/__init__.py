"""Many prompts: a table of them into a folder of motions; a stopped or killed run resumes.

`table` reads the prompts, `plan` makes a job of each motion and sorts them by length, `making` makes and
writes a batch, `processes` does so on several processes, `cluster` with Ray Data; `manifest` is the record.

What a motion is depends on its own row with its number, the seed of the run and the recipe alone. Its batch
neighbours change it by no more than a pipeline's call does: by rounding, since sums of padded batches are
added in another order.
"""

from collections.abc import Callable, Generator, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from ram_sdk.batch import manifest
from ram_sdk.batch.making import make_files
from ram_sdk.batch.manifest import Entry
from ram_sdk.batch.plan import Job, Recipe, batches, plan
from ram_sdk.batch.processes import make_on_processes
from ram_sdk.batch.table import BadRow, Row, read_table
from ram_sdk.locks import folder_lock

__all__ = ["BadRow", "Job", "Recipe", "Report", "Row", "plan", "read_table", "run"]


@dataclass(frozen=True)
class Report:
    """What a run did.

    Attributes:
        made: motions written.
        kept: motions that were there already, intact and as requested.
        skipped: rows, and motions of rows, that were not made, with the reasons.
    """

    made: int
    kept: int
    skipped: tuple[BadRow, ...]


Results = Generator[tuple[list[Entry], list[BadRow]]]
"""What came of each batch: entries for the manifest, and motions that could not be changed as asked."""

Progress = Callable[[int, int, float, float], None]
"""Called with the motions done and in all, and the seconds of motion done and in all."""


def run(
    table: Path,
    folder: Path,
    recipe: Recipe | None = None,
    *,
    seed: int = 0,
    batch_size: int = 16,
    workers: int = 1,
    device: str = "auto",
    on_bad_row: Callable[[BadRow], None] = lambda row: None,
    on_progress: Progress = lambda done, total, seconds, total_seconds: None,
) -> Report:
    """Make the motions of a table, one file each, and `manifest.jsonl`, which says how each was made.

    The same call resumes a run that ended in any way: motions that are in the manifest and intact in the
    folder are kept. Changed rows are made again; files of rows that are gone stay.

    Args:
        table: `.csv`, `.tsv` or `.jsonl` with a column prompt and, if need be, duration, seed, num, name.
        folder: made if it does not exist.
        recipe: how motions are made and written; default: by the shipped checkpoint, as `.npz`.
        seed: of the run; it changes the motions of all rows without a seed of their own.
        batch_size: motions made at a time.
        workers: processes.
        device: of the networks, see `RAMPipeline.from_pretrained`.
        on_bad_row: called with each skipped row, before any motion is made, and with each motion that could
            not be changed as the recipe says.
        on_progress: called after each batch.

    Raises:
        OSError: a file cannot be read or written.
        ValueError: no such table or checkpoint, more motions at a time than a call makes, the folder's own
            manifest as a table, or another run is using the folder.
    """
    recipe = recipe or Recipe()
    from ram_sdk import inputs

    most = inputs.MAX_MOTIONS // max(1, recipe.sampling.get("num_candidates", 1))
    inputs.count("batch_size", batch_size, most)
    if table.resolve() == (folder / manifest.NAME).resolve():
        raise ValueError(f"{str(table)!r} is the record of that folder: give another folder")
    rows, bad = read_table(table)
    with folder_lock(folder):
        pipeline = recipe.load(device)
        jobs, more = plan(rows, pipeline, recipe, seed)
        skipped = sorted((*bad, *more), key=lambda row: row.number)
        for row in skipped:
            on_bad_row(row)
        waiting = _resume(folder, jobs)
        count = _Count(jobs, waiting, pipeline.normalizer.config.fps)
        on_progress(*count.state)
        todo = batches(waiting, batch_size)
        if workers == 1 or len(todo) <= 1:
            results: Results = (make_files(pipeline, one, recipe, folder) for one in todo)
        else:
            del pipeline
            results = make_on_processes(todo, recipe, folder, device, min(workers, len(todo)))
        with closing(results), (folder / manifest.NAME).open("ab") as record:
            for entries, failed in results:
                manifest.append(record, entries)
                for row in failed:
                    on_bad_row(row)
                skipped += failed
                count.add(entries)
                on_progress(*count.state)
    return Report(count.made, len(jobs) - len(waiting), tuple(skipped))


class _Count:
    """Motions, and seconds of motion, done and in all."""

    def __init__(self, jobs: Sequence[Job], waiting: Sequence[Job], fps: float) -> None:
        self._fps, self._frames = fps, {job.file: job.frames for job in waiting}
        self._total, self._total_frames = len(jobs), sum(job.frames for job in jobs)
        self._kept, self._left = len(jobs) - len(waiting), sum(self._frames.values())
        self.made = 0

    def add(self, entries: Sequence[Entry]) -> None:
        self.made += len(entries)
        self._left -= sum(self._frames[entry["file"]] for entry in entries)

    @property
    def state(self) -> tuple[int, int, float, float]:
        """The arguments of `Progress`."""
        seconds = (self._total_frames - self._left) / self._fps
        return self._kept + self.made, self._total, seconds, self._total_frames / self._fps


def _resume(folder: Path, jobs: Sequence[Job]) -> list[Job]:
    """The jobs that are still to be done; the manifest then holds the others, and files of other rows."""
    entries = manifest.read_manifest(folder)
    waiting = []
    for job in jobs:
        entry = entries.get(job.file)
        if entry is None or entry.get("request") != job.request or not manifest.is_whole(folder, entry):
            entries.pop(job.file, None)
            waiting.append(job)
    manifest.write_manifest(folder, entries.values())
    return waiting
