"""Checking captions against the measured motion."""

import re
from collections.abc import Callable

from training.open_data.attributes import Attributes, Foot, Hand

_NUMBERS = {
    "once": 1, "one": 1, "a single": 1, "twice": 2, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6,
    "seven": 7, "eight": 8, "nine": 9, "ten": 10, "eleven": 11, "twelve": 12,
}  # fmt: skip
_COUNT = re.compile(rf"\b({'|'.join(_NUMBERS)})\b(?: (?:\w+ )?(times|steps|jumps|hops))?")
_CLAUSE = re.compile(r",|\band\b|\bthen\b|\bwhile\b|\bbefore\b|\bafter\b|\bas\b")

# `left` and `right` are directions unless a body part follows.
_LIMB = r"(?:hand|arm|wrist|fist|elbow|foot|leg|knee|shoulder|hook|jab|cross|punch|kick|uppercut|side)s?"
_LEFT, _RIGHT = rf"\bleft\b(?! {_LIMB})", rf"\bright\b(?! {_LIMB})"
_TURN = (
    r"\b(?:turn|turns|turning|curve|curves|veers?|veering|rotates?|rotating|spins?|spinning|pivots?"
    r"|circle|corner)\b"
)
_MOVE = (
    r"\b(?:walk|run|jog|step|stroll|move|stride|march|dash|sprint|shuffle|sneak|crawl|skip|hop|jump|leap|drift"
    r"|advance|rush|go|creep|strut|bounce)(?:s|es|ping|ning|ging|ing|ting|ding)?\b"
)
_RAISE = (
    r"\b(?:raise|raising|lift|hold|holding|put|putting|stretch|reach|throw|bring|move|moving)(?:s|es|ing)?\b"
)
_UPSTAIRS = r"\b(?:climbs|comes|walks|steps) "
_WAVE = r"\b(?:wave|waves|waving)\b"
_KICK = r"\bkick(?:s|ing)?\b(?! ball)"
_STRIKE = r"\b(?:punch|punches|strike|strikes|hits out|block|blocks)\b"


def check_caption(caption: str, attributes: Attributes) -> list[str]:
    """Find contradictions between a caption and a clip.

    Args:
        caption: one sentence.
        attributes: the clip's measurements, from `measure`.

    Returns:
        One line for each contradiction about turning, direction, side, count, speed or posture; empty
        if there is none among the claims that can be checked.
    """
    found = []
    for clause in _CLAUSE.split(caption.lower().replace("up and down", "up down")):
        found += [
            f"{message}: {clause.strip()!r}"
            for pattern, holds, message in _RULES
            if pattern.search(clause) and not holds(attributes)
        ]
        found += _wrong_counts(clause, attributes)
    return found


def claims(caption: str) -> bool:
    """Whether a caption says something about sides, turning, direction or counts."""
    text = caption.lower()
    return re.search(_CLAIM, text) is not None or _COUNT.search(text) is not None


def _wrong_counts(clause: str, a: Attributes) -> list[str]:
    match = _COUNT.search(clause)
    if match is None:
        return []
    number, unit = _NUMBERS[match[1]], match[2]
    if unit == "steps" and abs(a.steps - number) > 1:
        return [f"takes {a.steps} steps: {clause.strip()!r}"]
    counted = unit in ("times", "jumps", "hops") or match[1] in ("once", "twice")
    for pattern, times in ((r"\bclap", a.claps), (r"\bsquat", a.squats), (r"\bbow(?:s|ing)?\b", a.bows)):
        if counted and re.search(pattern, clause) and times != number:
            return [f"counts {times}: {clause.strip()!r}"]
    if counted and re.search(r"\b(?:jump|hop)", clause) and a.jumps != number:
        return [f"jumps {a.jumps} times: {clause.strip()!r}"]
    if counted and re.search(_KICK, clause) and a.left_foot.kicks + a.right_foot.kicks != number:
        return [f"kicks {a.left_foot.kicks + a.right_foot.kicks} times: {clause.strip()!r}"]
    return []


def _is_up(hand: Hand) -> bool:
    return hand.above_shoulder > -0.15 and hand.rise > 0.2


def _side_up(hand: Hand, other: Hand) -> bool:
    """Whether this hand rises, and the other is not clearly higher."""
    return _is_up(hand) and hand.above_shoulder > other.above_shoulder - 0.15


def _kicks(foot: Foot, other: Foot) -> bool:
    return foot.kicks > 0 or (other.kicks == 0 and foot.rise > other.rise)


def _is_straight(a: Attributes) -> bool:
    return max(a.turn_left, a.turn_right) < 50 and abs(a.turn) < 35


def _both_ways(a: Attributes) -> bool:
    """Whether the clip moves forward and backward: its path is much longer than its net forward movement."""
    return a.distance > 2 * abs(a.forward) + 0.5


def _stays(a: Attributes) -> bool:
    return abs(a.net_forward) < 0.7 and abs(a.net_left) < 0.7


def _highest_hand(a: Attributes) -> float:
    return max(a.left_hand.above_shoulder, a.right_hand.above_shoulder)


def _stride(a: Attributes) -> float:
    """Metres per step."""
    return a.distance / max(a.steps, 1)


def _foot_rise(a: Attributes) -> float:
    return max(a.left_foot.rise, a.right_foot.rise)


Rule = tuple[str, Callable[[Attributes], bool], str]
_TURNING: tuple[Rule, ...] = (
    (_TURN + rf".*{_LEFT}|counterclockwise", lambda a: a.turn_left > 20, "no turn to the left"),
    (_TURN + rf".*{_RIGHT}|(?<!counter)clockwise", lambda a: a.turn_right > 20, "no turn to the right"),
    (
        r"\bturn(?:s|ing)? (?:all the way )?around\b(?! (?:a|an) )",
        lambda a: max(a.turn_left, a.turn_right) > 110,
        "no turn around",
    ),
    (
        r"\bfull circle|\btwirls? around|\bspins? around",
        lambda a: max(a.turn_left, a.turn_right) > 200,
        "no full turn",
    ),
    (
        rf"{_MOVE}.*\bin (?:a (?:full )?circle|circles)|\ball the way round\b",
        lambda a: a.path.closes or abs(a.path.bend) > 240 or max(a.turn_left, a.turn_right) > 270,
        "no circle",
    ),
    (
        rf"{_MOVE}.*\bin an? (?:s shape|s curve|zigzag|winding line)",
        lambda a: a.path.winds or min(a.turn_left, a.turn_right) > 30,
        "does not wind",
    ),
    (rf"{_MOVE}.*\bin (?:a curve|an arc)", lambda a: max(a.turn_left, a.turn_right) > 25, "no curve"),
    (r"\bturns? (?:.* )?one way\b", lambda a: min(a.turn_left, a.turn_right) > 20, "one turn"),
    (r"\bninety degrees", lambda a: 60 < max(a.turn_left, a.turn_right) < 120, "no right angle"),
    (r"\bstraight (?:line|ahead|forward|on)|\bwithout turning|\bwalks straight", _is_straight, "turns"),
)
_TRAVEL: tuple[Rule, ...] = (
    (
        _MOVE + r".*\b(?:forwards?|ahead)\b",
        lambda a: a.forward > 0.25 or _both_ways(a),
        "does not move forward",
    ),
    (
        _MOVE + r".*\b(?:backwards?|in reverse)\b",
        lambda a: a.forward < -0.25 or _both_ways(a),
        "not backward",
    ),
    (r"\b(?:backs? away|retreats?)\b", lambda a: a.forward < -0.25 or _both_ways(a), "not backward"),
    (_MOVE + rf".*{_LEFT}", lambda a: a.left > 0.15 or a.turn_left > 20, "does not move left"),
    (_MOVE + rf".*{_RIGHT}", lambda a: a.left < -0.15 or a.turn_right > 20, "does not move right"),
    (_MOVE + r".*\bsideways\b|\bsidesteps?\b", lambda a: abs(a.left) > 0.3, "does not move sideways"),
    (
        r"\b(?:walks?|walking|strolls?|strides?|marches)\b(?!.*(?:in place|on the spot))",
        lambda a: a.distance > 0.4,
        "does not walk",
    ),
    (
        r"\b(?:run|runs|running|sprints?|sprinting|dashes|dashing)\b(?!.*(?:in place|on the spot|over))",
        lambda a: a.peak_speed > 1.4,
        "does not run",
    ),
    (
        r"\bjog(?:s|ging)?\b(?!.*(?:in place|on the spot))",
        lambda a: 1.35 < a.peak_speed < 3.3,
        "does not jog",
    ),
    (r"\bstands? still|\bmotionless|\bin place|\bon the spot|\bwithout walking", _stays, "moves away"),
    (r"\bslow(?:ly)?\b|\bunhurriedly", lambda a: a.speed < 1.25, "is not slow"),
    (r"\b(?:briskly?|rapidly)\b|\bat speed|fast pace", lambda a: a.peak_speed > 1.15, "is not fast"),
    (r"\bstops?\b", lambda a: a.end_speed < 0.8 * a.peak_speed, "does not stop"),
    (
        r"\b(?:starts|begins) (?:to (?:walk|run)|walking|running)",
        lambda a: a.start_speed < 0.8 * a.peak_speed,
        "moves at once",
    ),
)
_POSTURE: tuple[Rule, ...] = (
    (r"\b(?:jump|hop|leap)(?:s|ping|ing)?\b(?! rope)", lambda a: a.jumps > 0, "no jump"),
    (r"\bskip(?:s|ping)?\b(?! with a rope)", lambda a: a.jumps > 0 or a.bounce > 0.08, "does not skip"),
    (r"\b(?:lies|lie|lying)\b", lambda a: a.low_height < 0.35, "does not lie"),
    (r"\bcrawl|\bcreeps over|\ball fours", lambda a: a.low_height < 0.6, "does not crawl"),
    (r"\b(?:squat|crouch|kneel)", lambda a: a.low_height < 0.82, "does not get low"),
    (r"\bsits?\b|\bsitting\b|\bseated\b", lambda a: a.low_height < 0.8, "does not sit"),
    (
        r"\b(?:sits?|sitting) down|\btak(?:es?|ing) a seat",
        lambda a: a.start_height > 0.75 and a.start_height - a.low_height > 0.15,
        "already sits",
    ),
    (r"\b(?:lies|lie|lays|lay|lying) down", lambda a: a.start_height - a.low_height > 0.2, "already lies"),
    (r"\bsquat(?:s|ting)?\b", lambda a: a.squats > 0 or a.low_height < 0.7, "does not squat"),
    (r"\bclap(?:s|ping)?\b", lambda a: a.claps > 0, "does not clap"),
    (
        r"\b(?:stands?|gets?) up\b|\bgets back up|\brises\b",
        lambda a: a.end_height - a.low_height > 0.08,
        "does not get up",
    ),
    (
        r"\bbows?\b|\bbowing\b|\b(?:bend|lean)s? (?:down|over|to the side)",
        lambda a: a.bend > 18 or a.low_height < 0.75,
        "is upright",
    ),
    (
        r"\bon one (?:leg|foot)\b",
        lambda a: a.left_foot.up_seconds + a.right_foot.up_seconds > 0.5,
        "on both feet",
    ),
    (_UPSTAIRS + r"up\b(?! to)", lambda a: a.high_height - a.start_height > 0.25, "does not go up"),
    (_UPSTAIRS + r"(?:up )?down\b", lambda a: a.high_height - a.end_height > 0.25, "does not go down"),
    (r"\btwists?\b", lambda a: a.turn_left + a.turn_right > 40, "does not twist"),
    (r"\bjumping jacks?\b", lambda a: a.jumps > 0 and _highest_hand(a) > 0, "no jumping jack"),
    (
        r"\bclimbs?\b|\bclimbing\b",
        lambda a: a.high_height - a.low_height > 0.15 or _highest_hand(a) > 0,
        "does not climb",
    ),
)
_LIMBS: tuple[Rule, ...] = (
    (
        _RAISE + r".*\b(?:both (?:of )?(?:their |his |her |its )?(?:hands|arms)|two hands)",
        lambda a: _is_up(a.left_hand) and _is_up(a.right_hand),
        "not both hands",
    ),
    (_RAISE + r".*\bleft (?:hand|arm)", lambda a: _side_up(a.left_hand, a.right_hand), "not the left hand"),
    (_RAISE + r".*\bright (?:hand|arm)", lambda a: _side_up(a.right_hand, a.left_hand), "not the right hand"),
    (
        _WAVE + r".*\bleft (?:hand|arm)",
        lambda a: a.left_hand.path > max(0.4, 0.8 * a.right_hand.path),
        "not the left hand",
    ),
    (
        _WAVE + r".*\bright (?:hand|arm)",
        lambda a: a.right_hand.path > max(0.4, 0.8 * a.left_hand.path),
        "not the right hand",
    ),
    (_WAVE + r".*\bboth\b", lambda a: min(a.left_hand.path, a.right_hand.path) > 0.4, "not both hands"),
    (
        r"\blowers (?:it|them)\b",
        lambda a: all(hand.drop > 0.2 for hand in (a.left_hand, a.right_hand) if _is_up(hand)),
        "hands stay up",
    ),
    (r"\bhangs?\b", lambda a: _highest_hand(a) > 0.2, "hands stay low"),
    (r"\b(?:above|over) (?:the|their|his|her|its) head", lambda a: _highest_hand(a) > 0.15, "hands stay low"),
    (r"\b(?:kick|kicks)\b", lambda a: _foot_rise(a) > 0.25, "no kick"),
    (_KICK + rf".*\bleft {_LIMB}", lambda a: _kicks(a.left_foot, a.right_foot), "not the left foot"),
    (_KICK + rf".*\bright {_LIMB}", lambda a: _kicks(a.right_foot, a.left_foot), "not the right foot"),
    (
        _STRIKE + r".*\bleft (?:hand|fist|arm)",
        lambda a: a.left_hand.peak_speed > a.right_hand.peak_speed,
        "not the left hand",
    ),
    (
        _STRIKE + r".*\bright (?:hand|fist|arm)",
        lambda a: a.right_hand.peak_speed > a.left_hand.peak_speed,
        "not the right hand",
    ),
)
_MANNER: tuple[Rule, ...] = (
    (r"\bsmall (?:\w+ )?steps\b", lambda a: _stride(a) < 0.6, "takes longer steps"),
    (
        r"\b(?:long|big|large) (?:\w+ )?(?:steps|strides)\b",
        lambda a: _stride(a) > 0.55,
        "takes shorter steps",
    ),
    (r"\b(?:springy|bouncy|spring in)\b", lambda a: a.bounce > 0.04, "hardly bounces"),
    (r"\bdragging (?:feet|steps)\b", lambda a: _foot_rise(a) < 0.14, "lifts the feet"),
    (r"\b(?:leaning forward|leans forward|bent forward|bent back)\b", lambda a: a.bend > 12, "is upright"),
    (r"\bchest out\b", lambda a: a.lean < 4, "leans forward"),
    (r"\bsluggishly\b", lambda a: a.speed < 1.25, "is not slow"),
    (
        r"\b(?:lively|energetic|energetically|vigorously|full of energy)\b",
        lambda a: a.speed > 1.2 or max(a.left_hand.peak_speed, a.right_hand.peak_speed) > 1.2,
        "moves gently",
    ),
)
_RULES = tuple(
    (re.compile(pattern), holds, message)
    for pattern, holds, message in (*_TURNING, *_TRAVEL, *_POSTURE, *_LIMBS, *_MANNER)
)
_CLAIM = re.compile(
    r"\b(?:left|right|both (?:of )?(?:\w+ )?(?:hands|arms)|clockwise|counterclockwise|around"
    r"|straight|forwards?|ahead|backwards?|sideways|diagonally|reverse|turn|turns|turning)\b"
)
