"""Giving damaged files to a reader in a process of its own, and judging what comes of it."""

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

FAULTS = ("lost", "hung", "unkind", "code run")
"""A file changed or left behind; no end in time; another error than the package's own; code from the file."""

Problem = tuple[str, str]
"""A fault and its details."""

_SECONDS = 10  # of computing that an input may take
_WAIT = 120  # seconds that it may take on a busy machine
_STUCK = 150  # seconds after which the process of a reader that cannot be interrupted is ended
_MEMORY = 3 << 30  # bytes that reading may take beside what the process has


class _Late(BaseException):
    """An input took too long."""


@dataclass(frozen=True)
class Fault:
    """What went wrong with one input; its number and the seed make it again."""

    parser: str
    number: int
    mutation: str
    fault: str
    detail: str


@dataclass
class Report:
    """What came of the inputs of one parser."""

    parser: str
    tries: Counter[str] = field(default_factory=Counter)  # by mutation
    read: int = 0  # inputs that gave a value
    faults: list[Fault] = field(default_factory=list)

    def add(self, number: int, was_read: bool, problem: Problem | None) -> None:
        """Count what came of an input."""
        mutation = kind_of(number)
        self.tries[mutation] += 1
        self.read += was_read
        if problem is not None:
            self.faults.append(Fault(self.parser, number, mutation, *problem))


def run(name: str, inputs: int, seed: int) -> Report:
    """Give damaged files to one parser, in one process that is replaced where an input ends it.

    Args:
        name: key of `PARSERS`.
        inputs: how many.
        seed: of the damage.
    """
    report, number = Report(name), 0
    context = multiprocessing.get_context("fork")  # the packages are imported once
    while number < inputs:
        results, sender = context.Pipe(duplex=False)
        process = context.Process(target=_work, args=(sender, name, range(number, inputs), seed), daemon=True)
        process.start()
        sender.close()
        number, ended = _collect(results, report, number, inputs)
        process.kill()
        process.join()
        if ended:  # at this input
            report.add(number, False, ended)
            number += 1
    return report


def _collect(results: Connection, report: Report, number: int, inputs: int) -> tuple[int, Problem | None]:
    """Take results until the last, or a problem that no process survives."""
    patience = 2 * _STUCK  # to make the valid file
    while number < inputs:
        if not results.poll(patience):
            return number, ("hung", f"no end in {patience} s")
        try:
            was_read, problem = results.recv()
        except EOFError:
            return number, ("unkind", "the process died")
        report.add(number, was_read, problem)
        number, patience = number + 1, _STUCK
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
        parser.read(valid)  # what is imported on first use is not an input's memory or time
        with bounded():
            for number in numbers:
                results.send(try_input(parser, valid, Path(place) / "damaged-files", number, seed))
    results.close()


@contextmanager
def bounded() -> Iterator[None]:
    """What `try_input` needs: reading too much raises `MemoryError`, and reading for too long is ended."""
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    before = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (pages * resource.getpagesize() + _MEMORY, before[1]))
    handlers = {ends: signal.signal(ends, _raise_late) for ends in (signal.SIGPROF, signal.SIGALRM)}
    try:
        yield
    finally:
        for ends, handler in handlers.items():
            signal.signal(ends, handler)
        resource.setrlimit(resource.RLIMIT_AS, before)


def try_input(
    parser: Parser, valid: Path, folder: Path, number: int, seed: int
) -> tuple[bool, Problem | None]:
    """Damage a file of a valid folder and read it, within `bounded` and at work in the folder's parent.

    Returns:
        Whether a value came out, and what went wrong.
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
    """The mutation of an input: each in turn."""
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
            return False, ("unkind", f"{type(error).__name__}: {text[:200]!r} {_place(error)}")
        if parser.named and not any(name in text for name in names):
            return False, ("unkind", f"names no file: {text[:200]!r} {_place(error)}")
        return False, None
    except BaseException as error:  # whatever it is, it is what is looked for
        return False, ("unkind", f"{type(error).__name__}: {str(error)[:200]!r} {_place(error)}")
    finally:
        for timer in (signal.ITIMER_PROF, signal.ITIMER_REAL):
            signal.setitimer(timer, 0)


def _place(error: BaseException) -> str:
    """Where in the package it was raised."""
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if "ram_sdk" in frame.filename or "/training/" in frame.filename]
    return " < ".join(f"{Path(one.filename).name}:{one.lineno}" for one in reversed(own[-3:]))


def _raise_late(number: int, frame: FrameType | None) -> None:
    raise _Late


def _contents(folder: Path) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}
