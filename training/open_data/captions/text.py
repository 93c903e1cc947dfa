"""Captions as lines of a HumanML3D text file."""

import functools
import json
import re
from pathlib import Path

_LEXICON = Path(__file__).with_name("lexicon.json")


def text_line(caption: str) -> str:
    """One line of a HumanML3D text file, without the line break: `caption#word/POS ...#0.0#0.0`.

    As in HumanML3D, verbs and nouns are reduced to their base form, and the two zeros mean that the caption
    describes the whole clip. Words that are not in the small lexicon are tagged `OTHER`.

    Raises:
        ValueError: the caption is empty or has a `#` (the field separator) or a line break.
    """
    if not caption.strip() or "#" in caption or "\n" in caption:
        raise ValueError(f"caption {caption!r}: expected one line of text without '#'")
    tokens: list[str] = []
    for word in re.findall(r"[a-z0-9'-]+", caption.lower()):
        tokens.append(_token(word, tokens[-1].split("/")[1] if tokens else ""))
    return f"{caption}#{' '.join(tokens)}#0.0#0.0"


def _token(word: str, previous: str) -> str:
    """`base/TAG` of a word; after an article, adjective, number or preposition it is not tagged as a verb."""
    lexicon = _lexicon()
    for base in (word, *_bases(word)):
        tags = [tag for tag in lexicon.get(base, ()) if base == word or tag in ("VERB", "NOUN")]
        if len(tags) > 1 and "VERB" in tags:
            is_verb = previous not in ("DET", "ADJ", "NUM", "ADP")
            tags = [tag for tag in tags if (tag == "VERB") == is_verb]
        if tags:
            return f"{base}/{tags[0]}"
    return f"{word}/OTHER"


def _bases(word: str) -> list[str]:
    """Possible base forms of a word."""
    bases = {
        "feet": ["foot"],
        "is": ["be"],
        "are": ["be"],
        "lying": ["lie"],
        "does": ["do"],
        "goes": ["go"],
    }.get(word, [])
    if word.endswith("ies"):
        bases.append(word[:-3] + "y")
    bases += [word.removesuffix(ending) for ending in ("s", "es") if word.endswith(ending)]
    if word.endswith("ing"):
        bases += [word[:-3], word[:-3] + "e", word[:-4]]
    return bases


@functools.cache
def _lexicon() -> dict[str, tuple[str, ...]]:
    """The tags of each word."""
    table: dict[str, str] = json.loads(_LEXICON.read_text(encoding="utf-8"))
    tags: dict[str, tuple[str, ...]] = {}
    for tag, words in table.items():
        for word in words.split():
            tags[word] = (*tags.get(word, ()), tag)
    return tags
