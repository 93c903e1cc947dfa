"""The Blender add-on as an installable, reproducible archive."""

import io
import zipfile
from pathlib import Path

SOURCES = Path(__file__).resolve().parents[2] / "integrations" / "blender"
_SUFFIXES = (".py", ".toml")
_EPOCH = (1980, 1, 1, 0, 0, 0)


def blender_addon() -> bytes:
    """The archive, in the layout of Blender's extensions."""
    files = sorted(path for path in SOURCES.iterdir() if path.suffix in _SUFFIXES)
    licence = SOURCES.parents[1] / "LICENSE"
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        for path in [licence, *files]:
            entry = zipfile.ZipInfo(path.name, _EPOCH)
            entry.external_attr = 0o644 << 16
            archive.writestr(entry, path.read_bytes())
    return content.getvalue()
