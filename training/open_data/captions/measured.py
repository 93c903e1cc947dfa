"""What a clip's attributes allow to say: slots for every grammar, and the situation without a label."""

from collections.abc import Sequence

from training.open_data.attributes import Attributes, Hand

_TIMES = {
    1: ("once",),
    2: ("twice", "two times"),
    3: ("three times",),
    4: ("four times",),
    5: ("five times",),
}
_NUMBERS = (
    "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve",
)  # fmt: skip


def is_raised(hand: Hand) -> bool:
    """Whether the wrist comes up at least near the shoulder."""
    return hand.above_shoulder > -0.1 and hand.rise > 0.25


def measured_slots(a: Attributes) -> dict[str, Sequence[str]]:
    """Phrases that the capture fills in; a slot is empty where the clip does not show the thing.

    Travel: `pace`, `way`, `side`, `aslant`, `steps`. Turning: `turn` (after the verb turn) and `bend` (after
    a noun). Hands: `hand` (that rises), `it`, `waver`, `height`, `tempo`, `fist`. Others: `foot`, `times`
    and `jumps`, `posture`.
    """
    both = is_raised(a.left_hand) and is_raised(a.right_hand)
    return {
        "pace": _pace(a),
        "way": _way(a),
        "side": ("left",) if a.left > 0.3 else ("right",) if a.left < -0.3 else (),
        "aslant": ("diagonally",) if abs(a.forward) > 0.5 * abs(a.left) else ("sideways",),
        "steps": (f"{_NUMBERS[a.steps]} steps",) if 2 <= a.steps < len(_NUMBERS) else (),
        "turn": _turn(a),
        "bend": _bend(a),
        "hand": _hand(a),
        "it": ("them",) if both else ("it",),
        "waver": _waver(a),
        "height": _height(a),
        "tempo": _tempo(a),
        "fist": _fist(a),
        "foot": _foot(a),
        "times": _TIMES.get(a.jumps, ()),
        "jumps": (f"{_NUMBERS[a.jumps]} jumps", f"{_NUMBERS[a.jumps]} hops") if 2 <= a.jumps <= 5 else (),
        "posture": _posture(a),
    }


def situation(a: Attributes) -> str:
    """Name of what the clip shows, as in `measured.json`."""
    if a.low_height < 0.35:
        return "floor"
    if a.left_foot.kicks + a.right_foot.kicks > 0 and a.distance < 3 and a.peak_speed < 1.4:
        return "kick"
    if a.distance > 1.0 and a.speed > 0.25:
        return "run" if a.peak_speed > 2.0 else "travel"
    if a.jumps > 0:
        return "jump"
    if max(a.turn_left, a.turn_right) > 60:
        return "turn"
    if a.low_height < 0.7:
        return "crouch"
    if a.bend > 35:
        return "bend"
    if is_raised(a.left_hand) or is_raised(a.right_hand):
        return "raise"
    return "still" if a.still_fraction > 0.85 else "gesture"


def _pace(a: Attributes) -> Sequence[str]:
    if a.distance < 1:
        return ()
    if a.speed > 2.6:
        return ("fast", "quickly", "at speed", "rapidly", "at a fast pace")
    if a.peak_speed > 1.9:
        return ("at an easy pace", "steadily", "at a moderate speed", "at a medium pace")
    if a.speed > 1.35:
        return ("quickly", "briskly", "at a fast pace", "at a brisk pace")
    if a.speed < 0.75:
        return ("slowly", "at a slow pace", "slowly and carefully", "unhurriedly", "with slow steps")
    return ("at a normal pace", "casually", "at a steady pace", "calmly", "at a moderate pace")


def _way(a: Attributes) -> Sequence[str]:
    if abs(a.left) > 2 * abs(a.forward) and abs(a.left) > 0.4:
        return (f"sideways to the {'left' if a.left > 0 else 'right'}",)
    if a.forward < -0.4:
        return ("backward", "backwards")
    if a.forward > 0.4:
        return ("forward", "forward", "forwards", "ahead")
    return ()


def _turn_side(a: Attributes) -> tuple[str, float]:
    """Side and degrees of the one clear turn of a clip; no side where it turns both ways or hardly."""
    largest, other = max(a.turn_left, a.turn_right), min(a.turn_left, a.turn_right)
    if largest < 30 or other > 40 or other > largest / 2:
        return "", 0.0
    return ("left" if a.turn_left > a.turn_right else "right"), largest


def _turn(a: Attributes) -> Sequence[str]:
    side, degrees = _turn_side(a)
    if not side:
        return ()
    if degrees > 300:
        return (f"all the way around to the {side}", f"in a full circle to the {side}", "in a full circle")
    if degrees > 140:
        return ("around", f"around to the {side}", f"around to {{their}} {side}")
    if degrees > 60:
        exact = ("ninety degrees", "sharply") if 78 < degrees < 102 else ("",)
        return (side, f"to the {side}", f"to {{their}} {side}", f"({'|'.join(exact)}) to the {side}")
    return (f"slightly to the {side}", f"a little to the {side}", f"to the {side}")


def _bend(a: Attributes) -> Sequence[str]:
    side, _ = _turn_side(a)
    return (f"to the {side}", f"to {{their}} {side}") if side else ()


def _hand(a: Attributes) -> Sequence[str]:
    left, right = a.left_hand, a.right_hand
    if is_raised(left) and is_raised(right):
        return ("both hands", "both arms", "both of {their} hands", "both {their} hands")
    if not (is_raised(left) or is_raised(right)):
        return ()
    side = "left" if is_raised(left) else "right"
    return (f"the {side} hand", f"{{their}} {side} hand", f"the {side} arm", f"{{their}} {side} arm")


def _waver(a: Attributes) -> Sequence[str]:
    """The hand that moves more, or both."""
    left, right = a.left_hand.path, a.right_hand.path
    if max(left, right) < 0.5:
        return ()
    if 1.6 * min(left, right) > max(left, right):
        return ("both hands", "both arms", "both {their} hands")
    side = "left" if left > right else "right"
    return (f"the {side} hand", f"{{their}} {side} hand", f"the {side} arm", f"{{their}} {side} arm")


def _height(a: Attributes) -> Sequence[str]:
    hand = max((a.left_hand, a.right_hand), key=lambda hand: hand.above_shoulder)
    if hand.above_head > 0.28:
        return ("above {their} head", "high above the head", "over {their} head", "high")
    if hand.above_head > 0.15:
        return ("above {their} head", "over {their} head", "a little above the head")
    if hand.above_head > -0.1:
        return ("to head height", "next to {their} head", "beside {their} head")
    if hand.above_shoulder > -0.15:
        return ("to shoulder height", "up to the shoulder")
    return ("a little",)


def _tempo(a: Attributes) -> Sequence[str]:
    speed = max(a.left_hand.peak_speed, a.right_hand.peak_speed)
    if speed < 1.3:
        return ("slowly", "gently", "unhurriedly")
    return ("quickly", "swiftly") if speed > 3.3 else ()


def _fist(a: Attributes) -> Sequence[str]:
    left, right = a.left_hand.peak_speed, a.right_hand.peak_speed
    if max(left, right) < 1.5 or 1.25 * min(left, right) > max(left, right):
        return ()
    side = "left" if left > right else "right"
    return (f"the {side} hand", f"{{their}} {side} fist", f"the {side} arm", f"{{their}} {side} hand")


def _foot(a: Attributes) -> Sequence[str]:
    left, right = a.left_foot.kicks, a.right_foot.kicks
    if (left > 0) == (right > 0):
        return ()
    side = "left" if left else "right"
    return (f"the {side} foot", f"{{their}} {side} foot", f"the {side} leg", f"{{their}} {side} leg")


def _posture(a: Attributes) -> Sequence[str]:
    """Manner of the body that the whole clip shows."""
    said = []
    if a.lean > 10:
        said += ["leaning forward", "with {their} upper body bent forward", "with a bent back"]
    if a.lean < -9:
        said += ["leaning back a little"]
    if a.head_bend > 28:
        said += ["with {their} head lowered", "looking down"]
    if a.speed > 0.4:
        if a.energy > 1.5 and a.peak_speed < 2:
            said += ["swinging {their} arms", "with big swings of the arms"]
        if a.energy < 0.45:
            said += ["with {their} arms held still", "hardly moving {their} arms"]
        if a.bounce > 0.085 and a.peak_speed < 2:
            said += ["with bouncy steps", "with a spring in each step"]
        if a.peak_speed > 2 and max(a.left_foot.rise, a.right_foot.rise) > 0.45:
            said += ["kicking {their} heels up", "lifting {their} feet high"]
    return said
