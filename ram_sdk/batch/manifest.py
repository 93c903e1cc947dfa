"""`manifest.jsonl`: one line for each written motion, from which a batch resumes."""

import hashlib
import json
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import IO, Any

from ram_sdk.files import write_whole

NAME = "manifest.jsonl"

Entry = Mapping[str, Any]
"""file, prompt, duration, seed, settings, scores, sha256, and request: a hash of the request."""


def read_manifest(folder: Path) -> dict[str, Entry]:
    """The entries of a folder by file.

    Truncated or damaged lines are left out: their motions count as not made.
    """
    try:
        content = (folder / NAME).read_bytes()
    except FileNotFoundError:
        return {}
    entries = {}
    for line in content.split(b"\n"):
        try:
            entry = json.loads(line)
            entries[str(entry["file"])] = entry
        except (ValueError, KeyError, TypeError):
            continue
    return entries


def is_whole(folder: Path, entry: Entry) -> bool:
    """Whether the file of an entry is there, with the content that the entry says."""
    try:
        return sha256(folder / entry["file"]) == entry.get("sha256")
    except OSError:
        return False


def write_manifest(folder: Path, entries: Iterable[Entry]) -> None:
    """Replace the manifest."""
    write_whole(folder / NAME, b"".join(_line(entry) for entry in entries))


def append(file: IO[bytes], entries: Iterable[Entry]) -> None:
    """Add entries to an open manifest, so that a kill, or a power cut, leaves whole lines of whole files."""
    file.write(b"".join(_line(entry) for entry in entries))
    file.flush()
    os.fsync(file.fileno())


def sha256(path: Path) -> str:
    """SHA-256 of a file's content."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _line(entry: Entry) -> bytes:
    return json.dumps(entry, ensure_ascii=False).encode("utf-8", "replace") + b"\n"
