"""Text about mirrored motion."""

import re

_SWAPS = {
    "left": "right", "right": "left", "clockwise": "counterclockwise", "counterclockwise": "clockwise",
    "leftward": "rightward", "rightward": "leftward", "leftwards": "rightwards", "rightwards": "leftwards",
    "left-handed": "right-handed", "right-handed": "left-handed",
}  # fmt: skip
_SWAP = re.compile(rf"\b({'|'.join(sorted(_SWAPS, key=len, reverse=True))})\b", re.IGNORECASE)


def mirror_text(caption: str) -> str:
    """The caption of the mirrored clip: left and right swapped, and the two directions of rotation.

    Capital letters at the start of a word are kept; every other word is untouched.
    """

    def swapped(match: re.Match[str]) -> str:
        word = _SWAPS[match[0].lower()]
        return word.capitalize() if match[0][0].isupper() else word

    return _SWAP.sub(swapped, caption)
