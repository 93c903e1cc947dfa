import re
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest

from ram_sdk.motion import Motion
from tests.requirements import skip_without
from tests.synthetic_motion import natural_poses

HOSTILE = 'walks</script><script>document.title = "taken"</script> & <b>waves</b>'


@pytest.fixture(scope="module")
def motion() -> Motion:
    return Motion(natural_poses(196).joints.float().numpy(), prompt=HOSTILE)


def test_page_is_small_and_asks_for_nothing_from_outside(motion: Motion, tmp_path: Path) -> None:
    path = motion.save(tmp_path / "a.html")
    page = path.read_text(encoding="utf-8")
    assert path.stat().st_size <= 1_500_000
    assert "default-src 'none'" in page
    assert not re.findall(r"""(?:src|href)\s*=\s*["']?\w+:""", page.split("<script", 1)[0])
    assert "{{" not in page.split("<script>", 1)[0]
    assert "The MIT License" in page  # three.js asks for its notice in every copy


def test_prompts_stay_text(motion: Motion, tmp_path: Path) -> None:
    page = motion.save(tmp_path / "a.html").read_text(encoding="utf-8")
    assert page.count("</script") == 3
    assert "<b>waves" not in page


def test_further_motions_share_player_and_body(motion: Motion, tmp_path: Path) -> None:
    alone = motion.save(tmp_path / "a.html").stat().st_size
    together = motion.save(tmp_path / "b.html", beside=[motion[:100], motion[50:]]).stat().st_size
    assert together < alone + 200_000


@pytest.mark.slow
def test_browser_plays_it(motion: Motion, tmp_path: Path) -> None:
    browser = shutil.which("chromium") or shutil.which("google-chrome")
    if browser is None:
        skip_without("needs Chromium or Chrome")
    image = pytest.importorskip("PIL.Image", reason="pip install 'ram_sdk[preview]'")
    page = motion[:40].save(tmp_path / "a.html", beside=[motion[:30]])
    shot = tmp_path / "shot.png"
    command = [
        browser, "--headless=new", "--no-sandbox", "--use-angle=swiftshader", "--enable-unsafe-swiftshader",
        "--hide-scrollbars", "--window-size=480,360", f"--screenshot={shot}", "--dump-dom", page.as_uri(),
    ]  # fmt: skip
    for budget in (600, 2400, 9600):  # milliseconds; a busy machine may not have begun to play in the first
        called = [*command, f"--virtual-time-budget={budget}"]
        content = subprocess.run(called, check=True, timeout=180, capture_output=True, text=True).stdout
        played = re.search(r'data-time="(?!0\.000)', content)
        if played:
            break
    assert played
    assert content.count("<li style") == 2  # one caption for each motion
    assert "<title>taken" not in content
    red, _, blue = np.asarray(image.open(shot).convert("RGB"), dtype=int).transpose(2, 0, 1)[:, :300]
    assert (blue - red > 25).mean() > 0.005  # the first body is blue,
    assert (red - blue > 40).mean() > 0.005  # the second coral
