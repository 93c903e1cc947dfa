"""Human-written sentences about other captures, assigned to clips that support all their claims.

A sentence is parsed by the patterns of `claims.json` into a list of claims; sentences with words that no
pattern covers are not used. The sentences themselves are not part of the project.
"""

import functools
import hashlib
import json
import random
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from training.open_data.attributes import Attributes
from training.open_data.captions.human import plain_text, read_human_captions
from training.open_data.captions.measured import acting_side, count_of, path_shape
from training.open_data.captions.speeds import clips_of, tempo
from training.open_data.captions.wordings import is_unseen, read_table
from training.open_data.clip import ClipInfo

MAX_PER_CLIP = 4
_USES = 20.0  # target number of clips per sentence, on average, if it matches more
_TURNED = 70.0  # degrees: a larger turn while travelling must be mentioned in the sentence
_STEPS = {"few": (2, 6), "several": (3, 12)}
_ANGLES = {"90": (60, 125), "180": (135, 230), "360": (280, 430), "around": (120, 430)}


@dataclass
class Act:
    """One act in a sentence, with the claims about it; `actions` is empty for turns, stops and standing."""

    kind: str
    actions: tuple[str, ...] = ()
    how: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Sentence:
    """A parsed sentence: its acts in order, and the set of all its claims."""

    text: str
    acts: tuple[Act, ...]
    claims: frozenset[str]

    @functools.cached_property
    def clips(self) -> int:
        """The number of training clips with an action that the sentence may describe."""
        return max(sum(map(clips_of, _candidate_actions(act))) for act in self.acts)


@functools.cache
def read_sentences(folder: Path) -> tuple[Sentence, ...]:
    """The sentences about other captures that can be parsed and may be used for training.

    Args:
        folder: has `humanml3d_sentences.txt`, one sentence a line, and the tables of `read_human_captions`;
            sentences in these are left out, since they belong to their own trials, which may be in any split.

    Returns:
        The sentences; none if the file does not exist.
    """
    path = folder / "humanml3d_sentences.txt"
    if not path.is_file():
        return ()
    own = {plain_text(c.text) for captions in read_human_captions(folder).values() for c in captions}
    texts = dict.fromkeys(map(plain_text, path.read_text(encoding="utf-8").splitlines()))
    parsed = (parse_sentence(text) for text in texts if text and text not in own)
    return tuple(sentence for sentence in parsed if sentence and not is_unseen(sentence.text))


def fitting(sentences: Sequence[Sentence], clip: ClipInfo, a: Attributes) -> list[str]:
    """At most four sentences whose claims all hold for a clip, always the same for the same clip.

    Each clip may use only a random subset of the sentences, smaller for more common actions, so that no
    sentence is used for many clips.
    """
    if not clip.actions:
        return []
    rng = random.Random(hashlib.sha256(f"sentences {clip.clip_id}".encode()).digest())
    chosen: list[str] = []
    for sentence in rng.sample(sentences, len(sentences)):
        allowed = rng.random() * sentence.clips < _USES
        if allowed and _may_fit(sentence, clip) and supports(sentence, clip, a):
            chosen.append(sentence.text)
            if len(chosen) == MAX_PER_CLIP:
                break
    return chosen


def parse_sentence(text: str) -> Sentence | None:
    """Parse a sentence into claims; None if a part of it matches no pattern.

    Args:
        text: in lower case, without a full stop.
    """
    found: list[str] = []
    place = 0
    while place < len(text):
        if text[place] == " ":
            place += 1
            continue
        match = _pattern().match(text, place)
        if match is None or match.lastgroup is None or match.end() == place:
            return None
        found += _claims_of(match.lastgroup)
        place = match.end()
    acts = _acts(found)
    if not any(act.actions or act.kind == "turn" for act in acts):
        return None
    return Sentence(text, acts, frozenset(found))


def supports(sentence: Sentence, clip: ClipInfo, a: Attributes) -> bool:
    """Whether a clip's label and measurements support every claim of a sentence."""
    order = [action for n, action in enumerate(clip.actions) if n == 0 or clip.actions[n - 1] != action]
    at = 0
    for act in sentence.acts:
        action = ""
        if act.actions or (act.kind == "turn" and at < len(order) and order[at] in _TURNS):
            if at < len(order) and _describes(act, order[at], a):
                at += 1
            elif at == 0 or not _describes(act, order[at - 1], a):
                return False
            action = order[at - 1]
            if action in ("stand_up", "get_up") and a.end_height < 0.8:
                return False
        if not all(_holds(claim, act, action, clip, a, len(order) > 1) for claim in act.how):
            return False
        if not _is_measured(act, a) or (act.kind == "lower" and "raise" not in sentence.claims):
            return False
    claims = sentence.claims | ({"turned"} if _mentions_side(sentence) else set())
    demands: Mapping[str, str] = _table()["demands"]
    if at < len(order) or any(demands[action] not in claims for action in order if action in demands):
        return False
    if ("man" if clip.woman else "woman") in claims:
        return False
    travels = any(action in read_table("measures")["speed"]["travel"] for action in order)
    return not (travels and max(a.turn_left, a.turn_right) > _TURNED and "turned" not in claims)


_TURNS = ("turn", "turn_around")


def _acts(claims: Sequence[str]) -> tuple[Act, ...]:
    """Group claims by act: the claims before and after the verb of a clause belong to it."""
    acts: list[Act] = []
    waiting: list[str] = []
    open_clause = True
    for claim in claims:
        kind, _, value = claim.partition(":")
        if kind in ("and", "then"):
            open_clause = True
        elif kind in ("action", "turn", "stop", "stand", "return", "lower") and (kind != "turn" or not value):
            acts.append(Act(kind, _expanded(value) if value else (), waiting))
            waiting, open_clause = [], False
        elif open_clause or not acts:
            waiting.append(claim)
        else:
            acts[-1].how.append(claim)
    if acts:
        acts[-1].how.extend(waiting)
    return tuple(acts)


def _candidate_actions(act: Act) -> tuple[str, ...]:
    """The actions that a verb with its direction may describe."""
    if "dir:backward" in act.how and {"walk", "run"} & set(act.actions):
        return ("walk_back", "run_back")
    return act.actions


def _describes(act: Act, action: str, a: Attributes) -> bool:
    """Whether the verb, with its direction, describes an action."""
    back, aside = (
        "dir:backward" in act.how,
        any(f"dir:{way}" in act.how for way in ("left", "right", "sideways")),
    )
    if act.kind == "turn":
        return action in _TURNS
    if action in ("walk_back", "run_back"):
        verb = "walk" if action == "walk_back" else "run"
        return back and (action in act.actions or verb in act.actions)
    if action == "sidestep":
        sidesteps = action in act.actions and abs(a.left) > abs(a.forward)
        return aside and ("walk" in act.actions or sidesteps)
    return action in act.actions


def _is_measured(act: Act, a: Attributes) -> bool:
    """Whether the measurements show an act that is not an action of the wordings."""
    match act.kind:
        case "turn":
            return max(a.turn_left, a.turn_right) > 30
        case "stop":
            return a.end_speed < min(0.4, 0.4 * a.peak_speed)
        case "stand":
            begins = a.start_speed < 0.25 and a.start_height > 0.8
            return begins or (a.end_speed < 0.25 and a.end_height > 0.8)
        case "return":
            gained = (a.net_forward**2 + a.net_left**2) ** 0.5
            return gained < 0.5 * a.distance and max(a.turn_left, a.turn_right) > 120
        case "lower":
            return all(hand.drop > 0.2 for hand in (a.left_hand, a.right_hand) if hand.rise > 0.25)
    return True


def _holds(claim: str, act: Act, action: str, clip: ClipInfo, a: Attributes, several: bool) -> bool:
    """Whether one claim about an act holds; for one of several actions, only sides and turns are measured."""
    kind, _, value = claim.partition(":")
    match kind:
        case "dir":
            return _moves(value, act, a)
        case "turn":
            low, high = _ANGLES[value]
            return low < max(a.turn_left, a.turn_right) < high
        case "path":
            return not several and _path_matches(value, a)
        case "hand":
            return _hand_holds(value, action, a)
        case "foot":
            return acting_side(action, a) == value and action in read_table("measures")["side"]["foot"]
        case "manner":
            return clip.manner in value.split(",")
        case "speed":
            return not several and action != "" and tempo(action, a) == value
        case "casual":
            return clip.manner == "" and action != "" and tempo(action, a) == "normal"
        case "count":
            number = count_of(action, a) if action and not several else None
            return number is not None and (number >= 2 if value == "many" else number == int(value))
        case "steps":
            low, high = _STEPS[value] if value in _STEPS else (int(value) - 1, int(value) + 1)
            return not several and low <= a.steps <= high
        case _:
            return _holds_otherwise(kind, value, action, a)


def _hand_holds(value: str, action: str, a: Attributes) -> bool:
    """Whether an action is done by the `left` or `right` hand, by `both` or by any `one`."""
    if action in ("raise_both", "wave_both", "clap"):
        return value == "both"
    if not any(action in actions for actions in read_table("measures")["hand"].values()):
        return False
    side = acting_side(action, a)
    return side == value or (value == "one" and side in ("left", "right"))


def _holds_otherwise(kind: str, value: str, action: str, a: Attributes) -> bool:
    """Whether one of the remaining claims holds; mere markers ('turned') always do."""
    match kind:
        case "start":
            return a.peak_speed < 0.4 or a.start_speed < 0.6 * a.peak_speed
        case "slight":
            return action not in _TURNS and 15 < max(a.turn_left, a.turn_right) < 60
        case "still":
            return a.distance < 0.6
        case "updown":
            return a.jumps > 1
        case "sweep":
            return action in ("wave", "wave_both", "goodbye", "sway", "swing_arms", "look_around")
        case "front":
            return action in ("clap", "punch", "punch_combo", "bow")
        case "feet":
            return a.jumps > 0
        case "allfours":
            return action == "crawl"
        case "up":
            return a.high_height - a.start_height > 0.25 and a.end_height - a.start_height > 0.2
        case "down":
            return a.start_height - a.end_height > 0.2
        case "height":
            hand = max(a.left_hand, a.right_hand, key=lambda hand: hand.above_shoulder)
            if action not in read_table("measures")["height"]:
                return value == "up" and a.jumps > 0
            levels = {"head": hand.above_head > 0.05, "shoulder": -0.2 < hand.above_shoulder < 0.2}
            return levels.get(value, hand.above_shoulder > 0.1)
    return True


def _moves(way: str, act: Act, a: Attributes) -> bool:
    """Whether the clip moves, or for a turn turns, in a direction."""
    if act.kind == "turn" and way in ("left", "right"):
        to, fro = (a.turn_left, a.turn_right) if way == "left" else (a.turn_right, a.turn_left)
        return to > 35 and to > 1.5 * fro
    side = a.left if way == "left" else -a.left
    match way:
        case "forward":
            return a.forward > 0.3 and a.forward > abs(a.left)
        case "backward":
            return a.forward < -0.3 and -a.forward > abs(a.left)
        case "left" | "right":
            to, fro = (a.turn_left, a.turn_right) if way == "left" else (a.turn_right, a.turn_left)
            turns = to > 40 and to > 2 * fro
            return turns or (side > 0.3 and side > 0.4 * abs(a.forward) and fro < 40)
        case "sideways":
            return abs(a.left) > max(0.3, abs(a.forward))
        case "diagonal":
            return min(abs(a.forward), abs(a.left)) > 0.35 * max(abs(a.forward), abs(a.left), 0.8)
        case "place":
            return abs(a.net_forward) < 0.6 and abs(a.net_left) < 0.6 and a.distance < 1.5
        case "around":
            return max(a.turn_left, a.turn_right) > 120
    return False


def _path_matches(shape: str, a: Attributes) -> bool:
    match shape:
        case "circle":
            return path_shape(a) == "circle" or abs(a.path.bend) > 270
        case "half":
            return 130 < abs(a.path.bend) < 240
        case "quarter":
            return 60 < abs(a.path.bend) < 120
        case "left":
            return max(a.path.bend, a.turn) > 100
        case "right":
            return min(a.path.bend, a.turn) < -100
        case "straight":
            return a.path.straightness > 0.95 and max(a.turn_left, a.turn_right) < 35
        case "curve":
            return 40 < abs(a.path.bend) < 300
        case "s":
            return a.path.winds
    return False


def _mentions_side(sentence: Sentence) -> bool:
    return "dir:left" in sentence.claims or "dir:right" in sentence.claims


def _may_fit(sentence: Sentence, clip: ClipInfo) -> bool:
    """A quick test that excludes most sentences: the first act could be the clip's first action."""
    first, named = _first(sentence), clip.actions[0]
    return first.kind == "turn" or named in first.actions or named in ("walk_back", "run_back", "sidestep")


def _first(sentence: Sentence) -> Act:
    return next(act for act in sentence.acts if act.actions or act.kind == "turn")


@functools.cache
def _table() -> dict[str, Any]:
    table: dict[str, Any] = json.loads(Path(__file__).with_name("claims.json").read_text(encoding="utf-8"))
    return table


@functools.cache
def _pattern() -> re.Pattern[str]:
    """All patterns in one, each a group named by its number."""
    patterns = (rf"(?P<p{n}>(?:{pattern})(?!\w))" for n, (pattern, _) in enumerate(_table()["patterns"]))
    return re.compile("|".join(patterns))


def _claims_of(group: str) -> list[str]:
    claims: list[str] = _table()["patterns"][int(group[1:])][1].split()
    return claims


def _expanded(value: str) -> tuple[str, ...]:
    groups: Mapping[str, list[str]] = _table()["groups"]
    return tuple(action for name in value.split(",") for action in groups.get(name, [name]))
