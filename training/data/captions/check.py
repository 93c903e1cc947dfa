"""Whether a caption says anything that the capture contradicts."""

import re
from collections.abc import Callable

from training.data.attributes import Attributes, Foot, Hand

_NUMBERS = {
    "once": 1, "one": 1, "a single": 1, "twice": 2, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6,
    "seven": 7, "eight": 8, "nine": 9, "ten": 10, "eleven": 11, "twelve": 12,
}  # fmt: skip
_CLAUSE = re.compile(r",|\band\b|\bthen\b|\bwhile\b|\bbefore\b|\bafter\b|\bas\b")
_LIMB = r"(?:hand|arm|wrist|fist|elbow|foot|leg|knee|shoulder|hook|jab|cross|punch|kick|uppercut|side)s?"
_TURN = r"\b(?:turn|turning|turns|curve|curves|curving|veer|veers|veering|rotate|rotates|rotating|spin|spins|spinning|pivot|pivots|pivoting|swerve|swerves|swerving|arc|corner)\b"
_MOVE = r"\b(?:walk|run|jog|step|stroll|move|stride|march|dash|sprint|shuffle|sneak|crawl|skip|hop|jump|leap|trudge|wander|advance|rush|pace|travel|go|race|strut|limp|tiptoe|saunter|stagger|stomp|hobble|plod|swagger|bounce)(?:s|es|ping|ning|ging|ing|ting)?\b"  # noqa: E501
_RAISE = r"\b(?:raise|lift|wave|hold|swing|put|stretch|reach|throw|wag|shake)(?:s|es|d|ing|ping|ging)?\b"
_KICK = r"\bkick(?:s|ing|ed)?\b"
_PUNCH = r"\b(?:punch|punche|jab|strike)(?:s|es|ing)?\b"


def check_caption(caption: str, attributes: Attributes) -> list[str]:
    """What a caption claims and the clip does not show.

    Args:
        caption: one sentence.
        attributes: what `measure` found in the clip.

    Returns:
        One line for each contradiction about turning, direction, side, count, speed or posture; empty
        when all that can be checked agrees.
    """
    found = []
    for clause in _CLAUSE.split(caption.lower()):
        for pattern, holds, message in _RULES:
            if re.search(pattern, clause) and not holds(attributes):
                found.append(f"{message}: {clause.strip()!r}")
        found += _check_counts(clause, attributes)
    return found


def _check_counts(clause: str, a: Attributes) -> list[str]:
    match = re.search(rf"\b({'|'.join(_NUMBERS)})\b(?: (?:\w+ )?(times|steps|jumps|hops))?", clause)
    if match is None:
        return []
    number, unit = _NUMBERS[match[1]], match[2]
    if unit == "steps" and abs(a.steps - number) > 1:
        return [f"takes {a.steps} steps: {clause.strip()!r}"]
    counted = unit in ("times", "jumps", "hops") or match[1] in ("once", "twice")
    if counted and re.search(r"\b(jump|hop)", clause) and a.jumps != number:
        return [f"jumps {a.jumps} times: {clause.strip()!r}"]
    if counted and re.search(_KICK, clause) and a.left_foot.kicks + a.right_foot.kicks != number:
        return [f"kicks {a.left_foot.kicks + a.right_foot.kicks} times: {clause.strip()!r}"]
    return []


def _is_up(hand: Hand) -> bool:
    return hand.above_shoulder > -0.15 and hand.rise > 0.2


def _side_up(a: Attributes, side: str) -> bool:
    hand, other = (a.left_hand, a.right_hand) if side == "left" else (a.right_hand, a.left_hand)
    return _is_up(hand) and hand.above_shoulder > other.above_shoulder - 0.15


def _foot(foot: Foot, other: Foot) -> bool:
    return foot.kicks > 0 or (other.kicks == 0 and foot.rise > other.rise)


def _straight(a: Attributes) -> bool:
    return max(a.turn_left, a.turn_right) < 50 and abs(a.turn) < 35


def _lowest(a: Attributes) -> float:
    return min(a.low_height, a.start_height, a.end_height)


Rule = tuple[str, Callable[[Attributes], bool], str]
_RULES: tuple[Rule, ...] = (
    (_TURN + rf".*\bleft\b(?! {_LIMB})|counterclockwise", lambda a: a.turn_left > 20, "no turn to the left"),
    (_TURN + rf".*\bright\b(?! {_LIMB})|(?<!counter)clockwise", lambda a: a.turn_right > 20, "no turn to the right"),
    (r"\bturn(?:s|ing)? (?:a)?round|\bturns? back|about-face", lambda a: max(a.turn_left, a.turn_right) > 110, "no turn around"),
    (r"\bstraight (?:line|ahead|forward|on)|\bwithout turning|\bwalks straight", _straight, "turns"),
    (_MOVE + r".*\b(?:forwards?|ahead)\b", lambda a: a.forward > 0.25, "does not move forward"),
    (_MOVE + r".*\b(?:backwards?|in reverse)\b", lambda a: a.forward < -0.25 or _mixed(a, -1), "does not move backward"),
    (_MOVE + rf".*\bleft\b(?! {_LIMB})", lambda a: a.left > 0.15 or a.turn_left > 20, "does not move left"),
    (_MOVE + rf".*\bright\b(?! {_LIMB})", lambda a: a.left < -0.15 or a.turn_right > 20, "does not move right"),
    (r"\bsideways\b", lambda a: abs(a.left) > 0.3, "does not move sideways"),
    (r"\bwalk(?:s|ing)?\b|\bstroll|\bstrid|\bmarch", lambda a: a.distance > 0.4, "does not walk"),
    (r"\b(?:run|runs|running|sprints?|sprinting|dash|dashes|dashing|races)\b", lambda a: a.peak_speed > 1.4, "does not run"),
    (r"\bjog(?:s|ging)?\b", lambda a: a.peak_speed > 1.1, "does not jog"),
    (r"\b(?:jump|hop|leap|skip)(?:s|ping|ing)?\b(?! rope)", lambda a: a.jumps > 0, "no jump"),
    (r"\b(?:stands? still|motionless|in place|on the spot|stays? still|without moving|does not move)", lambda a: abs(a.net_forward) < 0.7 and abs(a.net_left) < 0.7, "moves away"),
    (r"\b(?:lies|lie|lying) (?:down|on|flat)", lambda a: _lowest(a) < 0.35, "does not lie"),
    (r"\bcrawl", lambda a: a.low_height < 0.6, "does not crawl"),
    (r"\b(?:squat|crouch|kneel|duck)", lambda a: a.low_height < 0.82, "does not get low"),
    (r"\bsits?\b|\bsitting\b|\bseated\b", lambda a: a.low_height < 0.8, "does not sit"),
    (r"\bbows?\b|\bbowing\b|\bbend(?:s|ing)? (?:down|over)", lambda a: a.bend > 18 or a.low_height < 0.75, "does not bend"),
    (_RAISE + r".*\bboth (?:hands|arms)|" + _RAISE + r".*\btwo hands", lambda a: _is_up(a.left_hand) and _is_up(a.right_hand), "not both hands"),
    (_RAISE + r".*\bleft (?:hand|arm)", lambda a: _side_up(a, "left"), "not the left hand"),
    (_RAISE + r".*\bright (?:hand|arm)", lambda a: _side_up(a, "right"), "not the right hand"),
    (_KICK + r"|\bkick\b", lambda a: max(a.left_foot.rise, a.right_foot.rise) > 0.25, "no kick"),
    (_KICK + r".*\bleft\b", lambda a: _foot(a.left_foot, a.right_foot), "not the left foot"),
    (_KICK + r".*\bright\b", lambda a: _foot(a.right_foot, a.left_foot), "not the right foot"),
    (_PUNCH + r".*\bleft\b|\bleft (?:punch|jab|hook|cross)", lambda a: a.left_hand.path > 0.7 * a.right_hand.path, "not the left hand"),
    (_PUNCH + r".*\bright\b|\bright (?:punch|jab|hook|cross)", lambda a: a.right_hand.path > 0.7 * a.left_hand.path, "not the right hand"),
    (r"\bslow(?:ly)?\b", lambda a: a.speed < 1.25, "is not slow"),
    (r"\b(?:fast|quick|rapid|brisk)(?:ly)?\b|\bat speed", lambda a: a.distance < 0.7 or a.peak_speed > 1.15, "is not fast"),
    (r"\b(?:hunched|stooped|leaning forward|lean(?:s)? forward|bent forward)", lambda a: a.lean > 3 or a.bend > 15, "is upright"),
)  # fmt: skip


def _mixed(a: Attributes, sign: int) -> bool:
    """Moves both ways: much more distance than net movement."""
    return a.distance > 2 * abs(a.forward) + 0.5 and sign != 0
