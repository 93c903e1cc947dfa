"""Who does it: a prompt in the middle of a timeline often names only the action."""

import re

_SUBJECTS = re.compile(
    r"an?|the|one|some|two|this|that|his|her|their|its|it|he|she|they|i|you|we|some(?:one|body)|anyone|"
    r"person|people|m[ae]n|wom[ae]n|boy|girl|guy|figure|human|character|body|hands?|arms?|legs?|feet|foot"
)
_CONNECTIVES = re.compile(r"^(?:(?:and|then|next|afterwards?|finally)\b[,\s]*)+", re.IGNORECASE)
_ADVERBS = re.compile(r"\w+ly|then|again|just|still|also|always|suddenly|fast")


def with_subject(prompt: str) -> str:
    """Put "a person" before an action that names nobody: "then sits down" becomes "a person sits down".

    A sentence with a subject stays as it is, and so does an order such as "sit down".
    """
    text = _CONNECTIVES.sub("", prompt) or prompt
    words = [word.lower() for word in re.findall(r"[^\W\d_]+(?:['-][^\W\d_]+)*", text)]
    verb = next((word for word in words if not _ADVERBS.fullmatch(word)), "")
    if _SUBJECTS.fullmatch(verb):
        return text
    if verb.endswith("ing"):
        return f"a person is {text}"
    return f"a person {text}" if verb.endswith("s") and not verb.endswith("ss") else text
