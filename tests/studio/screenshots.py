"""`python -m tests.studio.screenshots FOLDER`: a picture of each view of the studio, to be looked at.

The shipped checkpoint makes the motions; the browser is the tests' own.
"""

import math
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from ram_sdk import RAMPipeline
from ram_sdk.studio.app import create_app
from tests.browser import open_browser, wait_until
from tests.studio.page import PHONE, Studio, element, floor_places
from tests.studio.serving import serving

DESKTOP = {"width": 1280, "height": 800, "deviceScaleFactor": 1, "mobile": False}
Shoot = Callable[[str], Path]


def prompts(studio: Studio, shoot: Shoot) -> None:
    shoot("empty")
    studio.fill("prompt", "a person waves with both hands")
    studio.fill("duration", "4")
    studio.fill("num", "3")
    studio.click("generate")
    wait_until(lambda: studio.text("captions") != "" or bool(studio.errors()))
    shoot("forming")
    studio.result()
    studio.evaluate(f"{element('scrub')}.value = 0.5; {element('scrub')}.dispatchEvent(new Event('input'))")
    shoot("candidates")
    for dialog in ("download-open", "history-open", "licence"):
        studio.evaluate(f"{element(dialog)}.click()")
        shoot(dialog.removesuffix("-open"))
        studio.evaluate("document.querySelector('dialog[open]').close()")
    studio.click("theme")
    shoot("dark")
    studio.click("theme")
    studio.click("edit-result")
    shoot("clip")
    studio.click("tab-prompt")
    studio.fill("duration", "99")
    studio.click("generate")
    shoot("error")


def timeline(studio: Studio, shoot: Shoot) -> None:
    studio.click("tab-timeline")
    studio.click("add-row")
    studio.fill("row-3", "waves with the left hand")
    studio.choose("row-3-part", "left arm")
    studio.fill("row-3-start", "1")
    studio.generate()
    studio.evaluate(f"{element('scrub')}.value = 0.4; {element('scrub')}.dispatchEvent(new Event('input'))")
    shoot("timeline")


def path(studio: Studio, shoot: Shoot) -> None:
    studio.fill("prompt", "a person walks forward")
    studio.fill("duration", "6")
    studio.click("path-draw")
    curve = [(0.08 * math.sin(k / 2), 0.3 - k * 0.04) for k in range(12)]
    studio.browser.drag(floor_places(studio, curve))
    shoot("path-drawn")
    studio.generate()
    shoot("path-walked")


def main(folder: Path) -> None:
    """Take them all, at the width of a desktop and of a phone."""
    folder.mkdir(parents=True, exist_ok=True)
    pipeline = RAMPipeline.from_pretrained()
    pipeline.set_progress_bar_config(disable=True)
    with (
        tempfile.TemporaryDirectory() as place,
        serving(create_app(pipeline)) as address,
        open_browser(Path(place)) as browser,
    ):
        for device, size in (("desktop", DESKTOP), ("phone", PHONE)):
            for view in (prompts, timeline, path):
                studio = Studio(browser.tab(), address)
                studio.browser.call("Emulation.setDeviceMetricsOverride", **size)
                view(studio.open(), shooter(studio, folder, device))
                studio.browser.call("Page.close")


def shooter(studio: Studio, folder: Path, device: str) -> Shoot:
    """What takes a picture under a name, when the camera has come to rest."""

    def shoot(name: str) -> Path:
        studio.evaluate("new Promise(done => setTimeout(done, 1500))")
        return studio.browser.screenshot(folder / f"{device}-{name}.png")

    return shoot


if __name__ == "__main__":
    main(Path(sys.argv[1]))
