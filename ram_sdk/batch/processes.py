"""Batches on several processes, each with a pipeline of its own."""

import multiprocessing
import os
import signal
import threading
from collections.abc import Generator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from multiprocessing.queues import SimpleQueue
from pathlib import Path
from typing import TYPE_CHECKING

from ram_sdk.batch.making import make_files
from ram_sdk.batch.manifest import Entry
from ram_sdk.batch.plan import Job, Recipe
from ram_sdk.batch.table import BadRow

if TYPE_CHECKING:
    from ram_sdk.pipeline import RAMPipeline

_pipeline: "RAMPipeline"
"""Of a worker process, loaded when it starts."""


def make_on_processes(
    batches: Sequence[Sequence[Job]], recipe: Recipe, folder: Path, device: str, workers: int
) -> Generator[tuple[list[Entry], list[BadRow]]]:
    """What `make_files` returns for each batch, in the order of completion.

    Args:
        batches: to make, the longest motions first.
        recipe: how.
        folder: where to write.
        device: of the networks; several GPUs are taken in turn.
        workers: processes. They end with this one, however that ends.

    Raises:
        OSError: a file cannot be written, or a worker was killed.
    """
    context = multiprocessing.get_context("spawn")
    devices = context.SimpleQueue()
    for one in _devices(device, workers):
        devices.put(one)
    threads = max(1, (os.cpu_count() or 1) // workers)
    executor = ProcessPoolExecutor(workers, context, _start, (recipe, devices, threads))
    try:
        for future in as_completed([executor.submit(_make, batch, recipe, folder) for batch in batches]):
            yield future.result()
    except BrokenProcessPool as error:
        raise ChildProcessError(
            "a worker process was killed, perhaps for lack of memory: run the same command again to resume, "
            "with fewer workers or smaller batches"
        ) from error
    finally:
        executor.shutdown(cancel_futures=True)


def _start(recipe: Recipe, devices: "SimpleQueue[str]", threads: int) -> None:
    """Load a worker's pipeline; Ctrl+C is the parent's to answer, and a killed parent takes it along."""
    import torch

    global _pipeline
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    torch.set_num_threads(threads)
    _pipeline = recipe.load(devices.get())


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _make(batch: Sequence[Job], recipe: Recipe, folder: Path) -> tuple[list[Entry], list[BadRow]]:
    return make_files(_pipeline, batch, recipe, folder)


def _devices(device: str, workers: int) -> list[str]:
    """A device for each worker."""
    import torch

    from ram_sdk.devices import available_device

    kind = available_device(device)
    if kind.type != "cuda" or kind.index is not None:
        return [str(kind)] * workers
    return [f"cuda:{i % torch.cuda.device_count()}" for i in range(workers)]
