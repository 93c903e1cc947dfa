"""Captions as lines of a HumanML3D text file, and the text of mirrored clips."""

import re

_SWAPS = {
    "left": "right", "right": "left", "clockwise": "counterclockwise", "counterclockwise": "clockwise",
    "leftward": "rightward", "rightward": "leftward", "leftwards": "rightwards", "rightwards": "leftwards",
    "left-handed": "right-handed", "right-handed": "left-handed",
}  # fmt: skip
_SWAP = re.compile(rf"\b({'|'.join(sorted(_SWAPS, key=len, reverse=True))})\b", re.IGNORECASE)
_POS: dict[str, str] = {
    word: tag
    for tag, words in {
        "DET": "a an the his her their its another some both all each no this that",
        "PRON": "someone somebody it he she they one something his hers itself himself herself themselves",
        "ADP": "to of in on at with from by for into over under around through along across after before while as like toward towards against without above below near between up down off out onto behind beside",
        "CONJ": "and or but then",
        "NUM": "one two three four five six seven eight nine ten eleven twelve ninety",
        "NOUN": "person man woman figure human individual guy lady hand hands arm arms leg legs foot feet knee knees head body hip hips shoulder shoulders elbow elbows fist fists waist chest back step steps stride strides pace speed way direction circle line side left right floor ground place spot air box ball sword chair stool ladder stairs corner curve turn jump hop kick punch bow wave dance time times position stance child giant thug energy confidence anger pride upper trunk rhythm music",
        "ADV": "slowly quickly forward forwards backward backwards sideways ahead up down again once twice around then away together high low straight diagonally slightly back briskly calmly casually steadily rapidly happily sadly angrily proudly timidly nervously heavily gracefully elegantly",
        "ADJ": "slow fast quick brisk normal natural small long wide big tired old young happy sad proud heavy light straight low high upright still masculine feminine childish",
    }.items()
    for word in words.split()
}  # fmt: skip
_VERB_ENDINGS = ("ing",)
_VERBS = frozenset(
    "is are be walk run jog jump hop leap skip kick punch raise lift wave bow turn stand sit lie crouch squat "
    "bend lean move step take make put hold swing dance spin rotate stretch reach throw catch push pull climb "
    "crawl stroll sprint dash rush march stop start begin lower point clap stride keep go do come get look".split()
)


def mirror_text(caption: str) -> str:
    """The caption of the mirrored clip: left and right swapped, and the two directions of rotation.

    Capital letters at the start of a word are kept; every other word is untouched.
    """

    def swapped(match: re.Match[str]) -> str:
        word = _SWAPS[match[0].lower()]
        return word.capitalize() if match[0][0].isupper() else word

    return _SWAP.sub(swapped, caption)


def text_line(caption: str) -> str:
    """One line of a HumanML3D text file, without the line break: `caption#word/POS ...#0.0#0.0`.

    The two zeros say that the caption is about the whole clip. Words that the small lexicon does not
    know are tagged `OTHER`.

    Raises:
        ValueError: the caption is empty, holds `#` (the field separator) or a line break.
    """
    if not caption.strip() or "#" in caption or "\n" in caption:
        raise ValueError(f"caption {caption!r}: expected one line of text without '#'")
    words = re.findall(r"[a-z0-9'-]+", caption.lower())
    return f"{caption}#{' '.join(f'{word}/{_tag(word)}' for word in words)}#0.0#0.0"


def _tag(word: str) -> str:
    if word in _POS:
        return _POS[word]
    stems = {
        word,
        word.removesuffix("s"),
        word.removesuffix("es"),
        word[:-3] + "y" if word.endswith("ies") else word,
    }
    for ending in _VERB_ENDINGS:
        stem = word.removesuffix(ending)
        if stem != word:
            stems |= {stem, stem + "e", stem[:-1]}
    if stems & _VERBS:
        return "VERB"
    return "ADV" if word.endswith("ly") else "OTHER"
