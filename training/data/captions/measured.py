"""What a clip's attributes alone allow to say: slots for every grammar, and sentences of last resort."""

from collections.abc import Sequence

from training.data.attributes import Attributes, Hand

_TIMES = {
    1: ("once",),
    2: ("twice", "two times"),
    3: ("three times",),
    4: ("four times",),
    5: ("five times",),
}
_NUMBERS = (
    "zero",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
)


def measured_slots(a: Attributes) -> dict[str, Sequence[str]]:
    """Slots that are filled from the capture; empty where it does not show the thing.

    `pace`, `turn` (direction of a turn), `way` (direction of travel), `side`, `hand` (the one that
    rises), `foot` (the one that kicks), `fist` (the one that punches), `times` (jumps) and `steps`.
    """
    return {
        "pace": _pace(a),
        "turn": _turn(a),
        "way": _way(a),
        "side": ("left",) if a.left > 0.3 else ("right",) if a.left < -0.3 else (),
        "aslant": ("diagonally",) if abs(a.forward) > 0.5 * abs(a.left) else ("sideways",),
        "hand": _hand(a),
        "height": _height(a),
        "foot": _foot(a),
        "fist": _fist(a),
        "times": _TIMES.get(a.jumps, ()),
        "steps": (f"{_NUMBERS[a.steps]} steps",) if 2 <= a.steps < len(_NUMBERS) else (),
    }


def _pace(a: Attributes) -> Sequence[str]:
    if a.distance < 1:
        return ()
    if a.peak_speed > 2.0:
        return (
            ("fast", "quickly", "at speed", "rapidly") if a.speed > 2.6 else ("at an easy pace", "steadily")
        )
    if a.speed < 0.75:
        return ("slowly", "at a slow pace", "slowly and carefully", "unhurriedly")
    if a.speed > 1.35:
        return ("quickly", "briskly", "at a fast pace", "at a brisk pace")
    return ("at a normal pace", "casually", "at a steady pace", "calmly")


def _turn(a: Attributes) -> Sequence[str]:
    side = "left" if a.turn_left > a.turn_right else "right"
    largest = max(a.turn_left, a.turn_right)
    if min(a.turn_left, a.turn_right) > 40 or largest < 30:
        return ()
    if largest > 150:
        return (f"around to the {side}", f"all the way around to the {side}", "around")
    if largest > 70:
        return (
            f"to the {side}",
            f"{side}",
            f"ninety degrees to the {side}" if 78 < largest < 102 else f"to its {side}",
        )
    return (f"to the {side}", f"slightly to the {side}", f"a little {side}")


def _way(a: Attributes) -> Sequence[str]:
    if abs(a.left) > 2 * abs(a.forward) and abs(a.left) > 0.4:
        return (f"sideways to the {'left' if a.left > 0 else 'right'}",)
    if a.forward < -0.4:
        return ("backward", "backwards")
    if a.forward > 0.4:
        return ("forward", "forwards", "ahead")
    return ()


def _raised(hand: Hand) -> bool:
    return hand.above_shoulder > -0.1 and hand.rise > 0.25


def _hand(a: Attributes) -> Sequence[str]:
    left, right = _raised(a.left_hand), _raised(a.right_hand)
    if left and right:
        return ("both hands", "both arms", "both of {their} hands")
    if left or right:
        side = "left" if left else "right"
        return (f"the {side} hand", f"{{their}} {side} hand", f"the {side} arm", f"{{their}} {side} arm")
    return ()


def _height(a: Attributes) -> Sequence[str]:
    hand = max((a.left_hand, a.right_hand), key=lambda hand: hand.above_shoulder)
    if hand.above_head > 0.1:
        return ("above {their} head", "high above the head", "over {their} head", "high")
    if hand.above_head > -0.1:
        return ("to head height", "next to {their} head", "up to the head")
    if hand.above_shoulder > -0.15:
        return ("to shoulder height", "up to the shoulder")
    return ("a little",)


def _foot(a: Attributes) -> Sequence[str]:
    left, right = a.left_foot.kicks, a.right_foot.kicks
    if (left > 0) == (right > 0):
        return ()
    return (f"the {'left' if left else 'right'} foot", f"{{their}} {'left' if left else 'right'} leg")


def _fist(a: Attributes) -> Sequence[str]:
    left, right = a.left_hand, a.right_hand
    if max(left.punch_speed, right.punch_speed) < 1.5:
        return ()
    if left.punch_speed > 1.5 * right.punch_speed:
        return ("the left hand", "{their} left fist")
    if right.punch_speed > 1.5 * left.punch_speed:
        return ("the right hand", "{their} right fist")
    return ()


def measured_templates(a: Attributes) -> tuple[Sequence[str], Sequence[str]]:
    """Plain and fuller templates for what the clip shows without any label."""
    if a.low_height < 0.35:
        return _LOW
    if a.left_foot.kicks + a.right_foot.kicks > 0 and a.distance < 3 and a.peak_speed < 1.4:
        return _KICK
    if a.distance > 1.0 and a.speed > 0.25:
        return _TRAVEL_RUN if a.peak_speed > 2.0 else _TRAVEL
    if a.jumps > 0:
        return _JUMP
    if max(a.turn_left, a.turn_right) > 60:
        return _TURN
    if a.low_height < 0.7:
        return _CROUCH
    if a.bend > 35:
        return _BEND
    if _raised(a.left_hand) or _raised(a.right_hand):
        return _RAISE
    return _STILL if a.still_fraction > 0.85 else _GESTURE


Templates = tuple[Sequence[str], Sequence[str]]
_TRAVEL: Templates = (
    ("{S} walks {way}", "{S} (is walking|moves) {way}", "{S} walks"),
    (
        "{S} walks {way} {pace}",
        "{S} walks {way} and turns {turn}",
        "{S} takes {steps} {way}",
        "{S} walks {way} with {their} arms (swinging|hanging) at the sides",
        "walking {way} {pace}, {S} takes {steps}",
        "{S} makes a turn {turn} while walking {pace}",
        "{S} (moves|travels) {way} {pace} on foot",
    ),
)
_TRAVEL_RUN: Templates = (
    ("{S} runs {way}", "{S} is running", "{S} jogs {way}"),
    (
        "{S} runs {way} {pace}",
        "{S} runs {way} and turns {turn}",
        "{S} takes {steps} {way} at a run",
        "{S} runs {way} with bent arms",
        "{S} is (running|jogging) {way} {pace}",
    ),
)
_KICK: Templates = (
    ("{S} kicks", "{S} kicks with {foot}", "{S} does a kick"),
    (
        "{S} kicks with {foot} and puts it back down",
        "{S} stands and (throws|does) a kick with {foot}",
        "{S} lifts a leg high and kicks",
        "from a standing position, {S} kicks out with {foot}",
    ),
)
_JUMP: Templates = (
    ("{S} jumps", "{S} jumps {times}", "{S} is jumping"),
    (
        "{S} jumps {times} and lands on the same spot",
        "{S} bends the knees and jumps into the air",
        "{S} leaps off the ground (with both feet|) and lands again",
        "{S} jumps up {times} and stands again",
    ),
)
_TURN: Templates = (
    ("{S} turns {turn}", "{S} turns", "{S} is turning"),
    (
        "{S} stands and turns {turn} on the spot",
        "{S} turns the whole body {turn} with small steps",
        "{S} rotates {turn} in place",
        "{S} shuffles {their} feet to turn {turn}",
        "{S} twists and turns {their} body (from side to side|) while standing",
    ),
)
_CROUCH: Templates = (
    ("{S} crouches", "{S} bends the knees", "{S} gets down low"),
    (
        "{S} lowers the body close to the floor",
        "{S} bends the knees and gets down low",
        "{S} is in a low crouching position",
        "{S} bends the legs deeply and stays low",
    ),
)
_LOW: Templates = (
    ("{S} is down on the floor", "{S} gets down on the floor", "{S} moves on the floor"),
    (
        "{S} is low on the ground, close to the floor",
        "{S} lowers the whole body to the ground",
        "{S} moves {their} body about close to the floor",
        "{S} is down on the ground and moves arms and legs",
    ),
)
_BEND: Templates = (
    ("{S} bends over", "{S} bends down", "{S} leans over"),
    (
        "{S} bends the upper body far down",
        "{S} bends over at the waist and comes up again",
        "{S} leans {their} trunk over while standing",
        "{S} stands with the legs apart and bends at the hips",
    ),
)
_RAISE: Templates = (
    ("{S} raises {hand}", "{S} lifts {hand}", "{S} holds {hand} up"),
    (
        "{S} raises {hand} above the shoulder",
        "{S} stands and lifts {hand} up high",
        "{S} moves {hand} up in the air",
        "standing on the spot, {S} raises {hand}",
        "{S} lifts {hand} and lowers it again",
    ),
)
_GESTURE: Templates = (
    ("{S} moves the arms", "{S} gestures with the hands", "{S} stands and moves"),
    (
        "{S} stands (in place|on the spot) and moves the arms (a little|)",
        "{S} is standing and gestures with the hands",
        "{S} moves {their} hands in front of the body",
        "{S} shifts the weight and moves the arms while standing",
    ),
)
_STILL: Templates = (
    ("{S} stands", "{S} stands still", "{S} is standing"),
    ("{S} stands still with the arms at the sides", "{S} stands (in place|on the spot) and (hardly|barely) moves", "{S} is standing upright and calm", "{S} remains standing (in one place|without walking)"),
)  # fmt: skip


# True of every clip that moves, whatever it shows.
ANY: Sequence[str] = (
    "{S} moves the body", "{S} is moving", "{S} moves arms and legs", "{S} is in motion", "{S} performs a movement",
    "{S} moves {their} arms and {their} legs",
)  # fmt: skip
