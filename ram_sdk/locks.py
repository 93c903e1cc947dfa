"""One process at a time writes into the folder of a run."""

import contextlib
import json
import os
import socket
import warnings
from collections.abc import Iterator
from pathlib import Path


@contextlib.contextmanager
def folder_lock(root: Path) -> Iterator[None]:
    """Keep other runs out of a folder.

    `root/lock` names the process and the machine. The lock of a process that was killed on this machine is
    taken over, with a message.

    Raises:
        ValueError: another run is at it.
    """
    path = root / "lock"
    root.mkdir(parents=True, exist_ok=True)
    mine = json.dumps({"pid": os.getpid(), "host": socket.gethostname()})
    while not _create(path, mine):
        _refuse_or_remove(path, root)
    try:
        yield
    finally:
        path.unlink(missing_ok=True)


def _create(path: Path, content: str) -> bool:
    """Write a file unless it is there; whether it was written."""
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(content)
    except FileExistsError:
        return False
    return True


def _refuse_or_remove(path: Path, root: Path) -> None:
    """Remove the lock of a process that no longer lives."""
    try:
        holder = json.loads(path.read_text(encoding="utf-8"))
        pid, host = int(holder["pid"]), str(holder["host"])
    except FileNotFoundError:
        return
    except (ValueError, KeyError, TypeError):
        raise ValueError(f"{path} is damaged: delete it if no other run is at {root}") from None
    if host != socket.gethostname():
        raise ValueError(
            f"a run on {host} (process {pid}) is at {root}: give another folder, or delete {path} if it "
            "has ended"
        )
    if pid != os.getpid() and _alive(pid):
        raise ValueError(
            f"another run (process {pid}) is at {root}: give another folder, or wait for its end"
        )
    warnings.warn(
        f"the run of process {pid} in {root} ended without saying so: its lock is taken over", stacklevel=4
    )
    path.unlink(missing_ok=True)


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True  # somebody else's
    return True
