"""A lock: one process at a time writes into the folder of a run."""

import contextlib
import json
import os
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path

from ram_sdk.files import PART
from ram_sdk.notices import warn

_WRITING = 1.0  # seconds that a process may take from making a lock to having written it
_held: set[Path] = set()  # by threads of this process
_guard = threading.Lock()


@contextlib.contextmanager
def folder_lock(root: Path) -> Iterator[None]:
    """Keep other runs out of a folder.

    `root/lock` names the process and the machine. The lock of a process that was killed on this machine is
    taken over, with a message.

    Raises:
        ValueError: another run is using it.
    """
    root.mkdir(parents=True, exist_ok=True)
    path = root.resolve() / "lock"
    mine = json.dumps({"pid": os.getpid(), "host": socket.gethostname()})
    with _only_thread(path, root):
        while not _create(path, mine):
            _refuse_or_remove(path, root)
        try:
            yield
        finally:
            path.unlink(missing_ok=True)


@contextlib.contextmanager
def _only_thread(path: Path, root: Path) -> Iterator[None]:
    """Keep other threads of this process out."""
    with _guard:
        if path in _held:
            raise ValueError(f"another run of this process is using {root}: give another folder, or wait")
        _held.add(path)
    try:
        yield
    finally:
        with _guard:
            _held.discard(path)


def _create(path: Path, content: str) -> bool:
    """Write a file unless it exists; returns whether it was written."""
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(content)
    except FileExistsError:
        return False
    return True


def _refuse_or_remove(path: Path, root: Path) -> None:
    """Remove the lock of a process that no longer lives."""
    try:
        content = _written(path)
        holder = json.loads(content)
        pid, host = int(holder["pid"]), str(holder["host"])
    except FileNotFoundError:
        return
    except (ValueError, KeyError, TypeError):
        raise ValueError(f"{path} is damaged: delete it if no other run is using {root}") from None
    if host != socket.gethostname():
        raise ValueError(
            f"a run on {host} (process {pid}) is using {root}: give another folder, or delete {path} if it "
            "has ended"
        )
    if pid != os.getpid() and _alive(pid):
        raise ValueError(
            f"another run (process {pid}) is using {root}: give another folder, wait for its end, or delete "
            f"{path} if that process is another program"
        )
    warn(f"the run of process {pid} in {root} ended without saying so: its lock is taken over", stacklevel=4)
    _remove(path, content)


def _written(path: Path) -> str:
    """The content of a lock; an empty one is being written, or was left by a kill."""
    until = time.monotonic() + _WRITING
    while not (content := path.read_text(encoding="utf-8")) and time.monotonic() < until:
        time.sleep(_WRITING / 20)
    return content


def _remove(path: Path, content: str) -> None:
    """Remove a lock with this content; one that another process has written meanwhile stays."""
    aside = path.with_name(f".{os.getpid()}{PART}")
    with contextlib.suppress(FileNotFoundError):
        path.rename(aside)
        if aside.read_text(encoding="utf-8") == content:
            aside.unlink()
        else:
            aside.rename(path)


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True  # somebody else's
    return True
