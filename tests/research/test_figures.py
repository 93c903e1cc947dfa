"""The paper's figures: charts, motions side by side, and the blind user study in a real browser."""

import json
import re
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from ram_sdk.motion import Motion
from tests.browser import open_browser, wait_until
from tests.synthetic_motion import natural_poses
from training.evaluation.protocol import Row
from training.research.figures import chart, ranks, side_by_side
from training.research.figures.rows import generate
from training.research.figures.user_study import build_page

HOSTILE = 'walks</script><script>document.title = "taken"</script> & <b>waves</b>'
ROWS = [
    Row("Alpha-Method", "open-small"),
    Row("Beta-Method", "folder", cfg_scale=0.0),
    Row("Gamma-Method", "x"),
]


def clips(prompt: str, seed: int) -> list[Motion]:
    poses = [natural_poses(30 + 5 * i, seed + i) for i in range(3)]
    return [Motion(pose.joints.float().numpy(), prompt=prompt) for pose in poses]


@pytest.fixture(scope="module")
def study() -> tuple[str, dict]:
    """A study of three methods and two prompts."""
    groups = [clips(HOSTILE, 0), clips("a person waves", 3)]
    return build_page([list(row) for row in zip(*groups, strict=True)], ROWS, seed=0)


def test_page_is_one_file_that_hides_the_methods(study) -> None:
    page, key = study
    assert "-Method" not in page
    assert "default-src 'none'" in page
    assert page.count("</script") == 2
    assert len(page) < 2_500_000
    assert [trial["prompt"] for trial in key["trials"]] == [HOSTILE, "a person waves"]
    for trial in key["trials"]:
        assert sorted(trial["motions"].values()) == ["Alpha-Method", "Beta-Method", "Gamma-Method"]
        assert all(page.count(f'"id": "{token}"') == 1 for token in trial["motions"])


def test_motions_stand_in_the_page_once_and_the_body_once(study) -> None:
    page, _ = study
    content = json.loads(re.search(r'id="study">(.*)</script>', page)[1])
    shared, own = len(content["body"]), [len(trial["rest"]) for trial in content["trials"]]
    assert shared > 100_000
    assert max(own) < 3 * 35 * 23 * 4 * 4 * 2  # three clips' rotations, in base64


@pytest.mark.slow
def test_participant_ranks_by_clicking_and_saves_a_file(study, tmp_path: Path) -> None:
    page, key = study
    (tmp_path / "study.html").write_text(page, encoding="utf-8")
    with open_browser(tmp_path, 760, 590) as browser:
        browser.open(tmp_path / "study.html")
        assert browser.evaluate("document.title") == "Which motion is better?"
        browser.click("document.getElementById('begin')")
        moment = "document.querySelector('iframe')?.contentDocument?.body?.dataset.time"
        for trial in range(2):
            wait_until(lambda: float(browser.evaluate(moment) or 0) > 0)  # it plays
            if trial == 0:
                shot = Image.open(browser.screenshot(tmp_path / "shot.png"))
                picture = np.asarray(shot.convert("RGB"), dtype=int)
            assert browser.evaluate("document.getElementById('next').disabled")
            for position in (2, 0):
                browser.click(f"document.querySelectorAll('fieldset button')[{position}]")
            browser.click("document.getElementById('next')")
        browser.click("document.getElementById('save')")
        wait_until(lambda: any(tmp_path.glob("ranks-*.json")))
        captions = [trial["prompt"] for trial in key["trials"]]
        assert browser.evaluate("document.title") == "Which motion is better?"
    (saved,) = tmp_path.glob("ranks-*.json")
    content = json.loads(saved.read_text())
    assert {captions[answer["trial"]] for answer in content["answers"]} == {HOSTILE, "a person waves"}
    for answer in content["answers"]:
        shown = answer["shown"]
        assert sorted(shown) == sorted(key["trials"][answer["trial"]]["motions"])
        assert answer["ranks"] == [shown[2], shown[0], shown[1]]
    red, green, blue = picture.transpose(2, 0, 1)[:, 60:600]
    for first, second in ((blue, red), (red, blue), (green, blue)):  # three bodies: blue, coral and green
        assert (first - second > 20).mean() > 0.002


def saved_ranks(folder: Path, key: dict, name: str, best: str) -> Path:
    """The file of a participant who always puts one method first."""
    answers = []
    for i, trial in enumerate(key["trials"]):
        order = sorted(trial["motions"], key=lambda token: trial["motions"][token] != best)
        answers.append({"trial": i, "shown": order, "ranks": order})
    path = folder / f"{name}.json"
    path.write_text(json.dumps({"study": key["study"], "participant": name, "answers": answers}))
    return path


def test_ranks_become_shares_with_intervals_and_a_figure(study, tmp_path: Path) -> None:
    _, key = study
    (tmp_path / "key.json").write_text(json.dumps(key))
    people = [saved_ranks(tmp_path, key, f"p{i}", "Beta-Method") for i in range(3)]
    people.append(saved_ranks(tmp_path, key, "p3", "Alpha-Method"))
    result = ranks.summarise(tmp_path / "key.json", people)
    methods = result["methods"]
    beta = methods["Beta-Method"]
    assert (result["participants"], result["prompts"]) == (4, 2)
    assert beta["shares"][0]["value"] == 0.75
    assert beta["shares"][0]["low"] < 0.5 < beta["shares"][0]["high"] <= 1.0
    assert methods["Gamma-Method"]["mean_rank"] == {"value": 3.0, "low": 3.0, "high": 3.0}
    values = [[share["value"] for share in methods[row.name]["shares"]] for row in ROWS]
    np.testing.assert_allclose(np.sum(values, 0), 1)  # somebody has each rank
    np.testing.assert_allclose(np.sum(values, 1), 1)
    ranks.draw(result, tmp_path / "figure.png")
    assert Image.open(tmp_path / "figure.png").size[0] > 600
    assert "| Beta-Method | 75% [" in ranks.markdown(result)


def test_ranks_that_do_not_belong_are_refused(study, tmp_path: Path) -> None:
    _, key = study
    (tmp_path / "key.json").write_text(json.dumps(key))
    good = saved_ranks(tmp_path, key, "p", "Beta-Method")
    twin = tmp_path / "twin.json"
    twin.write_text(good.read_text())
    with pytest.raises(ValueError, match="a second file from participant p: keep one"):
        ranks.summarise(tmp_path / "key.json", [good, twin])
    content = json.loads(good.read_text())
    twin.write_text(json.dumps({**content, "study": "other"}))
    with pytest.raises(ValueError, match="is of study other, the key of"):
        ranks.summarise(tmp_path / "key.json", [twin])
    content["answers"][0]["ranks"][0] = content["answers"][0]["ranks"][1]
    twin.write_text(json.dumps(content))
    with pytest.raises(ValueError, match="does not rank each of its motions once"):
        ranks.summarise(tmp_path / "key.json", [twin])


def test_chart_draws_bars_to_scale(tmp_path: Path) -> None:
    bars = [chart.Bar(2.0, 1.9, 2.1), None, chart.Bar(1.0, 0.5, 1.5)]
    figure = chart.draw_panels("two\nlines", ["a", "b", "c" * 99], [chart.Panel("FID", bars)])
    chart.save(figure, tmp_path / "chart.png")
    image = np.asarray(Image.open(tmp_path / "chart.png").convert("RGB"), int)
    filled = (image[..., 2] - image[..., 0] > 100).sum(1)
    rows = np.flatnonzero(np.diff((filled > 0).astype(int)))
    assert len(rows) == 4  # two bars
    first, second = filled[rows[0] + 3], filled[rows[2] + 3]
    assert abs(first / second - 2) < 0.05
    with pytest.raises(ValueError, match="panel 'FID' has 3 bars: expected 2"):
        chart.draw_panels("", ["a", "b"], [chart.Panel("FID", bars)])


@pytest.mark.slow
def test_side_by_side_shares_noise_and_lengths_and_writes_every_form(checkpoint, tmp_path: Path) -> None:
    rows = [Row("all", str(checkpoint)), Row("same", str(checkpoint)), Row("free", str(checkpoint), 0.0, 0.0)]
    motions = generate(rows, ["a person walks", "a person waves"], [1.0, 0.8], seed=3)
    assert [[len(motion) for motion in made] for made in motions] == [[20, 16]] * 3
    np.testing.assert_array_equal(motions[0][1].joints, motions[1][1].joints)
    assert np.abs(motions[0][1].joints - motions[2][1].joints).max() > 1e-3
    side_by_side.compare(motions, rows, tmp_path / "page.png")
    assert Image.open(tmp_path / "page.png").size[0] == 1200
    side_by_side.compare(motions, rows, tmp_path / "film.gif")
    with Image.open(tmp_path / "film.gif") as film:
        assert (film.size, film.n_frames) == ((960, 640), 20)
    side_by_side.compare([made[:1] for made in motions], rows, tmp_path / "player.html")
    assert "free: a person walks" in (tmp_path / "player.html").read_text()
    with pytest.raises(ValueError, match="takes one prompt"):
        side_by_side.compare(motions, rows, tmp_path / "two.html")
    with pytest.raises(ValueError, match="give each one a different name"):
        generate([rows[0], rows[0]], ["a person walks"], [1.0], seed=0)
