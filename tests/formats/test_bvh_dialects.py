"""BVH as other exporters write it: encodings, locales, layout, damage; read right, warned of or refused."""

import re
import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from ram_sdk.formats.bvh_parser import BvhMotion, parse_bvh, read_bvh
from ram_sdk.motion import Motion
from tests.skeleton.naming_schemes import SCHEMES
from tests.synthetic_bvh import bvh_text, person

BODY = person(SCHEMES["unity"], frames=4)
TEXT = bvh_text(BODY)
HEAD, ROWS = TEXT.split("Frame Time: 0.05\n")
HEAD += "Frame Time: 0.05\n"


def same(motion: BvhMotion, frames: int = 4) -> bool:
    expected = parse_bvh(TEXT)
    return (
        motion.names == expected.names
        and np.allclose(motion.rotations, expected.rotations[:frames])
        and np.allclose(motion.translations, expected.translations[:frames])
        and motion.fps == expected.fps
    )


def lower(text: str) -> str:
    return re.sub(r"HIERARCHY|ROOT|JOINT|OFFSET|CHANNELS|End Site|MOTION|Frames|Frame Time",
                  lambda word: word[0].lower(), text)  # fmt: skip


@pytest.mark.parametrize(
    "encoding", ["utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "latin-1", "cp1252"]
)
def test_encodings(tmp_path: Path, encoding: str) -> None:
    text = TEXT.replace("LeftHand", "LinkeHände" if "utf" not in encoding else "LeftHand")
    (tmp_path / "a.bvh").write_bytes(text.encode(encoding))
    assert np.allclose(read_bvh(tmp_path / "a.bvh").rotations, parse_bvh(TEXT).rotations)


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_json_in_other_encodings(tmp_path: Path, encoding: str) -> None:
    motion = Motion(BODY.expected.astype(np.float32))
    path = motion.save(tmp_path / "a.json")
    path.write_bytes(path.read_text(encoding="utf-8").encode(encoding))
    np.testing.assert_allclose(Motion.load(path).joints, motion.joints, atol=1e-5)


LAYOUTS: dict[str, Callable[[str], str]] = {
    "lower case": lower,
    "upper case": lambda text: text.replace("End Site", "END SITE").replace("rotation", "ROTATION"),
    "mixed case": lambda text: text.replace("JOINT", "Joint").replace("OFFSET", "Offset"),
    "brace on the joint's line": lambda text: re.sub(r"\n\{", " {", text),
    "closing brace on the offset's line": lambda text: re.sub(r"\n\}\n\}", " } }", text),
    "offset and channels on one line": lambda text: text.replace("\nCHANNELS", " CHANNELS"),
    "all on one line": lambda text: re.sub(r"\{\nOFFSET", "{OFFSET", text).replace("\n{", "{"),
    "root behind HIERARCHY": lambda text: text.replace("HIERARCHY\n", "HIERARCHY "),
    "carriage returns": lambda text: text.replace("\n", "\r\n"),
    "old Mac line ends": lambda text: text.replace("\n", "\r"),
    "tabs and blank lines": lambda text: text.replace(" ", "\t").replace("End\tSite", "End Site").replace(
        "Frame\tTime", "Frame Time").replace("\n", "\n\n"),
    "no blank behind the colon": lambda text: text.replace(": ", ":"),
    "end of file mark": lambda text: text + "\x1a",
    "a frame over several lines": lambda text: HEAD + "\n".join(ROWS.split()),
    "all frames on one line": lambda text: HEAD + " ".join(ROWS.split()),
    "commas between numbers": lambda text: HEAD + ROWS.replace(" ", ", "),
    "commas without blanks": lambda text: HEAD + ROWS.replace(" ", ","),
}  # fmt: skip


@pytest.mark.parametrize("layout", LAYOUTS)
def test_layouts_need_no_warning(layout: str, tmp_path: Path) -> None:
    (tmp_path / "a.bvh").write_bytes(LAYOUTS[layout](TEXT).encode())
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert same(read_bvh(tmp_path / "a.bvh"))


def glued(text: str) -> str:
    return HEAD + re.sub(r"(\d) -(\d)", r"\1-\2", ROWS)


ASSUMED: dict[str, tuple[Callable[[str], str], str]] = {
    "decimal commas": (lambda text: text.replace(".", ","), "decimal commas"),
    "decimal commas in rows only": (lambda text: HEAD + ROWS.replace(".", ","), "decimal commas"),
    "decimal commas in the head only": (lambda text: HEAD.replace(".", ",") + ROWS, "decimal commas"),
    "decimal commas and semicolon-free tabs": (
        lambda text: HEAD + ROWS.replace(".", ",").replace(" ", "\t"), "decimal commas"),
    "glued at the sign": (glued, "read as two"),
    "glued in an offset": (lambda text: re.sub(r"(OFFSET \S+) -", r"\1-", text), "read as two"),
    "glued exponents": (
        lambda text: HEAD + re.sub(r"(\d) -(\d)", r"\1e0-\2", ROWS), "read as two"),
    "more rows than the head says": (lambda text: text.replace("Frames: 4", "Frames: 3"), "head says 3"),
    "fewer rows than the head says": (lambda text: text.replace("Frames: 4", "Frames: 6"), "head says 6"),
    "no frames in the head": (lambda text: text.replace("Frames: 4", "Frames: 0"), "head says 0"),
}  # fmt: skip


@pytest.mark.parametrize("kind", ASSUMED)
def test_what_was_assumed_is_said_once(kind: str) -> None:
    change, message = ASSUMED[kind]
    with pytest.warns(UserWarning, match=message) as caught:
        assert same(parse_bvh(change(TEXT), "a.bvh"))
    assert len(caught) == 1
    assert str(caught[0].message).startswith("a.bvh: ")


def test_a_cut_off_last_row_is_left_out() -> None:
    with (
        pytest.warns(UserWarning, match=r"line \d+ is cut off"),
        pytest.warns(UserWarning, match="head says 4 frames, the file has 3"),
    ):
        assert same(parse_bvh(TEXT[:-40]), frames=3)


def test_a_file_without_frame_time_needs_fps() -> None:
    text = TEXT.replace("Frame Time: 0.05\n", "")
    with pytest.raises(ValueError, match="fps="):
        parse_bvh(text)
    assert parse_bvh(text, fps=25.0).fps == 25.0


FIRST_ROW = HEAD.count("\n") + 1
REFUSED: dict[str, tuple[Callable[[str], str], str]] = {
    "a word in a row": (
        lambda text: HEAD + ROWS.replace(" ", " banana ", 1), f"line {FIRST_ROW}: 'banana' is not a number"),
    "not a number": (
        lambda text: HEAD + "nan" + ROWS[ROWS.index(" "):], f"line {FIRST_ROW}: 'nan' is not a finite"),
    "infinite": (lambda text: HEAD + "1e999" + ROWS[ROWS.index(" "):], f"line {FIRST_ROW}: '1e999'"),
    "two points in a number": (lambda text: HEAD + "1.2.3" + ROWS[ROWS.index(" "):], f"line {FIRST_ROW}:"),
    "thousands": (lambda text: HEAD + "1.234,5 " + ROWS, f"line {FIRST_ROW}:"),
    "commas that may be either": (lambda text: HEAD + "1,2,3\n" + ROWS, f"line {FIRST_ROW}: '1,2,3'"),
    "a short row in the middle": (
        lambda text: HEAD + ROWS[ROWS.index(" "):], f"line {FIRST_ROW}: 68 numbers, but a frame has 69"),
    "one number too many": (lambda text: HEAD + "0 " + ROWS, f"line {FIRST_ROW}: 70 numbers"),
    "too few for one frame": (lambda text: HEAD + ROWS[:50], r"line \d+: \d numbers up to here"),
    "no rows": (lambda text: HEAD, "0 numbers"),
    "an offset of two numbers": (
        lambda text: text.replace("OFFSET 0.00000 0.00000", "OFFSET 0.00000", 1), "line 4: cannot read"),
    "channels that are not listed": (
        lambda text: text.replace("CHANNELS 6", "CHANNELS 7"), "line 5.*6 channels are listed"),
    "a joint without offset": (lambda text: re.sub("OFFSET.*\n", "", text, count=1), "line 2.*no OFFSET"),
    "an end without a joint": (lambda text: text.replace("ROOT", "End Site\nROOT"), "line 2: cannot read"),
    "too many braces": (lambda text: text.replace("{", "{\n}\n}", 1), "line 5: cannot read"),
    "other words": (lambda text: text.replace("OFFSET", "SCALE", 1), "line 4: cannot read 'SCALE"),
    "a frame time of 30": (lambda text: text.replace("0.05", "30", 1), "Frame Time '30'"),
    "a picture": (lambda text: "\x89PNG\r\n", "no MOTION section"),
}  # fmt: skip


@pytest.mark.parametrize("kind", REFUSED)
def test_what_cannot_be_read_is_refused_with_its_line(kind: str) -> None:
    change, message = REFUSED[kind]
    with pytest.raises(ValueError, match=message) as error:
        parse_bvh(change(TEXT), "a.bvh")
    assert str(error.value).startswith("a.bvh")
    assert "\n" not in str(error.value)


def still_joints(count: int, channels: int, frames: int, rows: int) -> str:
    chain = "JOINT b\n{\nOFFSET 0 1 0\nCHANNELS 0\n" * (count - 1)
    names = " ".join(["Xrotation", "Yrotation", "Zrotation"][:channels])
    return (
        f"HIERARCHY\nROOT a\n{{\nOFFSET 0 0 0\nCHANNELS {channels} {names}\n{chain}"
        + "}\n" * count
        + f"MOTION\nFrames: {frames}\nFrame Time: 0.05\n"
        + f"{'0 ' * channels}\n" * rows
    )


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (still_joints(1, 0, 10**8, 0), "no joint has channels"),
        (still_joints(1, 0, 10**9, 0), "no joint has channels"),
        (still_joints(500, 0, 10**18, 0), "no joint has channels"),
        (still_joints(1, 1, 10**15, 0), "0 numbers"),
        (still_joints(1900, 1, 10**4, 10**4), "only 1 channels move them"),
        (still_joints(4, 1, 10**5, 10**5), "only 1 channels move them"),
        (still_joints(1, 1, 1, 250_001), "more than 250000 frames: cut it first"),
        (still_joints(2100, 1, 1, 1), "line 8002: more than 2000 joints"),
    ],
)
def test_small_files_that_would_fill_the_memory_are_refused(text: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        parse_bvh(text)


def test_positions_that_are_all_zero_stand_for_the_offset() -> None:
    """Some tools list position channels for every joint and fill in nothing."""
    text = TEXT.replace("JOINT LeftLowerLeg", "JOINT LeftLowerLeg", 1)
    start = text.index("CHANNELS 3", text.index("JOINT LeftLowerLeg"))
    text = text[:start] + text[start:].replace("CHANNELS 3", "CHANNELS 6 Xposition Yposition Zposition", 1)
    column = 6 + 3 + 3 * BODY.names.index("LeftUpperLeg")
    head, rows = text.split("Frame Time: 0.05\n")
    words = [line.split() for line in rows.splitlines()]
    rows = "\n".join(" ".join([*row[: column - 3], "0 0 0", *row[column - 3 :]]) for row in words)
    with pytest.warns(UserWarning, match="taken to be at their OFFSET"):
        assert same(parse_bvh(f"{head}Frame Time: 0.05\n{rows}\n"))
