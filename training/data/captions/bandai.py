"""Grammar of the Bandai-Namco captures: 26 contents, and styles that become words of manner."""

import re
from collections.abc import Sequence

Templates = tuple[Sequence[str], Sequence[str]]

_FILE = re.compile(r"dataset-\d_(?P<content>[a-z-]+)_(?P<style>[a-z-]+)_\d+")

# {how} is the manner of the style, {gait} its manner of walking; both may be empty for the normal style.
_WALK: Templates = (
    (
        "{S} walks forward",
        "{S} walks",
        "{S} is walking",
        "{S} walks {way}",
        "{S} is walking forward",
        "{S} goes forward on foot",
    ),
    (
        "{S} walks {way} {gait}",
        "{S} is walking {way} {gait}",
        "{S} walks in a straight line {gait}",
        "{S} takes {steps} {way} {gait}",
        "{gait}, {S} walks straight ahead",
        "{S} (moves|goes|strolls) {way} {gait}",
        "{S} walks {pace} {way} {gait}",
        "{S} steps {way} (one foot after the other|step by step) {gait}",
        "{S} walks {pace} with {their} arms (swinging|moving) {gait}",
    ),
)
_RUN: Templates = (
    (
        "{S} runs forward",
        "{S} runs",
        "{S} is running",
        "{S} jogs forward",
        "{S} is jogging",
        "{S} runs {way}",
        "{S} is running forward",
    ),
    (
        "{S} runs {way} {gait}",
        "{S} is running straight ahead {gait}",
        "{S} (jogs|runs) {way} {gait}",
        "{S} runs {way} in a straight line {gait}",
        "{S} takes {steps} {way} at a run {gait}",
        "{gait}, {S} runs {way}",
        "{S} runs {way} {pace}",
        "{S} jogs {way} with bent (arms|elbows) {gait}",
    ),
)
_DASH: Templates = (
    ("{S} runs fast", "{S} dashes forward", "{S} sprints", "{S} runs", "{S} sprints forward"),
    (
        "{S} sprints {way} {gait}",
        "{S} dashes {way} in a straight line {gait}",
        "{S} runs {way} (as fast as possible|at full speed) {gait}",
        "{S} rushes {way} (pumping|swinging) {their} arms {gait}",
        "{S} runs {way} with long (strides|steps) {gait}",
        "{gait}, {S} dashes {way}",
    ),
)
_BACK: Templates = (
    ("{S} walks backward", "{S} walks backwards", "{S} is walking backwards", "{S} steps backward"),
    (
        "{S} walks backwards {gait}",
        "{S} takes {steps} backward {gait}",
        "{S} (goes|moves|steps) backward in a straight line {gait}",
        "{gait}, {S} walks backwards",
        "{S} backs away {pace} {gait}",
        "{S} is walking in reverse {gait}",
        "{S} retreats {pace} without turning around {gait}",
    ),
)
_SIDE: Templates = (
    (
        "{S} walks to the {side}",
        "{S} (goes|moves) to the {side}",
        "{S} is walking to the {side}",
        "{S} walks diagonally to the {side}",
    ),
    (
        "{S} walks forward and drifts to the {side} {gait}",
        "{S} walks diagonally forward to the {side} {gait}",
        "{S} takes {steps} {aslant} to the {side}",
        "facing forward, {S} walks (off|over) to the {side} {gait}",
        "{gait}, {S} moves {aslant} to the {side}",
        "{S} (steps|moves) {aslant} to the {side} {gait}",
        "{S} walks to the {side} {pace}",
        "{S} is walking {aslant} to the {side} {gait}",
    ),
)
_TURN: Templates = (
    (
        "{S} walks and turns {turn}",
        "{S} walks forward and turns {turn}",
        "{S} turns {turn} while walking",
        "{S} is walking and turns {turn}",
    ),
    (
        "{S} walks {way} and then turns {turn} {gait}",
        "{S} walks {way} {gait}, then turns {turn} and keeps walking",
        "{S} walks in a curve {turn} {gait}",
        "{S} makes a turn {turn} while walking {gait}",
        "{gait}, {S} walks and turns {turn}",
        "{S} takes {steps} and turns {turn} (on the way|along the way)",
        "{S} walks around a corner {turn} {gait}",
        "{S} changes direction {turn} while walking {pace}",
        "{S} walks ahead, turns {turn} and continues {gait}",
    ),
)
_RAISE: Templates = (
    (
        "{S} raises {hand}",
        "{S} lifts {hand}",
        "{S} is raising {hand}",
        "{S} puts {hand} up",
        "{S} holds up {hand}",
        "{S} puts up {hand}",
    ),
    (
        "{S} raises {hand} {height} {how}",
        "{S} stands (still|) and lifts {hand} {height} {how}",
        "{how}, {S} raises {hand} {height}",
        "{S} lifts {hand} up (in|into) the air {how}",
        "{S} raises {hand} {height} and lowers it again {how}",
        "standing (still|in place), {S} puts {hand} up {how}",
        "{S} stretches {hand} (upward|up) {how}",
        "{S} stands in place and holds {hand} up {how}",
        "{S} (brings|moves) {hand} up {height} {how}",
    ),
)
_WAVE: Templates = (
    (
        "{S} waves {hand}",
        "{S} waves with {hand}",
        "{S} is waving {hand}",
        "{S} waves",
        "{S} waves {hand} in the air",
    ),
    (
        "{S} raises {hand} and waves {how}",
        "{S} waves with {hand} {height} {how}",
        "{S} stands (still|in place) and waves {hand} from side to side {how}",
        "{how}, {S} waves {hand} in the air",
        "{S} lifts {hand} {height} and waves {how}",
        "{S} greets (somebody|someone) by waving {hand} {how}",
        "{S} waves {hand} back and forth {how}",
        "standing (still|in place), {S} waves {hand} {how}",
        "{S} moves {hand} from side to side above (the|{their}) shoulder {how}",
    ),
)
_BOW: Templates = (
    ("{S} bows", "{S} takes a bow", "{S} is bowing", "{S} bows forward"),
    (
        "{S} stands and bows {how}",
        "{S} bends forward at the waist and straightens up again {how}",
        "{S} bows {how}, then stands upright again",
        "{how}, {S} takes a bow",
        "{S} lowers {their} head and bows {how}",
        "{S} leans the upper body forward in a bow {how}",
    ),
)
_BYE: Templates = (
    ("{S} waves goodbye", "{S} waves", "{S} waves with {hand}", "{S} says goodbye with {hand}"),
    (
        "{S} waves goodbye with {hand} {how}",
        "{S} raises {hand} and waves goodbye {how}",
        "{how}, {S} lifts {hand} and waves",
        "{S} stands and waves {hand} to say goodbye {how}",
        "{S} raises {hand} in a farewell {how}",
        "{S} stands (still|in place) and says goodbye with a wave {how}",
    ),
)
_GUIDE: Templates = (
    ("{S} shows the way", "{S} points the way", "{S} gestures to the side", "{S} guides someone with a hand"),
    (
        "{S} stands and shows the way with one arm {how}",
        "{S} turns (the upper body|slightly) and gestures to the side with an arm {how}",
        "{how}, {S} directs someone with a hand",
        "{S} moves an arm outward as if to guide a guest {how}",
        "{S} invites someone to go ahead with a sweep of the arm {how}",
    ),
)
CONTENTS: dict[str, Templates] = {
    "walk": _WALK, "run": _RUN, "dash": _DASH, "walk-back": _BACK, "walk-left": _SIDE, "walk-right": _SIDE,
    "walk-turn-left": _TURN, "walk-turn-right": _TURN, "bow": _BOW, "bye": _BYE, "byebye": _BYE, "guide": _GUIDE,
    "raise-up-left-hand": _RAISE, "raise-up-right-hand": _RAISE, "raise-up-both-hands": _RAISE,
    "wave-left-hand": _WAVE, "wave-right-hand": _WAVE, "wave-both-hands": _WAVE,
    "call": (
        ("{S} calls out to someone", "{S} calls someone", "{S} beckons", "{S} is calling out"),
        ("{S} stands and calls out to someone in the distance", "{S} leans forward and calls out with a hand (at|near) the mouth", "{S} bends the upper body and shouts to somebody", "{S} beckons somebody over with an arm"),
    ),
    "respond": (
        ("{S} responds to someone", "{S} answers with {hand}", "{S} raises {hand}"),
        ("{S} raises {hand} to answer someone", "{S} stands and responds by lifting {hand}", "{S} lifts {hand} as if to say here I am", "{S} answers a call with {hand} in the air"),
    ),
    "kick": (
        ("{S} kicks", "{S} kicks with {foot}", "{S} does a kick", "{S} is kicking"),
        ("{S} kicks with {foot} and turns {turn}", "{S} stands in a fighting stance and kicks with {foot}", "{S} lifts {foot} high for a kick", "{S} practises kicks with {foot}", "{S} swings {foot} up in a martial arts kick"),
    ),
    "punch": (
        ("{S} punches", "{S} throws punches", "{S} is punching", "{S} is boxing"),
        ("{S} stands in a fighting stance and throws punches", "{S} boxes the air with both fists", "{S} punches (forward|at the air) with bent knees", "with raised fists, {S} throws punches", "{S} fights an invisible opponent with {their} fists"),
    ),
    "slash": (
        ("{S} swings a sword", "{S} slashes with a sword", "{S} makes a slash"),
        ("{S} holds a sword with both hands and slashes", "{S} lifts a sword above the head and cuts down", "{S} takes a stance and swings an imaginary sword", "{S} practises sword cuts with wide swings of the arms"),
    ),
    "dance-short": (
        ("{S} dances", "{S} is dancing", "{S} performs a dance"),
        ("{S} dances {energy} with arms and legs", "{S} performs a lively dance (and turns|with turns)", "{S} moves {their} arms and steps to music", "{S} dances on the spot and swings {their} arms", "{S} does a dance routine with wide arm movements"),
    ),
}  # fmt: skip
CONTENTS["dance-long"] = CONTENTS["dance-short"]

_TIRED = (
    "as if tired",
    "wearily",
    "in a tired way",
    "like somebody who is exhausted",
    "sluggishly",
    "without energy",
)
_OLD = (
    "like an old person",
    "as an elderly person would",
    "in the manner of an old man",
    "stiffly like an old person",
    "with the caution of old age",
)
_ACTIVE = (
    "actively",
    "energetically",
    "with a lot of energy",
    "in a lively way",
    "full of energy",
    "vigorously",
)
_YOUNG = (
    "in a youthful way",
    "like a young person",
    "with youthful energy",
    "lightly like a youngster",
    "in a fresh and lively way",
)
_MALE = (
    "in a masculine way",
    "like a strong man",
    "in a manly way",
    "with a masculine attitude",
    "firmly, as a strong man does",
)
_STYLES: dict[str, Sequence[str]] = {
    "active": _ACTIVE,
    "angry": ("angrily", "in an angry way", "as if angry", "with anger", "furiously", "in a bad temper"),
    "childish": ("like a child", "in a childish way", "playfully like a child", "as a little kid would", "childishly"),
    "chimpira": ("like a thug", "with a swagger", "in a cocky way", "like a street punk", "with a loutish attitude", "arrogantly"),
    "feminine": ("in a feminine way", "gracefully", "elegantly", "in a ladylike manner", "delicately", "with feminine grace"),
    "giant": ("like a giant", "heavily", "as if very heavy", "ponderously", "like a huge giant", "with great weight"),
    "happy": ("happily", "cheerfully", "in a happy mood", "joyfully", "in good spirits", "as if very happy"),
    "masculine": _MALE,
    "masculinity": _MALE,
    "musical": ("rhythmically", "as if in a musical", "to the rhythm of music", "in a theatrical way", "as though dancing to music"),
    "not-confident": ("without confidence", "timidly", "nervously", "in an insecure way", "hesitantly", "shyly"),
    "old": _OLD,
    "elderly": _OLD,
    "proud": ("proudly", "with pride", "in a proud way", "with the chest out", "self-confidently"),
    "sad": ("sadly", "in a sad mood", "as if sad", "with a heavy heart", "gloomily", "in low spirits"),
    "tired": _TIRED,
    "exhausted": (*_TIRED, "in exhaustion", "as if worn out", "as if out of strength"),
    "youthful": _YOUNG,
    "normal": ("", "", "normally", "in a relaxed way", "calmly", "in a natural way"),
}  # fmt: skip
_GAITS: dict[str, Sequence[str]] = {
    "active": ("with lively steps", "with big swings of the arms", "with springy steps"),
    "angry": ("with stomping steps", "with hard steps", "with tense arms"),
    "childish": ("with playful steps", "with light bouncy steps"),
    "chimpira": ("with swaying shoulders", "with wide swaggering steps"),
    "feminine": ("with graceful steps", "with light elegant steps"),
    "giant": ("with heavy steps", "with long heavy strides", "with stomping heavy steps"),
    "happy": ("with cheerful steps", "with bouncy steps", "with a spring in the step"),
    "masculine": ("with firm steps", "with strong steps", "with wide shoulders"),
    "masculinity": ("with firm steps", "with strong steps", "with broad shoulders"),
    "musical": ("with rhythmic steps", "with dance-like steps"),
    "not-confident": ("with uncertain steps", "with hesitant steps", "with small unsure steps"),
    "old": (
        "with small weak steps",
        "with stiff legs",
        "hunched over like an old person",
        "with a hunched back",
    ),
    "elderly": (
        "with small weak steps",
        "with stiff legs",
        "hunched over like an old person",
        "with a hunched back",
    ),
    "proud": ("with proud steps", "with confident steps"),
    "sad": ("with heavy sad steps", "with drooping shoulders", "with dragging steps"),
    "tired": ("with dragging feet", "with tired steps", "with drooping arms"),
    "exhausted": (
        "with dragging feet",
        "with weak tired steps",
        "with drooping arms",
        "leaning forward in exhaustion",
    ),
    "youthful": ("with light steps", "with springy youthful steps"),
    "normal": ("with even steps", "with arms swinging", "at a natural pace"),
}


def bandai_label(file: str) -> tuple[str, str]:
    """Content and style in the name of a Bandai-Namco file ('dataset-2_wave-left-hand_active_012').

    Raises:
        ValueError: the name has another form, or holds an unknown content or style.
    """
    match = _FILE.fullmatch(file)
    if match is None or match["content"] not in CONTENTS or match["style"] not in _STYLES:
        raise ValueError(
            f"file {file!r}: expected dataset-N_CONTENT_STYLE_NUMBER with a known content and style"
        )
    return match["content"], match["style"]


def style_slots(style: str) -> dict[str, Sequence[str]]:
    """Phrases of manner for a style: `how` for gestures, `gait` for travel, `energy` for dances."""
    return {
        "how": _STYLES[style],
        "gait": (*_STYLES[style], *_GAITS[style]),
        "energy": ("lively", "with energy", ""),
    }
