import pytest

from ram_sdk.mirrored_text import mirror_text
from training.open_data.captions import text_line


@pytest.mark.parametrize(
    ("caption", "mirrored"),
    [
        ("a person raises the left hand", "a person raises the right hand"),
        ("Left foot, then right foot", "Right foot, then left foot"),
        ("he turns clockwise", "he turns counterclockwise"),
        ("he veers leftwards in a counterclockwise arc", "he veers rightwards in a clockwise arc"),
        ("a person is left alone, upright", "a person is right alone, upright"),
        ("a person walks forward", "a person walks forward"),
    ],
)
def test_mirrored_text(caption: str, mirrored: str) -> None:
    assert mirror_text(caption) == mirrored
    assert mirror_text(mirrored) == caption


def test_text_line_parses_like_humanml3d() -> None:
    line = text_line("a person is walking and waves with the left hand")
    caption, tokens, start, end = line.split("#")
    assert caption == "a person is walking and waves with the left hand"
    words, tags = zip(*(token.split("/") for token in tokens.split(" ")), strict=True)
    assert words[:4] == ("a", "person", "be", "walk")
    assert tags[:6] == ("DET", "NOUN", "VERB", "VERB", "CONJ", "VERB")
    assert (float(start), float(end)) == (0.0, 0.0)
    assert text_line("a person frobnicates").split("#")[1].endswith("frobnicates/OTHER")


@pytest.mark.parametrize("caption", ["", "  ", "a # b", "a\nb"])
def test_text_line_refuses_what_would_break_the_file(caption: str) -> None:
    with pytest.raises(ValueError, match="one line of text"):
        text_line(caption)
