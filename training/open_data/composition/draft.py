"""A draft of a composed motion, before its quality checks."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ram_sdk.skeleton.sequences import Array
from training.open_data.attributes import measure
from training.open_data.composition.sources import Language, Source, canonical


class Rejected(ValueError):
    """The motion cannot be used; the message is a short reason, which is counted."""


@dataclass(frozen=True)
class Draft:
    """A composed motion before its quality checks.

    Attributes:
        joints: `(frames, 22, 3)` positions, metres.
        sources: the parts of real clips that it is composed of.
        actions: ids of the wording files, in temporal order.
        write_captions: called only when the motion has passed all checks.
        seams: first frame and one past the last of each transition between parts.
        feet_from: the sources whose feet the motion has; () for all.
    """

    joints: Array
    sources: tuple[Source, ...]
    actions: tuple[str, ...]
    write_captions: Callable[[Array], Sequence[str]]
    seams: tuple[tuple[int, int], ...] = ()
    feet_from: tuple[Source, ...] = ()


def agreeing(
    phrases: Sequence[str], joints: Array, language: Language, subject: str = "a person "
) -> list[str]:
    """The phrases, or with an empty subject whole sentences, that the motion does not contradict.

    Raises:
        Rejected: the motion contradicts all of them.
    """
    attributes = measure(canonical(joints))
    kept = [phrase for phrase in phrases if not language.contradictions(subject + phrase, attributes)]
    if not kept:
        raise Rejected("no valid caption")
    return kept
