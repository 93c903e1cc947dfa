"""Batches on a cluster with Ray Data: jobs in, rows of motions out, made by a pool of actors.

Needs the extra `ray`. Rows have the fields of the manifest, and `joints`: the positions of all frames, one
after the other, as a list of float32 for `numpy.reshape(frames, 22, 3)`; a motion that could not be changed
as the recipe says has no joints, and the reason in `error`. Seeds and lengths are planned in advance, as for
`ram_sdk.batch.run`, so that both make the same motions.
"""

import json
from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from ram_sdk.batch.making import make
from ram_sdk.batch.plan import Job, Recipe, batches
from ram_sdk.changes import Changes
from ram_sdk.formats import MissingPackageError

if TYPE_CHECKING:
    import pyarrow as pa
    import ray.data


def motions(
    jobs: Sequence[Job],
    recipe: Recipe,
    *,
    actors: int = 2,
    batch_size: int = 16,
    gpus: float = 0,
) -> "ray.data.Dataset":
    """A lazy data set of motions, a row each; write it with `write_parquet`, or process it further.

    Args:
        jobs: of `plan`.
        recipe: how they are made; every node must find its checkpoint. Its suffix and options are not used.
        actors: processes, each with a pipeline of its own.
        batch_size: motions made at a time, of like length.
        gpus: that each actor takes; 0: it runs on the CPU, 0.5: two share one.

    Raises:
        MissingPackageError: Ray is not installed.
    """
    try:
        import ray.data
    except ImportError as error:
        raise MissingPackageError.because(error, "batches on a cluster need Ray", "ray") from error
    rows = [asdict(job) for batch in batches(jobs, batch_size) for job in batch]
    blocks = -(-len(rows) // batch_size)
    return ray.data.from_items(rows, override_num_blocks=blocks).map_batches(
        _Maker,
        fn_constructor_args=(recipe, "cuda" if gpus else "cpu"),
        batch_size=batch_size,
        batch_format="pyarrow",
        compute=ray.data.ActorPoolStrategy(size=actors),
        num_gpus=gpus,
    )


class _Maker:
    """An actor: loads the pipeline once, then makes batches."""

    def __init__(self, recipe: Recipe, device: str) -> None:
        self._recipe = recipe
        self._pipeline = recipe.load(device)

    def __call__(self, rows: "pa.Table") -> "pa.Table":
        import pyarrow as pa

        jobs = [Job(**row) for row in rows.to_pylist()]
        made = [
            _columns(job, motion, scores, self._recipe.changes)
            for job, (motion, scores) in zip(jobs, make(self._pipeline, jobs, self._recipe), strict=True)
        ]
        joints = pa.array([row.pop("joints") for row in made], pa.list_(pa.float32()))
        return pa.Table.from_pylist(made).append_column("joints", joints)


def _columns(job: Job, motion: Any, scores: Any, changes: Changes) -> dict[str, Any]:
    """A row; nested values are JSON, so that every row has the same columns."""
    error = ""
    try:
        motion = changes.apply(motion)
    except ValueError as reason:
        error = str(reason)
    return {
        "name": job.file.rpartition(".")[0],
        "prompt": job.prompt,
        "seed": job.seed,
        "frames": len(motion),
        "fps": motion.fps,
        "settings": json.dumps(dict(motion.settings)),
        "scores": json.dumps(scores),
        "error": error,
        "joints": [] if error else motion.joints.ravel(),
    }
