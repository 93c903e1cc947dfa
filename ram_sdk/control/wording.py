"""What a prompt says beside the action: who does it, what comes first, and how fast."""

import re
from collections.abc import Sequence

from ram_sdk.models.duration import NUMBERS
from ram_sdk.models.exemplars import Side

_SUBJECTS = re.compile(
    r"an?|the|one|two|three|four|five|some|several|many|both|all|each|every|another|no|this|that|these|those|"
    r"my|your|his|her|its|our|their|i|you|he|she|it|we|they|(?:some|any|every|no)(?:one|body)|"
    r"persons?|people|m[ae]n|wom[ae]n|child(?:ren)?|kids?|boys?|girls?|guys?|lad(?:y|ies)|bab(?:y|ies)|"
    r"adults?|teenagers?|toddlers?|players?|dancers?|athletes?|actors?|soldiers?|humans?|figures?|"
    r"characters?|robots?|animals?|dogs?|cats?|bod(?:y|ies)|hands?|arms?|legs?|feet|foot"
)
_CONTRACTED = re.compile(r"'(?:s|re|m|ll|d|ve)$")  # she's, they're
_CONNECTIVES = re.compile(r"^(?:(?:and|then|next|afterwards?|finally)\b[,\s]*)+", re.IGNORECASE)
_ADVERBS = re.compile(
    r"\w+ly|\w+wards?|sideways|then|again|once|twice|just|still|also|always|sometimes|suddenly|fast"
)
_NOT_DOING = re.compile(
    r"morning|evening|(?:some|any|every|no)thing|during|(?:sw|s|br|fl|cl|st|sl|spr|str|r|k|w)ing"
)
"""Words that end as "walking" does and say no action that goes on, such as the order "swing your arms"."""

_DOING = rf"(?!(?:{_NOT_DOING.pattern})\b)\w+ing\b"
_THEN = re.compile(
    r"[,;.]?\s*\b(?:and\s+)?(?<!now\sand\s)(?:then|followed\s+by)\b[,\s]*"
    r"|(?:[,;.]\s*(?:and\s+)?|\s+and\s+)(?:after(?:wards?|\s+that)|subsequently|finally|next(?!\s+to\b))\b[,\s]*"
    r"|[,\s]+(?:before|prior\s+to)\s+(?=" + _DOING + r"|(?:he|she|they)\s)",
    re.IGNORECASE,
)
_AFTER = (
    re.compile(r"after\s+(?P<first>" + _DOING + r"[^,]*),\s*(?P<second>.+)", re.IGNORECASE),
    re.compile(r"(?P<second>.+?)[,\s]+after\s+(?P<first>" + _DOING + r".*)", re.IGNORECASE),
)
_NO_VERBS = (
    r"hands|arms|legs|knees|hips|shoulders|elbows|wrists|fingers|fists|palms|toes|heels|thighs|eyes|steps|times"
    r"|always|sometimes|\w+ways|\w+wards|his|its|this|as|across|\w+ss"
)
_SERIES = re.compile(rf",\s*(?:and\s+)?(?=(?!(?:{_NO_VERBS})\b)[a-z]{{3,}}s\b)", re.IGNORECASE)
_FIRST = re.compile(r"^\s*(?:first(?:ly)?|at first)\b[,\s]*", re.IGNORECASE)
_MUCH = r"\b(?:(?:very|really|quite|rather|so|too)\s+)?"
_AS_POSSIBLE = r" as (?:they|he|she|you|possible)(?: can)?"
_PACES = (
    (
        re.compile(
            _MUCH + r"(?:slow(?:ly)?|unhurried(?:ly)?|leisurely|lazily|lazy|sluggish(?:ly)?|gradually"
            r"|in slow motion|at a (?:very )?(?:slow|leisurely) pace|without (?:any )?(?:haste|hurry)"
            rf"|in no (?:hurry|rush)|little by little|bit by bit|as slow(?:ly)?{_AS_POSSIBLE})\b(?!-)",
            re.IGNORECASE,
        ),
        0.72,
    ),
    (
        re.compile(
            _MUCH + r"(?:fast(?!\s+asleep)|quick(?:ly)?|rapid(?:ly)?|swift(?:ly)?|brisk(?:ly)?|speedily"
            r"|hasty|hastily|hurried(?:ly)?|frantic(?:ally)?"
            r"|at (?:a (?:very )?fast pace|(?:full|high|top) speed|full tilt)"
            rf"|in (?:a hurry|a rush|haste|a flash)|as (?:fast|quickly){_AS_POSSIBLE})\b(?!-)",
            re.IGNORECASE,
        ),
        1.35,
    ),
)
_PACED_VERBS = (
    (
        re.compile(
            r"(?<!\bat )\b(?:(?:stroll|saunter|creep)(?:s|ed|ing)?"
            r"|(?:ambl|shuffl|dawdl|trudg|eas)(?:es?|ed|ing)"
            r"|plod(?:s|ded|ding)?)\b",
            re.IGNORECASE,
        ),
        0.72,
    ),
    (
        re.compile(
            r"(?<!\ba )(?<!\bthe )\b(?:(?:rush|dash)(?:es|ed|ing)?"
            r"|(?:hurr|scurr)(?:y|ies|ied|ying)|rac(?:es?|ed|ing)"
            r"|(?:hasten|scamper)(?:s|ed|ing)?|(?:bolt|speed|zoom)(?:s|ed|ing)"
            r"|(?:tear|drop|plop)(?:s|ping|ing)? (?=(?:along|down|off|past|onto|into|ahead|away)\b))",
            re.IGNORECASE,
        ),
        1.35,
    ),
)
"""Verbs that say what is done and how fast."""

_NEGATED = re.compile(r"(?:\b(?:not|never|without)|n['\u2019]t)(?:\s+\w+)?\s*$", re.IGNORECASE)
_SIDES: dict[Side, re.Pattern[str]] = {
    "left": re.compile(r"\bleft(?:wards?)?\b|\b(?:counter|anti)-?clockwise\b", re.IGNORECASE),
    "right": re.compile(
        r"\bright(?:wards?)?\b(?! (?:away|now|after|before))|(?<!-)\bclockwise\b", re.IGNORECASE
    ),
}
_TIMES = {"once": 1, "twice": 2, "a couple of times": 2, "thrice": 3}
_COUNTED = (
    "time|step|pace|stride|jump|hop|leap|skip|bounce|squat|lunge|crunch|bend|sit-?up|push-?up|jack|punch|jab|hook"
    "|uppercut|blow|hit|strike|slash|cut|kick|clap|wave|nod|bow|shrug|salute|throw|swing|stroke|shot|spin|turn"
    "|twirl|pirouette|roll|flip|somersault|cartwheel|stomp|knock|tap|lap|round|rep|repetition"
)
_COUNT = re.compile(
    rf"(?<!\bat )\b(?P<word>{'|'.join(_TIMES)})\b(?!\s+(?:as|more|again|seated|he|she|they|it|the|an?)\b)"
    rf"|\b(?:(?P<digits>\d{{1,2}})|(?P<number>{'|'.join(NUMBERS)}))\s+"
    rf"(?:(?!(?:and|then|or|to|with|for|in)\b)[^\W\d]+\s+){{,2}}?(?:{_COUNTED})(?P<plural>(?:e?s)?)\b"
)
_HOW_OFTEN = re.compile(rf"\b(?:twice|thrice|(?:\d+|{'|'.join(NUMBERS)}) times)\b", re.IGNORECASE)
_COUNTED_OUT = re.compile(r"\bone(?:,? (?:and )?(?P<last>two|three|four|five|six))+\b")
_AGAIN = re.compile(
    r"(?:(?:and|then|a person|someone|he|she|they|it) )*(?:(?:do|does|repeats?) (?:it|so|that|this) ?)?"
    r"(?:once (?:more|again)|one more time|again|another time|a second time)?",
    re.IGNORECASE,
)
_DEGREES = re.compile(
    r"\b(?P<number>\d{2,4})(?:\s*\u00b0|[\s-]*degrees?\b)"
    r"|\b(?P<quarter>(?<!three )(?<!three-)quarter(?: of a)?[\s-]+turns?|right angles?)\b"
    r"|\b(?P<half>half(?: an?)?[\s-]+(?:turns?|circles?)|about[\s-]face|u-turn"
    r"|turn(?:s|ed|ing)? around(?=$|[,.;!]"
    r"| (?:fast|\w+ly|to|in place|on the spot|(?:and|then)(?! around))\b))"
    r"|\b(?P<full>(?:full|complete|whole)[\s-]+(?:turns?|circles?|rotations?|revolutions?)"
    r"|all the way a?round)\b",
    re.IGNORECASE,
)
_TURNING = re.compile(
    r"turn|spin|rotat|swivel|pivot|twirl|whirl|about[\s-]face|around|walks?|runs?", re.IGNORECASE
)
_NAMED_DEGREES = {"quarter": 90, "half": 180, "full": 360}
_AND = re.compile(
    r",?\s+and\s+(?!(?:down|up|forth|back|forwards?|backwards?|left|right|around|round|over|out|again|then|the|an?"
    r"|his|her|their|its|your|one|two|three)\b)",
    re.IGNORECASE,
)
_LINKS = re.compile(
    r"^[\s,;]*(?:(?:and|while|as|before|after|then|when|once|having|with|during)\b[,\s]*)+"
    r"|(?:[,\s]+(?:and|while|as|before|after|then|when|with|during))+[\s,;.]*$",
    re.IGNORECASE,
)


def action(prompt: str) -> str:
    """The prompt without "and then" and the like at its beginning: "then sits down" becomes "sits down"."""
    return _CONNECTIVES.sub("", prompt) or prompt


def with_subject(prompt: str) -> str:
    """Put "a person" before an action that names nobody: "then sits down" becomes "a person sits down".

    A sentence with a subject stays as it is, and so does an order such as "sit down".
    """
    text = action(prompt)
    verb = _first_word(text)
    if _SUBJECTS.fullmatch(_CONTRACTED.sub("", verb)):
        return text
    if verb.endswith("ing"):
        named_later = any(_SUBJECTS.fullmatch(_first_word(part)) for part in text.split(",")[1:])
        return text if named_later or _NOT_DOING.fullmatch(verb) else f"a person is {text}"
    return f"a person {text}" if verb.endswith("s") and not verb.endswith("ss") else text


def sequence(prompt: str) -> list[str]:
    """The prompts of what is done one after the other: "walks, then sits down" are "walks" and "sits down".

    Only words that can mean nothing else divide a sentence: then, followed by, and after that; before and
    after where somebody does something ("before sitting down"); and a series of three verbs or more
    ("walks, stops, and sits down").
    """
    for order in _AFTER:
        if match := order.match(prompt):
            return sequence(match["first"]) + sequence(match["second"])
    whole = [_FIRST.sub("", part).strip(" ,;.") for part in _THEN.split(prompt)]
    return [part for parts in map(_series, whole) for part in parts if part] or [prompt]


def _series(text: str) -> list[str]:
    """The clauses of a series that ends in ", and"; the whole text if it is none."""
    commas = list(_SERIES.finditer(text))
    if len(commas) < 2 or not commas[-1][0].rstrip().lower().endswith("and"):
        return [text]
    return _SERIES.split(text)


def pace(prompt: str) -> tuple[str, float]:
    """The prompt without its adverbs of speed, and how fast its words say.

    Verbs that say how fast something is done, as "hurries", stay. The prompt is "" if it has no other words,
    and the pace 1.0 if it says none.
    """
    for words, factor in _PACES:
        found = words.search(prompt)
        if found and not _NEGATED.search(prompt[: found.start()]):
            return " ".join(words.sub(" ", prompt).split()), factor
    for words, factor in _PACED_VERBS:
        found = words.search(prompt)
        if found and not _NEGATED.search(prompt[: found.start()]):
            return prompt, factor
    return prompt, 1.0


def clauses(text: str) -> tuple[str, str] | None:
    """The two sides of the only "and" that may join two things to do: "walk to the chair", "sit down"."""
    sides = _AND.split(text)
    return (sides[0], sides[1]) if len(sides) == 2 and all(map(str.strip, sides)) else None


def repeats(part: str) -> bool:
    """Whether a part of a sequence only asks for what was before: "jumps, then once more"."""
    words = part.strip(" ,;.!")
    return bool(re.search(r"\b(?:again|more|another|second|repeats?)\b", words)) and bool(
        _AGAIN.fullmatch(words)
    )


def once(text: str) -> str:
    """A text without how many times something is done: what "once more" asks for again."""
    return " ".join(_HOW_OFTEN.sub(" ", text).split()) or text


def sides(text: str) -> set[Side]:
    """The sides that a text names, of the body or to turn to."""
    return {named for named, words in _SIDES.items() if words.search(text)}


def side(text: str) -> Side:
    """The side that a text names; "" if it names none or both."""
    named = sides(text)
    return named.pop() if len(named) == 1 else ""


def count(text: str) -> int:
    """How often a text asks for something: 3 for "jumps three times" and "does three squats"; 0 if open.

    Numbers of times, steps, jumps and the like are counts, and "one, two, three" is; several different ones
    are none.
    """
    found = {_number(match) for match in _COUNT.finditer(text.lower())} - {0}
    found |= {NUMBERS[match["last"]] for match in _COUNTED_OUT.finditer(text.lower())}
    return found.pop() if len(found) == 1 else 0


def degrees(text: str) -> int:
    """By how many degrees a text asks to turn: 90 for "a quarter turn to the left"; 0 if open.

    Several different angles are none.
    """
    if not _TURNING.search(text):
        return 0  # of a limb
    found = {
        int(match["number"]) if match["number"] else _NAMED_DEGREES[str(match.lastgroup)]
        for match in _DEGREES.finditer(text)
    }
    return found.pop() if len(found) == 1 else 0


def halves(text: str, ends: Sequence[int], focus: Sequence[Sequence[float]]) -> tuple[str, str]:
    """Divide a text at the space that best divides its words between two actions.

    Args:
        text: a sentence about two actions.
        ends: where each of its tokens ends, counted in characters; 0 for tokens that are no words.
        focus: how much of the first and of the second action is read in each token.

    Returns:
        The words of the first action and of the second; the whole text for both if it is a single word.
    """
    best, divided = -1.0, (text, text)
    for space in (match.start() for match in re.finditer(r"(?<=\S)\s+(?=\S)", text)):
        left = [sum(f for f, end in zip(row, ends, strict=True) if end <= space) for row in focus]
        ahead = left[0] - left[1]  # above 0 where the first action comes first
        if abs(ahead) > best:
            parts = (_bare(text[:space]), _bare(text[space:]))
            best, divided = abs(ahead), parts if ahead >= 0 else parts[::-1]
    return divided


def _bare(text: str) -> str:
    """A part of a sentence without the words that join it to another."""
    return _LINKS.sub("", text).strip(" ,;.") or text.strip()


def _number(match: re.Match[str]) -> int:
    """The number that a match of `_COUNT` says; 0 for "two boxers punch", which is none."""
    if match["word"]:
        return _TIMES[match["word"]]
    number = int(match["digits"]) if match["digits"] else NUMBERS[match["number"]]
    return number if number == 1 or match["plural"] else 0


def _first_word(text: str) -> str:
    """The first word that is no adverb, in small letters; "" if there is none."""
    words = re.findall(r"[^\W\d_]+(?:['-][^\W\d_]+)*", text.lower().replace("\u2019", "'"))
    return next((word for word in words if not _ADVERBS.fullmatch(word)), "")
