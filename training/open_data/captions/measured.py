"""Phrases for the slots of the wordings, from a clip's measured attributes."""

from collections.abc import Mapping, Sequence

from training.open_data.attributes import Attributes, Foot, Hand
from training.open_data.captions.speeds import tempo
from training.open_data.captions.wordings import manner_phrases, read_table
from training.open_data.clip import ClipInfo

NUMBERS = (
    "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve",
)  # fmt: skip
_TIMES = {1: ("once", "one time"), 2: ("twice", "two times")}
PACE = {
    "slow": ("slowly", "slowly", "at a slow pace", "unhurriedly", "without hurry", "in a slow manner"),
    "fast": ("quickly", "quickly", "fast", "rapidly", "at a fast pace", "at high speed"),
    "normal": ("at a normal pace", "at a moderate pace", "at a steady pace", "at a medium pace"),
}
_LIMBS = ("{{their}} {side} {limb}", "the {side} {limb}")

Slots = Mapping[str, Sequence[str]]


def is_raised(hand: Hand) -> bool:
    """Whether the wrist rises at least to about shoulder height."""
    return hand.above_shoulder > -0.1 and hand.rise > 0.25


def slots_for(action: str, clip: ClipInfo, a: Attributes) -> Slots:
    """Phrases of a clip for the slots in the wordings of an action.

    Args:
        action: an id of the wording files; slots for which `measures.json` does not list it are empty.
        clip: gives manner and object.
        a: measurements, from `measure`.

    Returns:
        Phrases by slot, which are templates too; a slot is empty if it does not apply to the clip.
    """
    table = read_table("measures")
    number = count_of(action, a) or 0
    manner = manner_phrases(clip.manner) if clip.manner else {"how": (), "gait": ()}
    on_foot = action in table["speed"]["travel"]
    side = acting_side(action, a)
    return {
        "pace": PACE.get(tempo(action, a), ()),
        "way": _way(a) if action in table["way"] else (),
        "side": (side,) if side in ("left", "right") else (),
        "steps": (f"{NUMBERS[a.steps]} steps",) if action in table["steps"] and 2 <= a.steps <= 12 else (),
        "turn": _turn(a) if action in table["turn"] else (),
        "hand": _limb(_acting(table["hand"], action, a), "hand", "arm"),
        "foot": _limb(_acting(table["foot"], action, a), "foot", "leg"),
        "height": _height(a) if action in table["height"] else (),
        "path": path_phrases(a) if action in table["path"] else (),
        "times": _TIMES.get(number, (f"{NUMBERS[number]} times",)) if 1 <= number <= 12 else (),
        "count": (NUMBERS[number],) if 2 <= number <= 12 else (),
        "how": (*manner["how"], *(manner["gait"] if on_foot else ())),
        "object": (clip.object,) if clip.object else (),
    }


def count_of(action: str, a: Attributes) -> int | None:
    """How often the clip shows the action; None for actions that are not counted."""
    hands = (a.left_hand, a.right_hand)
    counts = {
        "jumps": a.jumps,
        "kicks": a.left_foot.kicks + a.right_foot.kicks,
        "punches": sum(hand.punches for hand in hands),
        "waves": max(hand.waves for hand in hands),
        "claps": a.claps,
        "squats": a.squats,
        "bows": a.bows,
    }
    name = _listed(read_table("measures")["count"], action)
    return counts[name] if name else None


def acting_side(action: str, a: Attributes) -> str:
    """The side to which an action turns or moves, or of its limb: `left`, `right`, `both` or empty."""
    table = read_table("measures")
    match _listed(table["side"], action):
        case "turn":
            return turn_side(a)[0]
        case "travel":
            return "left" if a.left > 0.3 else "right" if a.left < -0.3 else ""
        case "hand":
            return _acting(table["hand"], action, a)
        case "foot":
            return _acting(table["foot"], action, a)
    return _acting(table["hand"], action, a) or _acting(table["foot"], action, a)


def situation(a: Attributes) -> str:
    """The situation that the clip shows, a key of `measured.json`."""
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


def turn_side(a: Attributes) -> tuple[str, float]:
    """Side and degrees of a clip's single clear turn; no side if it turns both ways or hardly at all."""
    largest, other = max(a.turn_left, a.turn_right), min(a.turn_left, a.turn_right)
    if largest < 30 or other > 40 or other > largest / 2:
        return "", 0.0
    return ("left" if a.turn_left > a.turn_right else "right"), largest


def path_shape(a: Attributes) -> str:
    """`circle`, `s`, `curve` or `straight`; empty for short paths and other shapes."""
    path = a.path
    if path.straightness == 0.0:
        return ""
    if path.closes:
        return "circle"
    if path.winds:
        return "s"
    if min(path.bend_left, path.bend_right) < 25 and 50 < abs(path.bend) < 300:
        return "curve"
    return "straight" if path.straightness > 0.97 and max(path.bend_left, path.bend_right) < 20 else ""


def path_phrases(a: Attributes) -> Sequence[str]:
    """Phrases for the shape of the path."""
    side = "left" if a.path.bend > 0 else "right"
    match path_shape(a):
        case "circle":
            turn = "counterclockwise" if side == "left" else "clockwise"
            return ("in a circle", f"in a circle to the {side}", f"in a {turn} circle")
        case "s":
            return ("in an s shape", "in a winding line", "along an s curve")
        case "curve":
            return (f"in a curve to the {side}", f"in an arc to the {side}", f"along a curve to the {side}")
        case "straight":
            return ("in a straight line", "straight ahead" if a.forward > 0 else "in a straight line")
    return ()


def _listed(table: Mapping[str, Sequence[str]], action: str) -> str:
    return next((name for name, members in table.items() if action in members), "")


def _acting(table: Mapping[str, Sequence[str]], action: str, a: Attributes) -> str:
    """The limb that does an action: `left`, `right`, `both` or empty."""
    left, right = a.left_hand, a.right_hand
    match _listed(table, action):
        case "raised":
            return _either(is_raised(left), is_raised(right))
        case "moving":
            return _larger(left.path, right.path, least=0.5, ratio=1.6)
        case "punching":
            return _either(left.punches > 0, right.punches > 0) or _larger(
                left.peak_speed, right.peak_speed, least=1.5, ratio=1.25
            ).replace("both", "")
        case "lowered":
            return _either(left.drop > 0.25, right.drop > 0.25)
        case "kicking":
            return _kicking(a.left_foot, a.right_foot)
        case "lifted":
            standing = _larger(a.right_foot.up_seconds, a.left_foot.up_seconds, least=0.5, ratio=3.0)
            return standing.replace("both", "")
    return ""


def _kicking(left: Foot, right: Foot) -> str:
    return _either(left.kicks > 0, right.kicks > 0).replace("both", "")


def _either(left: bool, right: bool) -> str:
    return {(True, True): "both", (True, False): "left", (False, True): "right"}.get((left, right), "")


def _larger(left: float, right: float, least: float, ratio: float) -> str:
    """The side with the clearly larger value; `both` if the values are similar."""
    if max(left, right) < least:
        return ""
    if ratio * min(left, right) > max(left, right):
        return "both"
    return "left" if left > right else "right"


def _limb(side: str, *limbs: str) -> Sequence[str]:
    if not side:
        return ()
    if side == "both":
        plural = {"hand": "hands", "arm": "arms", "foot": "feet", "leg": "legs"}
        return tuple(f"both {word}{plural[limb]}" for limb in limbs for word in ("", "{their} "))
    return tuple(pattern.format(side=side, limb=limb) for limb in limbs for pattern in _LIMBS)


def _way(a: Attributes) -> Sequence[str]:
    if abs(a.left) > 2 * abs(a.forward) and abs(a.left) > 0.4:
        return (f"sideways to the {'left' if a.left > 0 else 'right'}",)
    if a.forward < -0.4:
        return ("backward", "backwards")
    if a.forward > 0.4:
        return ("forward", "forward", "forwards", "ahead")
    return ()


def _turn(a: Attributes) -> Sequence[str]:
    side, degrees = turn_side(a)
    if not side:
        return ()
    if degrees > 300:
        return (f"all the way around to the {side}", f"in a full circle to the {side}", "in a full circle")
    if degrees > 140:
        return ("around", f"around to the {side}", f"around to {{their}} {side}")
    if degrees > 60:
        exact = ("ninety degrees to the", "90 degrees to the") if 75 < degrees < 105 else ()
        return (side, f"to the {side}", f"to {{their}} {side}", *(f"{angle} {side}" for angle in exact))
    return (f"slightly to the {side}", f"a little to the {side}", f"to the {side}")


def _height(a: Attributes) -> Sequence[str]:
    hand = max((a.left_hand, a.right_hand), key=lambda hand: hand.above_shoulder)
    if hand.above_head > 0.15:
        return ("above {their} head", "over {their} head", "above the head")
    if hand.above_head > -0.1:
        return ("to head height", "to the height of {their} head")
    if hand.above_shoulder > -0.15:
        return ("to shoulder height", "up to the shoulder")
    return ()
