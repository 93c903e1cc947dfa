"""Speed of a call compared with another revision of the code, in one run."""

import contextlib
import os
import statistics
import subprocess
import sys
from pathlib import Path

import ram_sdk
from training import machine

_WORKER = """
import sys, time
from ram_sdk import RAMPipeline
pipe = RAMPipeline.from_pretrained("open-small")
pipe.set_progress_bar_config(disable=True)
for _ in sys.stdin:
    start = time.process_time()
    pipe("a person walks forward", duration=4.0, seed=0)
    print(time.process_time() - start, flush=True)
"""


class _Worker:
    """A process that imports `ram_sdk` from a checkout and generates a motion on request."""

    def __init__(self, checkout: Path) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-c", _WORKER],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=checkout,
            env=os.environ | {"PYTHONPATH": str(checkout)},
        )

    def __enter__(self) -> "_Worker":
        return self

    def __exit__(self, *exception: object) -> None:
        with contextlib.suppress(BrokenPipeError):
            self._process.communicate()

    def seconds(self) -> float:
        """Processor time of one call."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        with contextlib.suppress(BrokenPipeError):
            self._process.stdin.write("\n")
            self._process.stdin.flush()
        answer = self._process.stdout.readline()
        if not answer:
            raise ValueError("a checkout's ram_sdk could not generate a motion: see its error above")
        return float(answer)


def measure(other: Path, repeats: int) -> float:
    """Generate the same motion alternately with both revisions, and print the medians.

    Args:
        other: a checkout of the other revision.
        repeats: calls of each, after a warm-up call.

    Returns:
        Processor time of this revision divided by that of the other.

    Raises:
        ValueError: `other` is not a checkout, or one of the two could not generate a motion.
    """
    if not (other / "ram_sdk" / "__init__.py").is_file():
        raise ValueError(f"{other}: expected a checkout with the folder ram_sdk in it")
    checkouts = {"this revision": Path(ram_sdk.__file__).parents[1], "the other": other.absolute()}
    seconds: dict[str, list[float]] = {name: [] for name in checkouts}
    with contextlib.ExitStack() as stack:
        workers = {name: stack.enter_context(_Worker(path)) for name, path in checkouts.items()}
        for repeat in range(repeats + 1):
            for name, worker in workers.items():
                spent = worker.seconds()
                if repeat:
                    seconds[name].append(spent)
    here = machine.describe("cpu")
    print(f"{here['machine']}, torch {here['torch']}, processor time for a motion of 4 s, {repeats} calls")
    for name, values in seconds.items():
        print(f"{name:14} {statistics.median(values):6.3f} s  ({min(values):.3f} to {max(values):.3f})")
    this, before = (statistics.median(values) for values in seconds.values())
    print(f"this revision takes {this / before:.3f} x as long")
    return this / before
