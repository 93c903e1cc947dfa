"""The pages that the package carries are built from the sources beside them, and small."""

import shutil
import subprocess
from importlib.resources import files
from pathlib import Path

import pytest

from tests.javascript import VIEWER
from tests.requirements import skip_without

STATIC = Path(str(files("ram_sdk") / "studio" / "static"))
PLAYER = Path(str(files("ram_sdk") / "assets" / "player.js"))
MOST = 2_000_000  # bytes of the page before the first body


@pytest.mark.slow
def test_committed_pages_are_what_their_sources_make(tmp_path: Path) -> None:
    if shutil.which("node") is None or not (VIEWER / "node_modules" / "vite").is_dir():
        skip_without("needs node and the npm package vite: npm ci --prefix viewer")
    subprocess.run(["node", "build.mjs", tmp_path], cwd=VIEWER, check=True, timeout=120)
    assert (tmp_path / "assets/player.js").read_bytes() == PLAYER.read_bytes()
    built = {path.name: path.read_bytes() for path in (tmp_path / "studio/static").iterdir()}
    assert built == {path.name: path.read_bytes() for path in STATIC.iterdir()}


def test_the_page_is_small_and_carries_its_licences() -> None:
    assert sum(path.stat().st_size for path in STATIC.iterdir()) < MOST
    assert "Permission is hereby granted" in (STATIC / "studio.js").read_text(encoding="utf-8")
    assert "SIL OPEN FONT LICENSE" in (STATIC / "LICENSE-Inter.txt").read_text(encoding="utf-8").upper()


def test_the_page_has_no_inline_scripts_and_no_address_elsewhere() -> None:
    page = (STATIC / "index.html").read_text(encoding="utf-8")
    assert page.count("<script") == page.count('src="./studio.js"') == 1
    assert " on" not in {part.split("=")[0] for part in page.split('"')}
    assert "http" not in page.replace("http://www.w3.org", "")
