"""Pictures in memory: what they show, from where, and in which colours."""

import numpy as np
import pytest

from ram_sdk.motion import Motion
from tests.synthetic_motion import natural_poses

pytest.importorskip("PIL", reason="pip install 'ram_sdk[preview]'")

from ram_sdk import render
from ram_sdk.skeleton.joints import HUMANML3D, KIT_ML


@pytest.fixture(scope="module")
def motion() -> Motion:
    return Motion(natural_poses(6).joints.float().numpy())


def columns(picture: np.ndarray, coral: bool) -> np.ndarray:
    """Where, from left to right, the coral or the blue pixels are."""
    red, blue = picture[..., 0].astype(int), picture[..., 2].astype(int)
    return np.nonzero((red - blue if coral else blue - red) > 60)[1]


def test_the_left_side_is_coral_seen_from_every_side(motion: Motion) -> None:
    sides = {}
    for azimuth in (0.0, 180.0):
        picture = np.asarray(render.strip(motion[:1], size=160, azimuth=azimuth, times=False))
        sides[azimuth] = columns(picture, coral=True).mean() - columns(picture, coral=False).mean()
    assert sides[0.0] > 10  # whoever faces us has the left on our right
    assert sides[180.0] < -10


def test_a_side_view_hides_the_far_side(motion: Motion) -> None:
    right, left = (
        np.asarray(render.strip(motion[:1], size=160, azimuth=azimuth, times=False))
        for azimuth in (-90.0, 90.0)
    )
    assert len(columns(right, coral=False)) > len(columns(right, coral=True))
    assert len(columns(left, coral=True)) > len(columns(left, coral=False))


def test_strips_and_stacks_have_their_sizes(motion: Motion) -> None:
    strip = render.strip(motion, size=96, poses=4)
    assert strip.size == (4 * 60 + 3 * 2, 96)
    assert render.strip(motion, size=96, poses=12).width == 6 * 60 + 5 * 2  # no frame twice
    page = render.stack([strip, strip], 123)
    assert page.size == (123, 2 * round(96 * 123 / 246))


def test_films_are_drawn_as_they_are_asked_for(motion: Motion) -> None:
    pictures = list(render.film(motion, size=64, fps=40.0))
    assert len(pictures) == 12
    assert {picture.size for picture in pictures} == {(64, 64)}
    with pytest.raises(ValueError, match="a film of more than 100000 pictures"):
        render.film(Motion(motion.joints, 1e-6), size=64, fps=25.0)


def test_units_are_the_skeletons(motion: Motion) -> None:
    """KIT-ML's joints in millimetres are drawn as large as the same joints in metres would be."""
    metres = Motion(motion.joints[:, :21])
    assert (metres.skeleton, KIT_ML.metre, HUMANML3D.metre) == (KIT_ML, 1000.0, 1.0)
    picture = np.asarray(render.strip(Motion(1000 * motion.joints[:1, :21]), size=96))
    assert len(columns(picture, coral=True)) > 50
