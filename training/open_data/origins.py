"""Where the owners of the captures keep them: the table `origins.json`, one entry for each source."""

import functools
import hashlib
import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from training.open_data.rewriting import as_it_is, every_second_frame, plain_lines

_FILE = Path(__file__).with_name("origins.json")
_REWRITES: dict[str, Callable[[bytes], bytes]] = {
    "": as_it_is,
    "plain lines": plain_lines,
    "every second frame": every_second_frame,
}


@dataclass(frozen=True)
class Part:
    """Files of a source that come from one place and are verified together.

    In `address` and `inside` the braces `{}` stand for a file's name there, in `to` for its name here. With
    `inside` the address is that of an archive and `inside` a path in it, where `**/` is any folders; without
    it there is an address for each name.
    """

    address: str
    inside: str
    to: str  # path in the folder of captures
    names: Mapping[str, str]  # from those there to those here; empty: all that are in the archive, but
    without: tuple[str, ...]
    rewrite: str  # a key of `_REWRITES`: what is done to a file before it is hashed and kept
    digest: str

    def place_of(self, member: str) -> str | None:
        """Where a member of the archive belongs in the folder of captures; None if it is not of this part."""
        found = re.fullmatch(_pattern(self.inside), member)
        if not found or ".." in member.split("/"):
            return None
        name = found[1]
        if self.names:
            return self.to.format(self.names[name]) if name in self.names else None
        return None if name in self.without else self.to.format(name)

    def files_in(self, captures: Path) -> dict[str, Path]:
        """The files of this part that are in a folder of captures, by path in that folder."""
        if self.names:
            places = [captures / self.to.format(name) for name in self.names.values()]
        else:
            kept_out = {self.to.format(name) for name in self.without}
            places = [
                path
                for path in captures.glob(self.to.format("*"))
                if path.relative_to(captures).as_posix() not in kept_out
            ]
        return {path.relative_to(captures).as_posix(): path for path in places if path.is_file()}

    def is_whole_in(self, captures: Path) -> bool:
        """Whether a folder of captures holds exactly the files that this part's digest is of."""
        files = self.files_in(captures)
        return (
            bool(files)
            and digest_of((name, path.read_bytes()) for name, path in files.items()) == self.digest
        )

    def brings(self, stem: str) -> bool:
        """Whether a file with this stem is one of the part's."""
        if self.names:
            return stem in {Path(self.to.format(name)).stem for name in self.names.values()}
        found = re.fullmatch(_pattern(Path(self.to).stem), stem)
        return found is not None and found[1] not in self.without

    def rewritten(self, content: bytes) -> bytes:
        """The content that is kept of a file that was fetched."""
        return _REWRITES[self.rewrite](content)


@dataclass(frozen=True)
class Origin:
    """Where a source is kept.

    `note` says what cannot be fetched of it, or differs from what the published sets were built from; empty
    where nothing does. A source without `parts` cannot be fetched at all.
    """

    kept_at: str  # the owners' page
    note: str
    parts: tuple[Part, ...]

    def brings(self, stem: str) -> bool:
        """Whether the capture with this file stem can be fetched."""
        return any(part.brings(stem) for part in self.parts)


@functools.cache
def origins() -> Mapping[str, Origin]:
    """The origins of the sources, by their key in `SOURCES`."""
    table: dict[str, dict[str, Any]] = json.loads(_FILE.read_text(encoding="utf-8"))
    return {
        name: Origin(
            entry["kept_at"], entry.get("note", ""), tuple(_part(part) for part in entry.get("parts", ()))
        )
        for name, entry in table.items()
    }


def digest_of(files: Iterable[tuple[str, bytes]]) -> str:
    """SHA-256 of the sorted lines "SHA-256 of the content, two spaces, path", as `sha256sum` writes them."""
    lines = sorted(f"{hashlib.sha256(content).hexdigest()}  {path}\n" for path, content in files)
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def _part(entry: Mapping[str, str]) -> Part:
    names = (name.partition("=") for name in entry.get("names", "").split())
    return Part(
        address=entry["address"],
        inside=entry.get("inside", ""),
        to=entry["to"],
        names={there: here or there for there, _, here in names},
        without=tuple(entry.get("without", "").split()),
        rewrite=entry.get("rewrite", ""),
        digest=entry["digest"],
    )


@functools.cache
def _pattern(template: str) -> str:
    """A regular expression for a path with one `{}`, which it captures, and `**/` for any folders or none."""
    return re.escape(template).replace(r"\{\}", "([^/]+)").replace(r"\*\*/", "(?:[^/]+/)*")
