import pytest

from training.open_data.captions import base_form, gerund, wordings


@pytest.mark.parametrize(
    ("phrase", "command", "ing"),
    [
        ("waves with the left hand", "wave with the left hand", "waving with the left hand"),
        ("walks forward slowly", "walk forward slowly", "walking forward slowly"),
        ("is walking forward", "walk forward", "walking forward"),
        ("is just walking", "walk", "walking"),
        ("is lying on the floor", "lie on the floor", "lying on the floor"),
        ("lies down", "lie down", "lying down"),
        ("runs, slowing to a walk", "run, slowing to a walk", "running, slowing to a walk"),
        ("does a flip", "do a flip", "doing a flip"),
        ("goes for a walk", "go for a walk", "going for a walk"),
        ("has a drink", "have a drink", "having a drink"),
        ("reaches up", "reach up", "reaching up"),
        ("raises a hand and waves it", "raise a hand and wave it", "raising a hand and waving it"),
        ("crawls on hands and knees", "crawl on hands and knees", "crawling on hands and knees"),
        ("carries a box", "carry a box", "carrying a box"),
        ("jogs along", "jog along", "jogging along"),
        ("backflips", "backflip", "backflipping"),
        ("is on the phone", "be on the phone", "being on the phone"),
        ("salsa dances", "salsa dance", "salsa dancing"),
        ("walks, then sits down", "walk, then sit down", "walking, then sitting down"),
        ("is throwing a ball", "throw a ball", "throwing a ball"),
    ],
)
def test_forms_of_the_verb(phrase: str, command: str, ing: str) -> None:
    assert base_form(phrase) == command
    assert gerund(phrase) == ing


def test_every_plain_wording_has_a_base_form() -> None:
    for action in wordings.actions():
        for template in wordings.seen(action)["plain"]:
            assert template.startswith("{S} "), template
            phrase = template.removeprefix("{S} ").split("|")[0].replace("(", "")
            if phrase.split()[0] not in ("cannot",):
                assert base_form(phrase).split()[0] != phrase.split()[0] or phrase.startswith("salsa"), (
                    template
                )
