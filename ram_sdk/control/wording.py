"""Who does it: a prompt in the middle of a timeline often names only the action."""

import re

_SUBJECTS = frozenset(
    [
        "a",
        "an",
        "the",
        "one",
        "some",
        "two",
        "this",
        "that",
        "his",
        "her",
        "their",
        "its",
        "someone",
        "somebody",
        "anyone",
        "he",
        "she",
        "they",
        "it",
        "i",
        "you",
        "we",
        "person",
        "people",
        "man",
        "woman",
        "boy",
        "girl",
        "guy",
        "figure",
        "human",
        "character",
        "body",
        "hands",
        "arms",
        "legs",
        "feet",
    ]
)
_CONNECTIVES = re.compile(r"^(?:(?:and|then|next|afterwards?|finally)\b[,\s]*)+", re.IGNORECASE)
_ADVERBS = frozenset(
    ["slowly", "quickly", "then", "again", "just", "still", "also", "always", "suddenly", "fast"]
)


def with_subject(prompt: str) -> str:
    """Put "a person" before an action that names nobody: "then sits down" becomes "a person sits down".

    A sentence with a subject stays as it is, and so does an order such as "sit down".
    """
    text = _CONNECTIVES.sub("", prompt) or prompt
    words = [word.lower() for word in re.findall(r"[^\W\d_]+(?:['-][^\W\d_]+)*", text)]
    verb = next((word for word in words if word not in _ADVERBS and not word.endswith("ly")), "")
    if verb in _SUBJECTS:
        return text
    if verb.endswith("ing"):
        return f"a person is {text}"
    return f"a person {text}" if verb.endswith("s") and not verb.endswith("ss") else text
