"""Word input of the official evaluators: GloVe vectors and part-of-speech tags."""

import pickle
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

FILES = ("our_vab_data.npy", "our_vab_words.pkl", "our_vab_idx.pkl")
MAX_WORDS = 20

# The tags, and the words with special tags, belong to the trained evaluators
# (`utils/word_vectorizer.py` of EricGuo5513/text-to-motion).
TAGS = (
    "VERB", "NOUN", "DET", "ADP", "NUM", "AUX", "PRON", "ADJ", "ADV",
    "Loc_VIP", "Body_VIP", "Obj_VIP", "Act_VIP", "Desc_VIP", "OTHER",
)  # fmt: skip
_OWN_TAG = {
    "Loc_VIP": "left right clockwise counterclockwise anticlockwise forward back backward up down straight "
    "curve",
    "Body_VIP": "arm chin foot feet face hand mouth leg waist eye knee shoulder thigh",
    "Obj_VIP": "stair dumbbell chair window floor car ball handrail baseball basketball",
    "Act_VIP": "walk run swing pick bring kick put squat throw hop dance jump turn stumble stop sit lift "
    "lower raise wash stand kneel stroll rub bend balance flap jog shuffle lean rotate spin spread climb",
    "Desc_VIP": "slowly carefully fast careful slow quickly happy angry sad happily angrily sadly",
}
_TAG_OF_WORD = {word: tag for tag, words in _OWN_TAG.items() for word in words.split()}
_TAG_INDEX = {tag: i for i, tag in enumerate(TAGS)}


class WordVectorizer:
    """Converts tagged tokens to GloVe vectors and one-hot tags.

    Args:
        vectors: `(words, dim)`.
        index: row of each word, including `unk`, `sos` and `eos`.
    """

    def __init__(self, vectors: NDArray[np.float32], index: dict[str, int]) -> None:
        self._vectors = torch.from_numpy(vectors)
        self._index = index

    @classmethod
    def from_folder(cls, folder: Path) -> "WordVectorizer":
        """Read the three `our_vab_*` files.

        Raises:
            FileNotFoundError: one of them is missing.
            ValueError: one of them has another format, or is a pickle of anything but plain data.
        """
        data, words, index = (folder / name for name in FILES)
        vectors = np.load(data, allow_pickle=False).astype(np.float32)
        known, rows = _unpickle(words, list), _unpickle(index, dict)
        chosen = {word: rows.get(word) for word in known}
        wrong = [
            word for word, row in chosen.items() if not isinstance(row, int) or not 0 <= row < len(vectors)
        ]
        if wrong or not {"unk", "sos", "eos"} <= chosen.keys():
            raise ValueError(
                f"{folder}: {', '.join(FILES)} do not match: {len(wrong)} of {len(known)} words have none of "
                f"the {len(vectors)} vectors, and unk, sos and eos must be among the words"
            )
        return cls(vectors, chosen)

    def __call__(self, tokens: Sequence[str]) -> tuple[Tensor, Tensor]:
        """Vectors of a caption, between `sos` and `eos`.

        Args:
            tokens: `word/TAG`; truncated to 20.

        Returns:
            Word vectors `(length, dim)` and one-hot tags `(length, 15)`; the length includes `sos` and `eos`.

        Raises:
            ValueError: no tokens, or one that is not `word/TAG`.
        """
        wrong = next((token for token in tokens if "/" not in token), None)
        if wrong is not None or not tokens:
            raise ValueError(f"tokens {' '.join(tokens)!r}: expected word/TAG for each word of the caption")
        pairs = [token.rsplit("/", 1) for token in ("sos/OTHER", *tokens[:MAX_WORDS], "eos/OTHER")]
        rows = [self._index.get(word, self._index["unk"]) for word, _ in pairs]
        tags = [_TAG_OF_WORD.get(word, tag) if word in self._index else "OTHER" for word, tag in pairs]
        one_hot = torch.eye(len(TAGS))[[_TAG_INDEX.get(tag, _TAG_INDEX["OTHER"]) for tag in tags]]
        return self._vectors[rows], one_hot


class _PlainUnpickler(pickle.Unpickler):
    """Reads lists, dictionaries, strings and numbers; a pickle that refers to code is refused."""

    def find_class(self, module: str, name: str) -> Any:
        raise pickle.UnpicklingError(f"it refers to {module}.{name}, which is not plain data")


def _unpickle(path: Path, kind: type) -> Any:
    try:
        with open(path, "rb") as file:
            content = _PlainUnpickler(file).load()
    except (pickle.UnpicklingError, EOFError, ValueError, IndexError, KeyError) as error:
        raise ValueError(f"{path} is not a vocabulary file: {error}") from error
    if not isinstance(content, kind):
        raise ValueError(f"{path} is not a vocabulary file: it holds a {type(content).__name__}")
    return content
