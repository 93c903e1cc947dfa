"""The player in a real browser: several walkers, a phone, no WebGL, a notebook."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from ram_sdk.motion import Motion
from ram_sdk.pipeline import RAMOutput
from tests.browser import Browser, open_browser, wait_until
from tests.synthetic_motion import natural_poses

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    with open_browser(tmp_path_factory.mktemp("browser"), 480, 360) as one:
        yield one


@pytest.fixture
def blind(tmp_path: Path) -> Iterator[Browser]:
    """A browser whose canvases have no WebGL."""
    with open_browser(tmp_path, 480, 360) as one:
        one.call(
            "Page.addScriptToEvaluateOnNewDocument",
            source="HTMLCanvasElement.prototype.getContext = () => null",
        )
        one.call("Page.enable")
        yield one


def walker(direction: tuple[float, float, float], metres: float = 12.0) -> Motion:
    joints = natural_poses(1).joints.numpy().repeat(40, axis=0)
    way = np.linspace(0, metres, 40)[:, None, None] * np.array(direction)
    return Motion((joints + way).astype(np.float32), prompt="a person walks")


def playing(browser: Browser) -> bool:
    return float(browser.evaluate("document.body.dataset.time || 0")) > 0


def seek_and_wait(browser: Browser, share: float) -> None:
    """Stop at a share of the clip, and give the camera frames to follow."""
    scrub = "document.getElementById('scrub')"
    browser.evaluate(f"{scrub}.value = {share}; {scrub}.dispatchEvent(new Event('input'))")
    browser.evaluate("new Promise(done => setTimeout(done, 1500))")


def test_walkers_who_part_stay_in_view(browser: Browser, tmp_path: Path) -> None:
    ways = [(0.0, 0.0, 1.0), (0.0, 0.0, -1.0), (-1.0, 0.0, 0.0)]
    first, *others = map(walker, ways)
    browser.open(first.save(tmp_path / "a.html", beside=others))
    wait_until(lambda: playing(browser))
    for share in (0.0, 0.5, 1.0):
        seek_and_wait(browser, share)
        assert browser.evaluate("document.body.dataset.inView") == "true"


def test_every_control_is_there_at_phone_width(browser: Browser, tmp_path: Path) -> None:
    phone = {"width": 320, "height": 568, "deviceScaleFactor": 1, "mobile": True}
    browser.call("Emulation.setDeviceMetricsOverride", **phone)
    browser.open(walker((0.0, 0.0, 1.0)).save(tmp_path / "a.html"))
    wait_until(lambda: playing(browser))
    assert browser.evaluate("document.documentElement.scrollWidth") <= 320
    for control in ("play", "scrub", "clock", "speed", "follow"):
        box = f"document.getElementById('{control}').getBoundingClientRect()"
        left, right, bottom, width = browser.evaluate(f"(r => [r.left, r.right, r.bottom, r.width])({box})")
        assert 0 <= left < right <= 320
        assert bottom <= 568
        assert width >= 10
    browser.call("Emulation.clearDeviceMetricsOverride")


def test_without_webgl_the_page_says_so(blind: Browser, browser: Browser, tmp_path: Path) -> None:
    page = walker((0.0, 0.0, 1.0)).save(tmp_path / "a.html")
    hidden = "document.getElementById('notice').hidden"
    blind.open(page)
    assert blind.evaluate(hidden) is False
    assert "WebGL" in blind.evaluate("document.getElementById('notice').innerText")
    browser.open(page)
    assert browser.evaluate(hidden) is True


def test_notebooks_show_the_player(browser: Browser, tmp_path: Path) -> None:
    motion = walker((0.0, 0.0, 1.0))
    for shown in (motion, RAMOutput([motion] * 8)):
        element = shown._repr_html_()
        assert element is not None
        page = tmp_path / "notebook.html"
        page.write_text(f"<!doctype html><body>{element}", encoding="utf-8")
        browser.open(page)
        size = "document.querySelector('iframe').getBoundingClientRect().height"
        assert browser.evaluate(size) == 480
        assert "<iframe" not in repr(shown)
    assert element.count("a person walks") == 6 + 1  # captions of the first six, and the title
    assert RAMOutput([])._repr_html_() is None
