"""The Hugging Face Hub: files of a repository in the local cache, and uploads.

Only files requested by name are fetched, all from one commit. A download of which nothing arrives for
`HubOptions.timeout` seconds is cancelled. A file that arrives damaged, or is damaged in the cache, is fetched
once more.
"""

import contextlib
import os
import tempfile
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import ram_sdk
from ram_sdk.checkpoint.errors import CheckpointError, first_line

_POLL = 0.1  # seconds between looks at what has arrived

Result = TypeVar("Result")


@dataclass(frozen=True)
class HubOptions:
    """How files are fetched from the Hugging Face Hub.

    Attributes:
        token: access token; True uses the stored login.
        cache_dir: where downloads are kept; default: the cache of huggingface_hub.
        local_files_only: never use the network.
        timeout: seconds without new data after which a download is cancelled. Large files arrive in pieces
            of 10 MB: connections slower than 350 kB/s need more.
    """

    token: str | bool | None = None
    cache_dir: str | os.PathLike[str] | None = None
    local_files_only: bool = False
    timeout: float = 30.0


def is_repository(source: str) -> bool:
    """Whether a source has the form "org/name"."""
    organisation, slash, name = source.partition("/")
    return bool(slash and organisation and name) and "/" not in name and not source.startswith((".", "~"))


def download(
    repository: str,
    revision: str | None,
    names: Sequence[str],
    optional: Sequence[str],
    hub: HubOptions,
    check: Callable[[Path], None],
) -> Path:
    """Fetch files of a repository, or find them in the cache.

    Args:
        repository: "org/name".
        revision: branch, tag or commit.
        names: the files; at least one.
        optional: files that may be missing.
        hub: how to fetch.
        check: raises CheckpointError if a file is damaged.

    Returns:
        The folder of the commit in the cache.

    Raises:
        CheckpointError: they are not available, or arrive damaged twice; the message has the HTTP status.
    """
    from huggingface_hub.errors import EntryNotFoundError, LocalEntryNotFoundError

    where = f"{repository!r}" + (f" at revision {revision!r}" if revision else "")
    fetch = _Fetch(repository, hub)
    folder: Path | None = None
    for name in (*names, *optional):
        try:
            path = fetch(name, revision)
        except CheckpointError:
            raise
        except Exception as error:  # the Hub's client raises those of several HTTP libraries
            if name in optional and isinstance(error, EntryNotFoundError):
                continue
            if isinstance(error, EntryNotFoundError) and not isinstance(error, LocalEntryNotFoundError):
                raise CheckpointError(f"{where} has no {name} on the Hub") from error
            raise CheckpointError(_cannot(where, name, error)) from error
        _check_or_fetch_again(path, fetch, name, revision, where, check)
        if folder is None:
            folder = path.parents[name.count("/")]
            revision = folder.name  # the commit: all files are of one
    assert folder is not None
    return folder


def push(
    save_pretrained: Callable[[Path], None],
    repo_id: str,
    *,
    private: bool,
    token: str | bool | None,
    revision: str | None,
    commit_message: str,
    create_pr: bool,
) -> str:
    """Write a pipeline to a temporary folder and upload it; returns the commit's address.

    Raises:
        CheckpointError: the Hub refused or cannot be reached.
    """
    from huggingface_hub import HfApi

    api = HfApi(token=token, library_name="ram_sdk", library_version=ram_sdk.__version__)
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary) / "checkpoint"
        save_pretrained(folder)
        try:
            repository = api.create_repo(repo_id, private=private, exist_ok=True)
            commit = api.upload_folder(
                repo_id=repository.repo_id,
                folder_path=folder,
                revision=revision,
                commit_message=commit_message,
                create_pr=create_pr,
            )
        except Exception as error:  # the Hub's client raises those of several HTTP libraries
            raise CheckpointError(f"{repo_id!r} cannot be uploaded to the Hub: {_reason(error)}") from error
    return str(commit.commit_url)


class _Fetch:
    """Fetches single files of a repository, and gives up when nothing new arrives."""

    def __init__(self, repository: str, hub: HubOptions) -> None:
        from huggingface_hub import constants
        from huggingface_hub.file_download import repo_folder_name

        self._repository, self._hub = repository, hub
        self._cache = Path(hub.cache_dir or constants.HF_HUB_CACHE)
        self._arriving = self._cache / repo_folder_name(repo_id=repository, repo_type="model") / "blobs"

    def __call__(self, name: str, revision: str | None, again: bool = False) -> Path:
        from huggingface_hub import hf_hub_download

        hub = self._hub

        def work() -> Path:
            return Path(
                hf_hub_download(
                    self._repository,
                    name,
                    revision=revision,
                    token=hub.token,
                    cache_dir=self._cache,
                    local_files_only=hub.local_files_only,
                    force_download=again,
                    library_name="ram_sdk",
                    library_version=ram_sdk.__version__,
                )
            )

        try:
            return _unless_silent(work, self._arrived, hub.timeout)
        except TimeoutError as error:
            raise CheckpointError(
                f"{self._repository!r}: the Hub has sent nothing of {name} for {hub.timeout:g} seconds: try "
                "again later, or give a folder"
            ) from error

    def _arrived(self) -> tuple[int, int]:
        """How many files there are, and their bytes."""
        sizes = []
        for path in self._arriving.glob("*"):
            with contextlib.suppress(OSError):  # it was renamed meanwhile
                sizes.append(path.stat().st_size)
        return len(sizes), sum(sizes)


def _unless_silent(work: Callable[[], Result], progress: Callable[[], object], timeout: float) -> Result:
    """Do work in a thread of its own, and abandon it when it has made no progress for too long.

    The client's own timeouts do not bound how long it retries. The abandoned thread cannot be stopped; it
    does not keep the program from exiting.
    """
    results: list[Result] = []
    errors: list[Exception] = []
    done = threading.Event()

    def run() -> None:
        try:
            results.append(work())
        except Exception as error:
            errors.append(error)
        finally:
            done.set()

    threading.Thread(target=run, daemon=True, name="ram_sdk download").start()
    seen, since = progress(), time.monotonic()
    while not done.wait(_POLL):
        if (now := progress()) != seen:
            seen, since = now, time.monotonic()
        elif time.monotonic() - since > timeout:
            raise TimeoutError
    if errors:
        raise errors[0]
    return results[0]


def _check_or_fetch_again(
    path: Path, fetch: _Fetch, name: str, revision: str | None, where: str, check: Callable[[Path], None]
) -> None:
    try:
        check(path)
        return
    except CheckpointError as damage:
        first = damage
    try:
        check(fetch(name, revision, again=True))
    except CheckpointError as error:
        raise CheckpointError(
            f"{where}: {error} (it was fetched twice: what the Hub or a proxy sends is damaged; nothing in "
            f"{path} can be trusted)"
        ) from error
    except Exception as error:
        raise CheckpointError(
            f"{where}: {first} It cannot be fetched again ({_reason(error)}): delete {path}"
        ) from error


def _cannot(where: str, name: str, error: Exception) -> str:
    from huggingface_hub.errors import LocalEntryNotFoundError

    if isinstance(error, LocalEntryNotFoundError):
        status = _status(error)
        reached = "the Hub cannot be reached" if status is None else f"the Hub answers with status {status}"
        return f"{where} is not in the local cache ({name}) and {reached}: connect once, or give a folder"
    return f"{where} cannot be downloaded from the Hub ({name}): {_reason(error)}"


def _reason(error: Exception) -> str:
    status, line = _status(error), first_line(error)
    line = line if len(line) < 300 else f"{line[:300]}..."
    return line if status is None or str(status) in line else f"status {status}, {line}"


def _status(error: BaseException) -> int | None:
    """The HTTP status behind an error."""
    for cause in _causes(error):
        status = getattr(getattr(cause, "response", None), "status_code", None)
        if isinstance(status, int):
            return status
    return None


def _causes(error: BaseException | None) -> Iterable[BaseException]:
    for _ in range(10):
        if error is None:
            return
        yield error
        error = error.__cause__ or error.__context__
