"""How long a motion lasts where the caller does not say it."""

import pytest

from ram_sdk.models.duration import stated_seconds


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("a person walks for six seconds", 6.0),
        ("a person walks for 6s", 6.0),
        ("jump for 2.5 sec", 2.5),
        ("a ten-second walk", 10.0),
        ("wave for half a second", 0.5),
        ("stand still for a couple of seconds", 2.0),
        ("dances for one and a half seconds", 1.5),
        ("run for a minute", 60.0),
        ("walks for two seconds and then waves for 3 seconds", 5.0),
        ("Walk For Five Seconds!", 5.0),
        ("a person waits for a second", 1.0),
    ],
)
def test_stated_durations_are_read(text, seconds):
    assert stated_seconds(text) == seconds


@pytest.mark.parametrize(
    "text",
    [
        "a person walks",
        "takes three steps",
        "is second in the race",
        "comes in at 100",
        "a man of seconds",
        "a second person waves",
        "jumps for a second time",
        "jumps for zero seconds",
    ],
)
def test_other_texts_state_none(text):
    assert stated_seconds(text) is None


def test_the_pipeline_uses_them_within_what_it_can_make(pipeline):
    prompts = ["a person jumps for three seconds", "a person jumps for 0.2 s", "a person jumps for a minute"]
    made = pipeline(prompts, num_inference_steps=1).motions
    assert [len(motion) for motion in made] == [60, 40, 196]
    asked = pipeline("a person jumps for three seconds", duration=4.0, num_inference_steps=1).motions[0]
    assert len(asked) == 80
