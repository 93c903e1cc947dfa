"""What a call of the pipeline may ask for: every argument checked, and completed to one value a motion."""

import secrets
from collections.abc import Sequence
from typing import Any

import torch

from ram_sdk.models import NormalizerConfig

_MAX_SEED = 2**63 - 1


def prompts(prompt: str | Sequence[str]) -> list[str]:
    """One or several prompts as a list, without surrounding white space.

    Raises:
        TypeError: something that is not text.
        ValueError: no prompt, or an empty one.
    """
    texts = [prompt] if isinstance(prompt, str) else prompt
    if not isinstance(texts, Sequence) or not all(isinstance(text, str) for text in texts):
        raise TypeError(f"prompt {prompt!r}: expected a text or a list of texts")
    if not texts:
        raise ValueError("no prompt was given: say what the person does, such as 'a person jumps'")
    if not all(text.strip() for text in texts):
        raise ValueError(
            f"prompt {prompt!r}: an empty text; say what the person does, such as 'a person jumps'"
        )
    return [text.strip() for text in texts]


def check_count(name: str, value: int) -> None:
    """Raise ValueError unless `value` is a whole number of at least 1."""
    if not isinstance(value, int) or value < 1:
        raise ValueError(f"{name} {value!r}: expected a whole number of at least 1")


def lengths(
    num_frames: int | Sequence[int] | None,
    duration: float | Sequence[float] | None,
    count: int,
    motion: NormalizerConfig,
) -> list[int] | None:
    """Frames for each of `count` prompts as the caller asked for them; None if the text shall decide.

    Raises:
        ValueError: both given, a wrong number of entries, or a length that the checkpoint cannot make.
    """
    if num_frames is not None and duration is not None:
        raise ValueError(f"num_frames={num_frames} and duration={duration}: give one of them")
    if num_frames is not None:
        frames = _per_prompt("num_frames", num_frames, count)
        wrong = next((n for n in frames if not isinstance(n, int) or not 1 <= n <= motion.max_frames), None)
        if wrong is not None:
            raise ValueError(f"num_frames {wrong!r}: expected a whole number from 1 to {motion.max_frames}")
        return frames
    if duration is not None:
        shortest, longest = 1 / motion.fps, motion.max_frames / motion.fps
        seconds = _per_prompt("duration", duration, count)
        wrong = next((s for s in seconds if not shortest <= s <= longest), None)
        if wrong is not None:
            raise ValueError(f"duration {wrong} s: expected {shortest:g} to {longest:g} seconds")
        return [round(s * motion.fps) for s in seconds]
    return None


def seeds(
    seed: int | Sequence[int] | None, generator: torch.Generator | None, prompts: int, each: int
) -> list[int]:
    """One seed for each motion, prompt by prompt.

    Raises:
        ValueError: seed and generator together, a wrong number of seeds, or one out of range.
    """
    if seed is not None and generator is not None:
        raise ValueError("seed and generator were both given: give one of them")
    if isinstance(seed, Sequence):
        chosen = list(seed)
        if len(chosen) != prompts * each:
            raise ValueError(
                f"seed has {len(chosen)} entries: give one, or one for each of {prompts * each} motions"
            )
    elif seed is not None:
        chosen = [seed + k for _ in range(prompts) for k in range(each)]
    elif generator is not None:
        chosen = [int(torch.randint(2**31, (), generator=generator)) for _ in range(prompts * each)]
    else:
        chosen = [secrets.randbelow(2**31) for _ in range(prompts * each)]
    wrong = next((s for s in chosen if not isinstance(s, int) or not 0 <= s <= _MAX_SEED), None)
    if wrong is not None:
        raise ValueError(f"seed {wrong!r}: expected a whole number from 0 to {_MAX_SEED}")
    return chosen


def _per_prompt(name: str, value: Any, count: int) -> list[Any]:
    values = list(value) if isinstance(value, Sequence) else [value] * count
    if len(values) != count:
        raise ValueError(f"{name} has {len(values)} entries for {count} prompts: give one, or one for each")
    return values
