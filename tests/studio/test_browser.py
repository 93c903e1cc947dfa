"""The studio in a real browser, in front of a real server."""

from pathlib import Path

import numpy as np
import pytest

from ram_sdk import RAMPipeline
from ram_sdk.motion import Motion
from tests.browser import Browser, open_browser, wait_until
from tests.studio.page import CALM, PHONE, Studio, element, floor_places, read
from tests.studio.serving import unhurried
from tests.synthetic_motion import natural_poses
from training.benchmarks.retargeting.glb_reader import GlbReader
from training.benchmarks.retargeting.rigs import STYLES, make_rig

pytestmark = pytest.mark.slow


def joints(studio: Studio, motion: dict[str, str]) -> np.ndarray:
    return np.array(read(f"{studio.address}/motions/{motion['id']}.json")["joints"])


def two_metres() -> Motion:
    """A pose that glides forward for four seconds."""
    poses = natural_poses(1).joints.numpy().repeat(80, axis=0)
    poses[:, :, 2] += np.linspace(0, 2, 80)[:, None]
    return Motion(poses.astype(np.float32))


def travel(glb: GlbReader) -> float:
    """Metres over the floor between a character's first hips and its last."""
    (hips,) = glb.places([next(name for name in glb.names if name.endswith("Hips"))]).transpose(1, 0, 2)
    return float(np.linalg.norm((hips[-1] - hips[0])[[0, 2]]))


def bar_seconds(studio: Studio) -> list[float]:
    bars = "[...document.querySelectorAll('.bar')].map(e => Number(e.getAttribute('aria-valuenow')))"
    return list(studio.evaluate(bars))


def test_a_prompt_is_typed_seen_as_it_forms_and_played_by_keyboard_alone(
    studio: Studio, pipeline: RAMPipeline
) -> None:
    studio.evaluate(f"{element('tab-prompt')}.focus()")
    studio.browser.press("Tab", 9)
    studio.browser.call("Input.insertText", text="a person walks forward")
    forming = "document.querySelector('.forming')?.textContent"
    with unhurried(pipeline):
        studio.browser.press("Enter", 13, "\r")
        wait_until(lambda: studio.evaluate(forming) == "a person walks forward")
    assert studio.result()["prompt"] == "a person walks forward"
    assert studio.evaluate(forming) is None
    assert studio.text("captions") == "a person walks forward"
    assert studio.evaluate("document.body.dataset.time") == "0.000"  # stands still where motion is unwelcome
    studio.evaluate(f"{element('view')}.focus()")
    studio.browser.press(" ", 32, " ")
    wait_until(lambda: float(studio.evaluate("document.body.dataset.time")) > 0)
    studio.browser.press(" ", 32, " ")
    assert studio.evaluate(f"{element('play')}.getAttribute('aria-label')") == "Play"


def test_candidates_stand_side_by_side_and_one_is_chosen(studio: Studio) -> None:
    studio.fill("prompt", "a person jumps")
    studio.fill("seed", "7")
    studio.fill("num", "3")
    studio.generate()
    assert [line[-6:] for line in studio.text("captions").splitlines()] == ["seed 7", "seed 8", "seed 9"]
    studio.browser.click("document.querySelectorAll('#picks label')[2]")
    studio.click("edit-result")
    wait_until(lambda: studio.shown("clip-settings"))


def test_a_timeline_of_three_is_edited_by_field_and_bar(studio: Studio) -> None:
    studio.click("tab-timeline")
    for row, prompt in enumerate(("a person walks", "a person jumps", "a person turns")):
        studio.fill(f"row-{row}", prompt)
    studio.fill("row-0-seconds", "2")
    studio.evaluate("document.querySelectorAll('.bar')[1].focus()")
    studio.browser.press("ArrowLeft", 37)
    assert bar_seconds(studio) == [2, 1.5, 3]
    edge = "document.querySelectorAll('.bar i')[2]"
    x, y, width = studio.evaluate(
        f"[{edge}.getBoundingClientRect().x, {edge}.getBoundingClientRect().y, {element('bars')}.clientWidth]"
    )
    studio.browser.drag([[x + 7, y + 10], [x + 7 - width * 1.5 / 6.5, y + 10]])
    assert bar_seconds(studio) == pytest.approx([2, 1.5, 1.5], abs=0.1)
    motion = studio.generate()
    assert motion["prompt"] == "a person walks, then a person jumps, then a person turns"
    assert motion["duration"] == pytest.approx(sum(bar_seconds(studio)), abs=0.06)
    studio.click("tab-prompt")
    assert not studio.shown("bars")


def test_a_path_is_drawn_on_the_floor_and_walked(studio: Studio) -> None:
    studio.fill("prompt", "a person walks forward")
    studio.fill("duration", "4")
    studio.click("path-draw")
    places = [(0.0, 0.35 - 0.05 * k) for k in range(10)] + [(0.03 * k, -0.1) for k in range(1, 6)]
    studio.browser.drag(floor_places(studio, places))
    points = studio.evaluate("[...document.querySelectorAll('#path-points input')].map(e => Number(e.value))")
    drawn = np.array(points).reshape(-1, 2)
    assert len(drawn) >= 4
    assert drawn[-1, 1] - drawn[0, 1] > 2  # up the screen is forward
    assert drawn[-1, 0] - drawn[0, 0] < -0.5  # and right is the person's right
    made = studio.generate()
    (path,) = made["recipe"]["body"]["constraints"]
    assert path == {"kind": "Path", "points": drawn.tolist(), "smooth": True, "facing": "along"}
    way = joints(studio, made)[:, 0, [0, 2]]  # the tiny networks' bodies sway about the path
    assert way[-1, 1] - way[0, 1] > 2


def test_a_clip_is_uploaded_and_its_gap_made_anew(studio: Studio, tmp_path: Path) -> None:
    clip = two_metres().save(tmp_path / "mine.npz")
    poses = Motion.load(clip).joints
    studio.click("tab-clip")
    studio.browser.choose_file("#clip-file", clip)
    wait_until(lambda: studio.shown("clip-settings"))
    assert studio.text("clip-name") == "mine.npz · 4.00 s"
    for end, seconds in (("gap-from", 1), ("gap-to", 2.5)):
        studio.evaluate(f"{element(end)}.value = {seconds}; {element(end)}.dispatchEvent(new Event('input'))")
    assert studio.text("gap-text") == "1.00 to 2.50 s, 1.50 s long"
    studio.fill("clip-prompt", "a person jumps")
    made = joints(studio, studio.generate())
    assert np.abs(made[:20] - poses[:20]).max() < 0.01
    assert np.abs(made[50:] - poses[50:]).max() < 0.01
    assert np.abs(made[22:48] - poses[22:48]).max() > 0.05


def test_a_motion_plays_on_ones_own_character_which_is_downloaded(studio: Studio, tmp_path: Path) -> None:
    character = tmp_path / "hero.glb"
    character.write_bytes(make_rig(STYLES["mixamo"]).to_bytes())
    studio.click("tab-clip")
    studio.browser.choose_file("#clip-file", two_metres().save(tmp_path / "mine.npz"))
    wait_until(lambda: studio.text("captions") == "Your clip")

    def dressed(root: str) -> GlbReader:
        wait_until(lambda: studio.text("status") == "The motion is on hero.glb." or bool(studio.errors()))
        assert studio.errors() == {}
        saved = studio.browser.downloads / "hero.glb"
        saved.unlink(missing_ok=True)
        studio.click("download-open")
        assert studio.text("format-hint") == "Your file with the motion."
        studio.click("download-go")
        wait_until(saved.is_file)
        studio.evaluate("document.querySelector('dialog[open]').close()")
        return GlbReader(saved)

    studio.browser.choose_file("#character-file", character)
    hips = dressed("hips")
    assert hips.names == GlbReader(character).names  # the file otherwise as it was
    studio.evaluate(f"{element('view')}.focus()")
    studio.browser.press(" ", 32, " ")
    wait_until(lambda: float(studio.evaluate("document.body.dataset.time")) > 0)
    studio.browser.press(" ", 32, " ")
    studio.evaluate(f"{element('status')}.textContent = ''")
    studio.choose("character-root", "in_place")
    still = dressed("in_place")
    assert travel(hips) > 1
    assert travel(still) < 0.1
    studio.click("character-off")
    wait_until(lambda: not studio.shown("character-off"))
    assert not studio.shown("character-options")


def test_what_was_assumed_of_a_file_is_told(studio: Studio, tmp_path: Path) -> None:
    clip = tmp_path / "mine.npy"
    np.save(clip, natural_poses(1).joints.numpy().repeat(80, axis=0))
    studio.click("tab-clip")
    studio.browser.choose_file("#clip-file", clip)
    wait_until(lambda: studio.text("warnings") != "")
    assert studio.text("warnings").startswith("'mine.npy': it has no frame rate: 20 fps is assumed")
    assert studio.text("clock") == "0.00 / 4.00 s"


def test_what_is_wrong_is_said_beside_its_field(studio: Studio, tmp_path: Path) -> None:
    studio.click("generate")
    assert studio.errors() == {"prompt-error": "Describe what the person does, such as “a person jumps”."}
    studio.fill("prompt", "a person walks")
    studio.fill("duration", "ninety")
    studio.click("generate")
    assert list(studio.errors()) == ["duration-error"]
    assert "“ninety”" in studio.errors()["duration-error"]
    assert studio.evaluate("document.activeElement.id") == "duration"
    assert studio.evaluate("document.activeElement.getAttribute('aria-invalid')") == "true"
    studio.fill("duration", "3")
    studio.fill("prompt", "word " * 300)  # more than the server takes
    studio.click("generate")
    wait_until(lambda: "prompt-error" in studio.errors())
    broken = tmp_path / "broken.bvh"
    broken.write_text("HIERARCHY\nnothing")
    studio.click("tab-clip")
    studio.browser.choose_file("#clip-file", broken)
    wait_until(lambda: "clip-file-error" in studio.errors())


def test_a_job_is_cancelled(studio: Studio, pipeline: RAMPipeline) -> None:
    studio.fill("prompt", "a person walks")
    studio.choose("preset", "all steps")
    with unhurried(pipeline):
        studio.click("generate")
        wait_until(lambda: studio.shown("cancel"))
        studio.click("cancel")
        wait_until(lambda: studio.text("status") == "Cancelled.")
    assert not studio.shown("progress")
    assert not studio.shown("cancel")
    assert studio.shown("empty")


def test_two_tabs_at_once_and_a_reload_that_keeps_the_history(
    studio: Studio, browser: Browser, address: str
) -> None:
    studio.evaluate(f"{element('history-clear')}.click()")
    other = Studio(browser.tab(), address).open()
    for page, prompt in ((studio, "a person kicks"), (other, "a person turns left")):
        page.fill("prompt", prompt)
        page.click("generate")
    first, second = studio.result(), other.result()
    assert (first["prompt"], second["prompt"]) == ("a person kicks", "a person turns left")
    assert studio.text("captions") == "a person kicks"
    assert other.complaints() == []
    other.browser.call("Page.close")

    studio.open()
    wait_until(lambda: studio.text("history-count") == "2")
    assert studio.evaluate(f"{element('prompt')}.value") == "a person kicks"  # the draft of this tab
    studio.click("history-open")
    titles = "[...document.querySelectorAll('.entry strong')].map(e => e.textContent)"
    assert sorted(studio.evaluate(titles)) == ["a person kicks", "a person turns left"]
    studio.browser.click("[...document.querySelectorAll('.entry')].find(e => e.innerText.includes('turns'))")
    wait_until(lambda: studio.text("captions") == "a person turns left")
    assert studio.evaluate(f"{element('seed')}.value") == str(second["settings"]["seed"])


def test_a_link_makes_the_same_motion_again(studio: Studio, browser: Browser, address: str) -> None:
    studio.fill("prompt", "a person waves")
    studio.fill("duration", "2")
    made = joints(studio, studio.generate())
    studio.evaluate("navigator.clipboard.writeText = async text => { window.copied = text }; 0")
    studio.click("link")
    wait_until(lambda: studio.text("status") == "Link copied.")
    link = studio.evaluate("window.copied")
    other = Studio(browser.tab(), address).open(link.removeprefix(f"{address}/"))
    assert np.array_equal(joints(other, other.result()), made)
    assert "#" not in other.evaluate("location.href")
    other.browser.call("Page.close")


def test_without_webgl_the_page_says_so_and_still_makes_motions(address: str, tmp_path: Path) -> None:
    with open_browser(tmp_path, 1000, 700) as browser:
        browser.call("Page.enable")
        browser.call(
            "Page.addScriptToEvaluateOnNewDocument",
            source="HTMLCanvasElement.prototype.getContext = () => null",
        )
        blind = Studio(browser, address).open()
        assert "WebGL" in blind.text("notice")
        blind.fill("prompt", "a person walks")
        blind.generate()
        assert blind.shown("download-open")


def test_phone_width_has_every_control(studio: Studio) -> None:
    studio.browser.call("Emulation.setDeviceMetricsOverride", **PHONE)
    studio.fill("prompt", "a person walks")
    studio.generate()
    for tab in ("prompt", "timeline", "clip"):
        studio.click(f"tab-{tab}")
        assert studio.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
        for control in ("generate", "play", "scrub", "speed", "follow", "download-open", "history-open"):
            box = f"{element(control)}.getBoundingClientRect()"
            left, right = studio.evaluate(f"(r => [r.left, r.right])({box})")
            assert 0 <= left < right <= PHONE["width"]


def test_motion_plays_by_itself_where_it_is_welcome(browser: Browser, address: str) -> None:
    page = Studio(browser.tab(), address, calm=False).open()
    page.fill("prompt", "a person walks")
    page.generate()
    wait_until(lambda: float(page.evaluate("document.body.dataset.time")) > 0)
    page.browser.call("Emulation.setEmulatedMedia", features=CALM)
    page.browser.call("Page.close")


def test_axe_finds_nothing_serious(studio: Studio) -> None:
    studio.fill("prompt", "a person walks")
    studio.fill("num", "2")
    studio.evaluate(f"{element('sampling')}.open = true")
    studio.generate()
    for theme in ("light", "dark"):
        assert studio.evaluate("document.documentElement.dataset.theme") == theme
        assert studio.serious() == []
        studio.click("theme")
    studio.click("tab-timeline")
    assert studio.serious() == []
    studio.click("tab-clip")
    studio.click("clip-from-result")
    wait_until(lambda: studio.shown("clip-settings"))
    assert studio.serious() == []
    for opener in ("download-open", "history-open", "licence"):
        studio.evaluate(f"{element(opener)}.click()")
        assert studio.serious() == []
        studio.evaluate("document.querySelector('dialog[open]').close()")
