"""Files and folders that are written completely or not at all, however the program ends."""

import contextlib
import errno
import os
import secrets
import shutil
import signal
import threading
from collections.abc import Iterator
from pathlib import Path

PART = ".part"
"""How the names of temporary files and folders end; one that is left was left by a kill -9."""


def target_of(path: Path) -> Path:
    """The file to write at `path`: the one that it links to, if it is a link.

    Raises:
        OSError: it is a folder, a pipe or a device.
    """
    target = Path(os.path.realpath(path)) if path.is_symlink() else path
    if target.is_dir():
        raise IsADirectoryError(f"cannot write {str(target)!r}: it is a folder")
    if target.exists() and not target.is_file():
        raise OSError(f"cannot write {str(target)!r}: it is a pipe or a device, not a file")
    return target


@contextlib.contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """A temporary file next to `path` that takes its place when the context is left without an error.

    A link stays one: the file that it leads to is replaced. Write the file with `open`, which gives it the
    mode of the user's other files.

    Raises:
        OSError: it cannot be written; the message names `path`, and nothing is left behind.
    """
    target = target_of(path)
    temporary = _beside(target)
    try:
        yield temporary
        temporary.replace(target)
    except OSError as error:
        raise _naming(error, path, temporary) from error
    finally:
        with contextlib.suppress(NotADirectoryError):  # where its folder is a file
            temporary.unlink(missing_ok=True)


@contextlib.contextmanager
def replacing_folder(folder: Path, marker: str) -> Iterator[Path]:
    """A temporary folder whose files take their place in `folder` when the context is left without an error.

    A folder that is not there yet appears at once. In one that is there `marker` is removed first and written
    last, so that a folder that a kill left between old and new is no longer mistaken for a whole one.

    Raises:
        OSError: it cannot be written; the message names the folder.
    """
    temporary = _beside(folder)
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        temporary.mkdir()
        yield temporary
        if not folder.exists():
            temporary.rename(folder)
            return
        (folder / marker).unlink(missing_ok=True)
        files = [path for path in temporary.rglob("*") if path.is_file() and path != temporary / marker]
        for path in (*files, temporary / marker):
            target = folder / path.relative_to(temporary)
            target.parent.mkdir(parents=True, exist_ok=True)
            path.replace(target)
    except OSError as error:
        raise _naming(error, folder, temporary) from error
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def write_whole(path: Path, content: bytes) -> None:
    """Write a file so that it is either complete or as it was."""
    with replacing(path) as temporary:
        temporary.write_bytes(content)


def check_folder(folder: Path) -> None:
    """Make a file in a folder and remove it: only that tells whether files can be made there.

    Raises:
        OSError: they cannot.
    """
    probe = _beside(folder / "probe")
    probe.touch(exist_ok=False)
    probe.unlink()


@contextlib.contextmanager
def sigterm_as_exit() -> Iterator[None]:
    """Let SIGTERM (kill, systemd, Slurm) end the program as Ctrl+C does: temporary files are removed.

    The exit status is 143. Does nothing outside the main thread, where no handlers can be set.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def leave(*_: object) -> None:
        raise SystemExit(128 + signal.SIGTERM)

    before = signal.signal(signal.SIGTERM, leave)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _beside(path: Path) -> Path:
    """A name that is free; a short one, because that of `path` may be as long as names can be."""
    return path.absolute().with_name(f".{secrets.token_hex(4)}{PART}")


def _naming(error: OSError, path: Path, temporary: Path) -> OSError:
    """The error with the name that the user knows; one about another file stays as it is."""
    if error.filename is not None and not str(error.filename).startswith(str(temporary)):
        return error
    reason = os.strerror(error.errno) if error.errno else str(error)
    return OSError(error.errno or errno.EIO, f"cannot write ({reason})", str(path))
