"""The arguments of a pipeline call: checked, and expanded to one value per motion."""

import reprlib
import secrets
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, SupportsFloat, SupportsIndex

import numpy as np
import torch

from ram_sdk.models import NormalizerConfig
from ram_sdk.models.duration import stated_seconds
from ram_sdk.models.text_backbone import check_texts
from ram_sdk.motion import Motion
from ram_sdk.scalars import boolean, number, whole_number

SAMPLING = frozenset(
    (
        "num_inference_steps",
        "reg_scale",
        "cfg_scale",
        "reg_timesteps",
        "sampler",
        "timestep_spacing",
        "strength",
    )
)
"""Arguments of a call that change how it samples."""
_MAX_SEED = 2**63 - 1
MAX_MOTIONS = 4096  # of one call: a batch of them takes some gigabytes
_ELSEWHERE = {
    "guidance_scale": "cfg_scale, which is guidance_scale - 1",
    "num_images_per_prompt": "num_motions_per_prompt",
    "num_samples": "num_motions_per_prompt",
    "negative_prompt": "nothing: there are no negative prompts here",
    "motion_length": "duration, in seconds",
    "callback": "callback_on_step_end",
    "torch_dtype": "dtype",
    "device_map": "device",
    "constraints": "a call of the pipeline: compositions take none",
    "num_candidates": "a call of the pipeline: compositions make one motion",
    "denoising_strength": "strength",
    "use_safetensors": "nothing: weights are always safetensors",
}
"""Our names for arguments of diffusers, transformers and other libraries of this field."""


def refuse_unknown(arguments: Iterable[str]) -> None:
    """Raise TypeError for arguments that do not exist, suggesting the one probably meant."""
    for name in arguments:
        hint = f": use {_ELSEWHERE[name]}" if name in _ELSEWHERE else ""
        raise TypeError(f"there is no argument {name}{hint}")


def motion(name: str, value: object) -> Motion:
    """The motion that it must be.

    Raises:
        TypeError: it is none.
    """
    if not isinstance(value, Motion):
        raise TypeError(f"{name} {reprlib.repr(value)}: expected a Motion; a file is read by Motion.load")
    return value


def prompts(prompt: str | Sequence[str]) -> list[str]:
    """One or several prompts as a list, without surrounding white space.

    Raises:
        TypeError: something that is not text.
        ValueError: no prompt, an empty one, or one that holds halves of characters.
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
    check_texts(texts)
    return [text.strip() for text in texts]


def conditions(
    prompt: str | Sequence[str] | None, latents: torch.Tensor | None, latent_dim: int
) -> tuple[list[str], torch.Tensor | None]:
    """A prompt for each motion, "" where latents come without one, and the latents if they are given.

    Raises:
        TypeError: a prompt that is not text, latents that are not a tensor, or neither.
        ValueError: an empty prompt, or latents of another shape.
    """
    if latents is None:
        if prompt is None:
            raise TypeError("no prompt was given: say what the person does, such as 'a person jumps'")
        return prompts(prompt), None
    if not isinstance(latents, torch.Tensor):
        raise TypeError(f"latents of type {type(latents).__name__}: expected a tensor")
    texts = [""] * len(latents) if prompt is None else prompts(prompt)
    if latents.shape != (len(texts), latent_dim) or not len(texts):
        raise ValueError(
            f"latents of shape {tuple(latents.shape)}: expected ({len(texts) or 1}, {latent_dim})"
        )
    if not latents.isfinite().all():
        raise ValueError("latents hold NaN or infinite numbers")
    return texts, latents


def check_callback(callback: object) -> None:
    """Check that `callback_on_step_end` can be called.

    Raises:
        TypeError: it cannot.
    """
    if callback is not None and not callable(callback):
        raise TypeError(
            f"callback_on_step_end {reprlib.repr(callback)}: expected a function of a pipeline and a StepInfo"
        )


def count(name: str, value: SupportsIndex, most: int | None = None) -> int:
    """A whole number of at least 1, and at most `most`.

    Raises:
        ValueError: it is not.
    """
    whole = whole_number(name, value)
    if whole < 1:
        raise ValueError(f"{name} {whole}: expected a whole number of at least 1")
    if most is not None and whole > most:
        raise ValueError(f"{name} {whole}: expected at most {most}")
    return whole


def scheduler_settings(wanted: Mapping[str, Any]) -> dict[str, Any]:
    """The given settings (not None), as plain Python values.

    Raises:
        ValueError: a value of another kind than the setting's.
    """
    settings = {name: value for name, value in wanted.items() if value is not None}
    for name in ("reg_scale", "cfg_scale", "strength"):
        if name in settings:
            settings[name] = number(name, settings[name])
    if "num_inference_steps" in settings:
        settings["num_inference_steps"] = whole_number("num_inference_steps", settings["num_inference_steps"])
    if "reg_timesteps" in settings:
        settings["reg_timesteps"] = _timesteps(settings["reg_timesteps"])
    return settings


def lengths(
    num_frames: int | Sequence[int | None] | None,
    duration: float | Sequence[float | None] | None,
    count: int,
    config: NormalizerConfig,
) -> list[int | None]:
    """Frames for each of `count` prompts, as the caller gave them; None where the text decides.

    Raises:
        ValueError: both given, a wrong number of entries, or a length that the checkpoint cannot make.
    """
    if num_frames is not None and duration is not None:
        raise ValueError(f"num_frames={num_frames} and duration={duration}: give one of them")
    if duration is None:
        frames = _per_prompt("num_frames", num_frames, count)
        return [None if n is None else _frames(n, config) for n in frames]
    seconds = _per_prompt("duration", duration, count)
    return [None if s is None else _frames_of_seconds(s, config) for s in seconds]


def trimmed(
    trim: Any, prompts: Sequence[str], lengths: Sequence[int | None], constraints: Sequence[Any]
) -> list[bool]:
    """Whether each prompt's motions lose the stillness at their ends.

    Raises:
        TypeError: `trim` holds something other than True, False and None.
        ValueError: a wrong number of entries, or motions with constraints to trim.
    """
    if trim is None:
        return [
            length is None and not constraints and not stated_seconds(text)
            for text, length in zip(prompts, lengths, strict=True)
        ]
    chosen = [boolean("trim", value) for value in _per_prompt("trim", trim, len(prompts))]
    if any(chosen) and constraints:
        raise ValueError("trim=True: constraints hold at given times, which a trimmed motion would miss")
    return chosen


def durations(items: Sequence[Any], duration: float | Sequence[float | None] | None) -> list[float | None]:
    """Seconds of each of the prompts and kept motions of a composition; None where none were given.

    Raises:
        TypeError: an item that is neither text nor motion.
        ValueError: no item, a wrong number of durations, or one that is not a number.
    """
    if isinstance(items, str) or not isinstance(items, Sequence):
        raise TypeError(f"timeline {items!r}: expected a Timeline, or a list of prompts and motions")
    for item in items:
        if not isinstance(item, str | Motion):
            raise TypeError(f"timeline entry of type {type(item).__name__}: expected a prompt or a Motion")
    if duration is None or _is_list(duration):
        seconds = _per_prompt("duration", duration, len(items))
    else:
        seconds = [duration if isinstance(item, str) else None for item in items]
    return [None if one is None else number("duration", one) for one in seconds]


def seeds(
    seed: int | Sequence[int] | None,
    generator: torch.Generator | None,
    prompts: int,
    each: int,
    candidates: int = 1,
) -> list[int]:
    """One seed for each motion, prompt by prompt.

    Raises:
        ValueError: seed and generator together, a wrong number of seeds, one out of range, or too many
            motions.
    """
    if prompts * each * candidates > MAX_MOTIONS:
        of = f" of {candidates} candidates" if candidates > 1 else ""
        raise ValueError(
            f"{prompts} prompts x {each} motions{of} in one call: at most {MAX_MOTIONS}; make several calls"
        )
    if seed is not None and generator is not None:
        raise ValueError("seed and generator were both given: give one of them")
    if generator is not None:
        if not isinstance(generator, torch.Generator):
            raise ValueError(
                f"generator of type {type(generator).__name__}: expected one torch.Generator; for a seed for "
                "each motion use seed=[...]"
            )
        return [int(torch.randint(2**31, (), generator=generator)) for _ in range(prompts * each)]
    if seed is None:
        return [secrets.randbelow(2**31) for _ in range(prompts * each)]
    if _is_list(seed):
        chosen = [whole_number("seed", s) for s in seed]  # type: ignore[union-attr]
        if len(chosen) != prompts * each:
            enough = f"one, or one for each of {prompts * each} motions" if prompts * each > 1 else "one"
            raise ValueError(f"seed has {len(chosen)} entries: give {enough}")
    else:
        first = whole_number("seed", seed)  # type: ignore[arg-type]
        chosen = [first + k for _ in range(prompts) for k in range(each)]
    wrong = next((s for s in chosen if not 0 <= s <= _MAX_SEED), None)
    if wrong is not None:
        raise ValueError(f"seed {wrong}: expected a whole number from 0 to {_MAX_SEED}")
    return chosen


def _timesteps(value: Any) -> tuple[int, ...]:
    try:
        given = tuple(value)
    except TypeError as error:
        raise ValueError(
            f"reg_timesteps {reprlib.repr(value)}: expected a list of timesteps, such as [46, 41]"
        ) from error
    return tuple(whole_number("reg_timesteps", timestep) for timestep in given)


def _frames(value: SupportsIndex, config: NormalizerConfig) -> int:
    frames = whole_number("num_frames", value)
    if not 1 <= frames <= config.max_frames:
        raise ValueError(f"num_frames {frames}: expected a whole number from 1 to {config.max_frames}")
    return frames


def _frames_of_seconds(value: SupportsFloat, config: NormalizerConfig) -> int:
    seconds = number("duration", value)
    shortest, longest = 1 / config.fps, config.max_frames / config.fps
    if not shortest <= seconds <= longest:
        raise ValueError(f"duration {seconds} s: expected {shortest:g} to {longest:g} seconds")
    return round(seconds * config.fps)


def _is_list(value: Any) -> bool:
    if isinstance(value, np.ndarray | torch.Tensor):
        return value.ndim > 0
    return isinstance(value, Sequence) and not isinstance(value, str | bytes)


def _per_prompt(name: str, value: Any, count: int) -> list[Any]:
    if isinstance(value, np.ndarray | torch.Tensor):
        value = value.tolist()
    values = list(value) if _is_list(value) else [value] * count
    if len(values) != count:
        raise ValueError(f"{name} has {len(values)} entries for {count} prompts: give one, or one for each")
    return values
