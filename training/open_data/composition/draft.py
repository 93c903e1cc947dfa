"""What a composed motion is before and after the gates."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ram_sdk.skeleton.sequences import Array
from training.open_data.attributes import measure
from training.open_data.composition.sources import Language, Source, canonical


class Rejected(ValueError):
    """The motion cannot be used; the message is the reason, a few words that are counted."""


@dataclass(frozen=True)
class Draft:
    """A composed motion that no gate has seen yet.

    Attributes:
        joints: `(frames, 22, 3)` positions, metres.
        sources: the parts of real clips that it is made of.
        actions: ids of the wording files, in order of time.
        say: writes the captions; called only when the motion has passed its gates.
        seams: first frame and one past the last of each place where parts were joined or mixed.
        feet_from: the sources whose feet are seen; () for all.
    """

    joints: Array
    sources: tuple[Source, ...]
    actions: tuple[str, ...]
    say: Callable[[Array], Sequence[str]]
    seams: tuple[tuple[int, int], ...] = ()
    feet_from: tuple[Source, ...] = ()


def shown(phrases: Sequence[str], joints: Array, language: Language, subject: str = "a person ") -> list[str]:
    """The phrases that the motion does not contradict, or with an empty subject whole sentences.

    Raises:
        Rejected: it contradicts all of them.
    """
    attributes = measure(canonical(joints))
    kept = [phrase for phrase in phrases if not language.contradictions(subject + phrase, attributes)]
    if not kept:
        raise Rejected("no caption holds")
    return kept
