"""Fetching captures from where their owners keep them, verified before they are put in place."""

import contextlib
import http.client
import tarfile
import tempfile
import urllib.error
import urllib.request
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import IO, NoReturn

from tqdm import tqdm

from ram_sdk.files import PART
from training.open_data.origins import Origin, Part, digest_of

_SECONDS = 60.0  # without a byte, after which a server counts as stalled
_CHUNK = 1 << 16
_MOST_FILE, _MOST_ARCHIVE = 64 << 20, 2 << 30  # bytes
_DAMAGED = (tarfile.TarError, zipfile.BadZipFile, EOFError, zlib.error)


def fetch(origin: Origin, captures: Path, title: str) -> int:
    """Fetch the files of a source that are not there yet.

    Args:
        origin: where the source is kept.
        captures: the folder to put its files in, below the folders that `Source.folders` names.
        title: what the progress bar says.

    Returns:
        How many files were fetched; 0 where all were there.

    Raises:
        OSError: the server cannot be reached, refuses or stalls, or a file cannot be written.
        ValueError: what came is not what is expected, or other files of these names are there. What was
            verified until then is kept, so that the next call goes on from it.
    """
    waiting = [part for part in origin.parts if not part.is_whole_in(captures)]
    if not waiting:
        return 0
    captures.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".", suffix=PART, dir=captures) as temporary:
        archives = {part.address for part in waiting if part.inside}
        steps = len(archives) + sum(len(part.names) for part in waiting if not part.inside)
        with tqdm(total=steps, desc=title, unit="file", disable=None) as bar:
            counts = [_fetch_part(part, captures, Path(temporary), bar) for part in waiting]
    return sum(counts)


def download(address: str, limit: int, out: IO[bytes], bar: "tqdm[NoReturn] | None" = None) -> None:
    """Write what an address holds into a file.

    Raises:
        OSError: the server cannot be reached, refuses, stalls or breaks off.
        ValueError: there are more than `limit` bytes.
    """
    request = urllib.request.Request(address, headers={"User-Agent": "ram_sdk"})
    with _readable_errors(address), urllib.request.urlopen(request, timeout=_SECONDS) as answer:
        expected = int(answer.headers.get("Content-Length") or 0)
        size = 0
        while chunk := answer.read(_CHUNK):
            size += len(chunk)
            if size > limit:
                raise ValueError(f"{address}: more than {limit >> 20} MB, which no file of the set has")
            out.write(chunk)
            if bar is not None:
                bar.set_postfix_str(_progress(size, expected), refresh=False)
                bar.update(0)
        if size < expected:
            raise OSError(f"{address}: broke off after {size} of {expected} bytes; run the command again")


def _fetch_part(part: Part, captures: Path, temporary: Path, bar: "tqdm[NoReturn]") -> int:
    """Fetch a part into a folder of its own, verify it, and move it into place."""
    with tempfile.TemporaryDirectory(dir=temporary) as folder:
        staged = Path(folder)
        for place, content in _unpacked(part, temporary, bar) if part.inside else _single(part, bar):
            (staged / place).parent.mkdir(parents=True, exist_ok=True)
            (staged / place).write_bytes(part.rewritten(content))
        files = part.files_in(staged)
        came = digest_of((name, path.read_bytes()) for name, path in files.items())
        if came != part.digest:
            raise ValueError(
                f"{part.address}: the {len(files)} files for {part.to} have the digest {came}, not "
                f"{part.digest} as those of the published sets; the owners may have changed them: nothing of "
                "these was kept, look at their page"
            )
        for name, path in files.items():
            _move(path, captures / name)
    return len(files)


def _single(part: Part, bar: "tqdm[NoReturn]") -> Iterator[tuple[str, bytes]]:
    """Places and contents of files that have an address each."""
    for there, here in part.names.items():
        with tempfile.TemporaryFile() as file:
            download(part.address.format(there), _MOST_FILE, file, bar)
            bar.update()
            file.seek(0)
            yield part.to.format(here), file.read()


def _unpacked(part: Part, temporary: Path, bar: "tqdm[NoReturn]") -> Iterator[tuple[str, bytes]]:
    """Places and contents of the wanted files of an archive, which is fetched once for all parts it holds."""
    archive = temporary / part.address.rpartition("/")[2]
    if not archive.exists():
        with archive.open("wb") as file:
            download(part.address, _MOST_ARCHIVE, file, bar)
        bar.update()
    try:
        for member, size, opened in _members(archive):
            place = part.place_of(member)
            if place is not None:
                if size > _MOST_FILE:
                    raise ValueError(f"{part.address}: {member} has {size >> 20} MB, too many for a capture")
                yield place, opened.read(size)
    except _DAMAGED as error:
        raise ValueError(f"{part.address}: damaged or no archive ({error}); run the command again") from error


def _members(archive: Path) -> Iterator[tuple[str, int, IO[bytes]]]:
    """Path, size and content of every plain file of an archive; links and devices are passed over."""
    if zipfile.is_zipfile(archive):
        with zipfile.ZipFile(archive) as pack:
            for entry in pack.infolist():
                if not entry.is_dir():
                    with pack.open(entry) as opened:
                        yield entry.filename, entry.file_size, opened
        return
    with tarfile.open(archive, "r:gz") as tar:
        for member in tar:
            content = tar.extractfile(member) if member.isreg() else None
            if content is not None:
                yield member.name, member.size, content


def _move(path: Path, target: Path) -> None:
    """Put a verified file in place; another file that is there is left alone."""
    if target.exists() and target.read_bytes() != path.read_bytes():
        raise ValueError(f"{target}: another file of this name is there; move it away, or use another folder")
    target.parent.mkdir(parents=True, exist_ok=True)
    path.replace(target)


@contextlib.contextmanager
def _readable_errors(address: str) -> Iterator[None]:
    """Say in one line what went wrong between here and a server."""
    try:
        yield
    except urllib.error.HTTPError as error:
        raise OSError(f"{address}: the server says {error.code} {error.reason}; try again later") from error
    except (TimeoutError, http.client.HTTPException, urllib.error.URLError, ConnectionError) as error:
        reason = getattr(error, "reason", None) or error
        if isinstance(reason, TimeoutError):
            reason = f"no answer for {_SECONDS:g} seconds"
        raise OSError(f"{address}: {reason or type(error).__name__}; is this machine online?") from error


def _progress(size: int, expected: int) -> str:
    return f"{size / 1e6:.1f} of {expected / 1e6:.1f} MB" if expected else f"{size / 1e6:.1f} MB"
