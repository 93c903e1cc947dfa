"""Gives damaged files to a reader in a separate process, and classifies the outcomes."""

import multiprocessing
import os
import resource
import shutil
import signal
import tempfile
import traceback
import warnings
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from pathlib import Path
from random import Random
from types import FrameType

from tests.fuzz.mutations import CANARY, KINDS, mutate
from tests.fuzz.parsers import PARSERS, Parser

FAULTS = ("lost", "hung", "bad error", "code run")
"""A file changed or left behind; a timeout; an error that is not the package's own; code executed."""

Problem = tuple[str, str]
"""A fault and its details."""

_SECONDS = 10  # of CPU time that an input may take
_WAIT = 120  # seconds that it may take on a busy machine
_STUCK = 150  # seconds after which the process of a reader that cannot be interrupted is killed
_MEMORY = 3 << 30  # bytes that reading may allocate in addition to the process's own


class _Late(BaseException):
    """An input took too long."""


@dataclass(frozen=True)
class Fault:
    """A fault of one input; number and seed reproduce the input."""

    parser: str
    number: int
    mutation: str
    fault: str
    detail: str


@dataclass
class Report:
    """The results of one parser."""

    parser: str
    tries: Counter[str] = field(default_factory=Counter)  # by mutation
    read: int = 0  # inputs that were read
    faults: list[Fault] = field(default_factory=list)

    def add(self, number: int, was_read: bool, problem: Problem | None) -> None:
        """Count the result of an input."""
        mutation = kind_of(number)
        self.tries[mutation] += 1
        self.read += was_read
        if problem is not None:
            self.faults.append(Fault(self.parser, number, mutation, *problem))


def run(name: str, inputs: int, seed: int) -> Report:
    """Give damaged files to one parser, in a process that is restarted if an input kills it.

    Args:
        name: key of `PARSERS`.
        inputs: number of files.
        seed: of the damage.
    """
    report, number = Report(name), 0
    context = multiprocessing.get_context("fork")  # the packages are imported once
    while number < inputs:
        results, sender = context.Pipe(duplex=False)
        process = context.Process(target=_work, args=(sender, name, range(number, inputs), seed), daemon=True)
        process.start()
        sender.close()
        number, failure = _collect(results, report, number, inputs)
        process.kill()
        process.join()
        if failure:  # at this input
            report.add(number, False, failure)
            number += 1
    return report


def _collect(results: Connection, report: Report, number: int, inputs: int) -> tuple[int, Problem | None]:
    """Collect results until the last one, or until the process hangs or dies."""
    timeout = 2 * _STUCK  # includes making the valid file
    while number < inputs:
        if not results.poll(timeout):
            return number, ("hung", f"not finished after {timeout} s")
        try:
            was_read, problem = results.recv()
        except EOFError:
            return number, ("bad error", "the process died")
        report.add(number, was_read, problem)
        number, timeout = number + 1, _STUCK
    return number, None


def _work(results: Connection, name: str, numbers: range, seed: int) -> None:
    """Try inputs, in a folder that is removed at the end."""
    parser = PARSERS[name]
    with tempfile.TemporaryDirectory(prefix="fuzz-") as place, open(os.devnull, "w") as nowhere:
        os.chdir(place)
        os.dup2(nowhere.fileno(), 1)
        os.dup2(nowhere.fileno(), 2)
        valid = Path(place) / "valid"
        valid.mkdir()
        parser.write(valid)
        warnings.simplefilter("ignore")
        parser.read(valid)  # lazy imports must not count as an input's memory or time
        with bounded():
            for number in numbers:
                results.send(try_input(parser, valid, Path(place) / "damaged-files", number, seed))
    results.close()


@contextmanager
def bounded() -> Iterator[None]:
    """The limits of `try_input`: too much memory raises `MemoryError`, reading for too long is stopped."""
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    before = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (pages * resource.getpagesize() + _MEMORY, before[1]))
    handlers = {timer: signal.signal(timer, _raise_late) for timer in (signal.SIGPROF, signal.SIGALRM)}
    try:
        yield
    finally:
        for timer, handler in handlers.items():
            signal.signal(timer, handler)
        resource.setrlimit(resource.RLIMIT_AS, before)


def try_input(
    parser: Parser, valid: Path, folder: Path, number: int, seed: int
) -> tuple[bool, Problem | None]:
    """Damage a file of a valid folder and read it; call it within `bounded`, in the parent of `folder`.

    Returns:
        Whether it was read, and the fault if there was one.
    """
    random = Random(f"{seed} {number}")
    shutil.copytree(valid, folder)
    names = sorted(path.relative_to(folder) for path in folder.rglob("*") if path.is_file())
    target = folder / random.choice(names)
    target.write_bytes(mutate(target.read_bytes(), target.name, kind_of(number), random))
    before = _contents(folder)
    known = {folder.name, *(part for name in names for part in name.parts)}
    try:
        was_read, problem = _judge(parser, folder, known)
        if _contents(folder) != before:
            problem = "lost", "files changed or were left behind"
        if canaries := [*folder.parent.rglob(CANARY)]:
            problem = "code run", f"{target.name} ran code"
            for canary in canaries:
                canary.unlink()
        return was_read, problem
    finally:
        shutil.rmtree(folder)


def kind_of(number: int) -> str:
    """The mutation of an input, cycling through all of them."""
    return tuple(KINDS)[number % len(KINDS)]


def _judge(parser: Parser, folder: Path, names: set[str]) -> tuple[bool, Problem | None]:
    try:
        signal.setitimer(signal.ITIMER_PROF, _SECONDS)
        signal.setitimer(signal.ITIMER_REAL, _WAIT)
        parser.read(folder)
        return True, None
    except _Late as error:
        return False, ("hung", _place(error))
    except (ValueError, OSError) as error:
        text = str(error)
        if isinstance(error, UnicodeError) or text.count("\n") >= parser.lines or not text.strip():
            return False, ("bad error", f"{type(error).__name__}: {text[:200]!r} {_place(error)}")
        if parser.named and not any(name in text for name in names):
            return False, ("bad error", f"names no file: {text[:200]!r} {_place(error)}")
        return False, None
    except BaseException as error:  # any other error is a fault
        return False, ("bad error", f"{type(error).__name__}: {str(error)[:200]!r} {_place(error)}")
    finally:
        for timer in (signal.ITIMER_PROF, signal.ITIMER_REAL):
            signal.setitimer(timer, 0)


def _place(error: BaseException) -> str:
    """Where in the package an error was raised."""
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if "ram_sdk" in frame.filename or "/training/" in frame.filename]
    return " < ".join(f"{Path(one.filename).name}:{one.lineno}" for one in reversed(own[-3:]))


def _raise_late(number: int, frame: FrameType | None) -> None:
    raise _Late


def _contents(folder: Path) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}
