"""What a prompt says beside its action: what comes first, and how fast."""

import pytest

from ram_sdk.control.wording import clauses, count, degrees, halves, pace, repeats, sequence, side


@pytest.mark.parametrize(
    ("prompt", "parts"),
    [
        ("a person walks forward, then sits down", ["a person walks forward", "sits down"]),
        ("a few paces on foot, followed by a wave", ["a few paces on foot", "a wave"]),
        ("a man walks forward, stops, and sits down", ["a man walks forward", "stops", "sits down"]),
        ("waves, claps, jumps, and bows", ["waves", "claps", "jumps", "bows"]),
        ("a person lifts hands, arms, and shoulders", ["a person lifts hands, arms, and shoulders"]),
        ("a person walks, waves", ["a person walks, waves"]),
        ("someone bows before walking ahead", ["someone bows", "walking ahead"]),
        ("someone bows prior to walking ahead", ["someone bows", "walking ahead"]),
        ("she waves before she leaves", ["she waves", "she leaves"]),
        ("After turning around, a man walks away", ["turning around", "a man walks away"]),
        ("a man walks away after turning around", ["turning around", "a man walks away"]),
        ("first he kneels down and then he gets up", ["he kneels down", "he gets up"]),
        ("he waves. Then he bows. Afterwards, he leaves.", ["he waves", "he bows", "he leaves"]),
        ("walks and finally waves", ["walks", "waves"]),
        ("then sits down", ["sits down"]),
        ("a person stands next to a chair", ["a person stands next to a chair"]),
        ("a person thinks before a mirror", ["a person thinks before a mirror"]),
        ("someone looks after a child", ["someone looks after a child"]),
        ("a person walks and waves", ["a person walks and waves"]),
        ("then", ["then"]),
        ("a person runs after something", ["a person runs after something"]),
        ("someone looks around before nothing", ["someone looks around before nothing"]),
        ("a person stands before it and waves", ["a person stands before it and waves"]),
        ("now and then a person waves", ["now and then a person waves"]),
    ],
)
def test_a_sentence_is_divided_where_one_thing_follows_another(prompt, parts):
    assert sequence(prompt) == parts


@pytest.mark.parametrize(
    ("prompt", "rest", "faster"),
    [
        ("a person walks slowly", "a person walks", False),
        ("a very slow walk", "a walk", False),
        ("he quickly turns around", "he turns around", True),
        ("Run fast!", "Run !", True),
        ("a person eats breakfast", "a person eats breakfast", None),
        ("slowly", "", False),
        ("a person is fast asleep", "a person is fast asleep", None),
        ("someone hurries along", "someone hurries along", True),
        ("he eases onto a chair", "he eases onto a chair", False),
        ("drops onto a chair", "drops onto a chair", True),
        ("drops a ball", "drops a ball", None),
        ("tears up a letter", "tears up a letter", None),
        ("she does not rush", "she does not rush", None),
        ("leaves without rushing", "leaves without rushing", None),
        ("wins the race", "wins the race", None),
        ("stands at ease", "stands at ease", None),
        ("walk at normal speed", "walk at normal speed", None),
        ("strolls quickly", "strolls", True),
    ],
)
def test_words_for_speed_are_told_from_the_action(prompt, rest, faster):
    found, factor = pace(prompt)
    assert found == rest
    assert (factor == 1.0) if faster is None else (factor > 1.0) == faster


@pytest.mark.parametrize(
    ("text", "sides"),
    [
        ("walk to the chair and sit down", ("walk to the chair", "sit down")),
        ("he picks something up, and walks away", ("he picks something up", "walks away")),
        ("walks up and down", None),
        ("steps left and right", None),
        ("with his arms and his legs", None),
        ("walks and waves and sits", None),
        ("walks", None),
    ],
)
def test_two_clauses_are_told_from_other_ands(text, sides):
    assert clauses(text) == sides


@pytest.mark.parametrize(
    ("part", "again"),
    [
        ("once more", True), ("then once more.", True), ("does it again", True), ("a second time", True),
        ("again he jumps", False), ("he does it one more time", True), ("repeats it", True),
        ("does it", False), ("", False),
        ("stands up again", False),
    ],
)  # fmt: skip
def test_a_part_that_only_repeats_is_told(part, again):
    assert repeats(part) is again


@pytest.mark.parametrize(
    ("text", "angle"),
    [
        ("make a quarter turn to the left", 90),
        ("turns by 45 degrees", 45),
        ("a 180-degree turn", 180),
        ("spins 720°", 720),
        ("swivel a right angle", 90),
        ("about face!", 180),
        ("turn all the way around, 360 degrees", 360),
        ("walks in a full circle", 360),
        ("turns 90 degrees, then 45 degrees", 0),
        ("makes a three-quarter turn", 0),
        ("turns around three times", 0),
        ("a person turns around slowly", 180),
        ("turns around and walks away", 180),
        ("turns around the corner", 0),
        ("turns around a few times", 0),
        ("bends the knees at a right angle", 0),
        ("holds the arms at 90 degrees", 0),
    ],
)
def test_an_angle_to_turn_by_is_heard(text, angle):
    assert degrees(text) == angle


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("waves the left hand", "left"),
        ("Right turn", "right"),
        ("walks counterclockwise", "left"),
        ("in a clockwise circle", "right"),
        ("turns anti-clockwise", "left"),
        ("steps left and right", ""),
        ("do it right now", ""),
        ("leaves", ""),
        ("walks in a circle", ""),
    ],
)
def test_a_side_is_heard(text, named):
    assert side(text) == named


@pytest.mark.parametrize(
    ("text", "times"),
    [
        ("jumps three times", 3),
        ("a person does 3 squats", 3),
        ("does two deep knee bends", 2),
        ("takes four steps forward", 4),
        ("kicks twice", 2),
        ("jumps once", 1),
        ("claps a couple of times", 2),
        ("walks for three seconds", 0),
        ("turns 90 degrees", 0),
        ("waves with two hands", 0),
        ("raises both hands at once", 0),
        ("once seated, she waves", 0),
        ("jumps twice and claps three times", 0),
        ("one person walks", 0),
        ("squat twice", 2),
        ("kicks twice forward", 2),
        ("does one squat", 1),
        ("two boxers punch", 0),
        ("walks 3 m and sits", 0),
        ("holds two swords", 0),
        ("jumps twice as high", 0),
        ("jump: one, two, three", 3),
        ("claps, one and two", 2),
    ],
)
def test_a_count_is_heard(text, times):
    assert count(text) == times


def test_a_text_is_divided_between_two_actions_where_their_words_are():
    text = "after a bow, she walks off"
    ends = [0, 5, 7, 11, 12, 16, 22, 26, 0]
    bow = [0, 0.1, 0.1, 0.8, 0, 0, 0, 0, 0]
    walk = [0, 0, 0, 0, 0.1, 0.1, 0.5, 0.3, 0]
    assert halves(text, ends, [bow, walk]) == ("a bow", "she walks off")
    assert halves(text, ends, [walk, bow]) == ("she walks off", "a bow")
    assert halves("jump", [0, 4, 0], [[0, 1, 0], [0, 1, 0]]) == ("jump", "jump")
