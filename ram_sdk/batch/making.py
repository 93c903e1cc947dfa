"""Making the motions of one batch, and writing them."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ram_sdk import formats
from ram_sdk.batch.manifest import Entry, sha256
from ram_sdk.batch.plan import Job, Recipe
from ram_sdk.batch.table import BadRow

if TYPE_CHECKING:
    from ram_sdk.motion import Motion
    from ram_sdk.pipeline import RAMPipeline


def make(pipeline: "RAMPipeline", jobs: Sequence[Job], recipe: Recipe) -> list[tuple["Motion", Any]]:
    """The motions of a batch, not changed yet, each with its scores; None if the checkpoint cannot judge."""
    motions = pipeline(
        [job.prompt for job in jobs],
        [job.frames for job in jobs],
        trim=[job.trim for job in jobs],
        seed=[job.seed for job in jobs],
        **recipe.sampling,
    ).motions
    return list(zip(motions, _scores(pipeline, motions), strict=True))


def make_files(
    pipeline: "RAMPipeline", jobs: Sequence[Job], recipe: Recipe, folder: Path
) -> tuple[list[Entry], list[BadRow]]:
    """Make and write the motions of a batch; each file appears whole or not at all.

    Returns:
        Their entries for the manifest, and motions that could not be changed as requested, such as one to
        loop that has no cycle.
    """
    options = recipe.options or formats.BY_SUFFIX[recipe.suffix].options()
    entries: list[Entry] = []
    failed: list[BadRow] = []
    for job, (made, scores) in zip(jobs, make(pipeline, jobs, recipe), strict=True):
        try:
            motion = recipe.changes.apply(made)
            path = formats.write_chosen(motion, folder / job.file, options)
        except ValueError as error:
            failed.append(BadRow(job.row, f"{job.file}: {error}"))
            continue
        entries.append(
            {
                "file": job.file,
                "prompt": job.prompt,
                "duration": motion.duration,
                "seed": job.seed,
                "settings": {key: value for key, value in motion.settings.items() if key != "scores"},
                "scores": scores,
                "sha256": sha256(path),
                "request": job.request,
            }
        )
    return entries, failed


def _scores(pipeline: "RAMPipeline", motions: "Sequence[Motion]") -> list[Any]:
    """How well each motion fits its text, and how plausible it is, see `ram_sdk.control.candidates`."""
    if pipeline.matcher is None or pipeline.motion_encoder is None:
        return [None] * len(motions)
    from ram_sdk.control import candidates

    texts = pipeline.encode_text([motion.prompt or "" for motion in motions])
    return [
        motion.settings.get("scores") or candidates.score(pipeline, motion, text).entry
        for motion, text in zip(motions, texts, strict=True)
    ]
