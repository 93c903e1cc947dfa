"""What sampling starts from where it does not start from pure noise: exemplars that fit the prompts."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from torch import Tensor

from ram_sdk.control.timeline import Segment, Timeline
from ram_sdk.control.wording import (
    clauses,
    count,
    degrees,
    halves,
    once,
    pace,
    repeats,
    sequence,
    side,
    with_subject,
)
from ram_sdk.models import RELATIONS, Exemplars, NormalizerConfig
from ram_sdk.models.exemplars import WARP, Want
from ram_sdk.motion import Motion
from ram_sdk.pipeline.parts import PipelineParts
from ram_sdk.skeleton.cycles import NoCycle, looped
from ram_sdk.skeleton.layering import busy_arms, with_arms
from ram_sdk.skeleton.sequences import cut, pose_of, positions
from ram_sdk.skeleton.smoothing import between

_LEVEL = 0.15  # metres by which the pelvis of a steady motion rises and falls
_AT_LEAST = 1.2  # times as slow or fast as it is that an exemplar is played where words say slowly or fast
_SURE = math.log(0.5)  # log-probability from which on a clause of a sentence is read as an action of its own
_FASTEST = 14.0  # metres a second of a joint
_SEAM = 0.4  # seconds in which one exemplar goes over into the next


@dataclass(frozen=True)
class Start:
    """A motion that sampling starts from.

    Attributes:
        features: `(frames, features)` in real units.
        entry: what `Motion.settings` records of it.
    """

    features: Tensor
    entry: dict[str, Any]


@dataclass(frozen=True)
class Part:
    """A part of what a prompt asks for.

    Attributes:
        wants: what is done: one action, or the legs' and the arms' where these do different things.
        frames: its length at the checkpoint's frame rate; None for the exemplar's own.
    """

    wants: tuple[Want, ...]
    frames: float | None = None


@dataclass(frozen=True)
class Wanted:
    """What a motion is to start from.

    Attributes:
        parts: one after the other.
        frames: length of them all; None for what comes out, within what the checkpoint can make.
    """

    parts: Sequence[Part]
    frames: int | None = None


def starts(
    exemplars: Exemplars,
    wanted: Sequence[Wanted],
    generators: Sequence[torch.Generator],
    config: NormalizerConfig,
) -> list[Start]:
    """What each motion of a batch starts from: an exemplar, or one for each part of its prompt, joined.

    Args:
        exemplars: what there is.
        wanted: what each motion is to start from.
        generators: draw of those that fit.
        config: the checkpoint's motion representation.
    """
    fits = iter(exemplars([want for one in wanted for part in one.parts for want in part.wants]))
    found = []
    for one, generator in zip(wanted, generators, strict=True):
        fitting = [[next(fits) for _ in part.wants] for part in one.parts]
        parts, seam = _joinable(one.parts, config)
        chosen: list[dict[str, Any]] = []
        motions: list[Motion] = []
        for number, (part, own) in enumerate(zip(parts, fitting, strict=False), start=1):
            seconds = None if part.frames is None else part.frames / config.fps
            if motions:
                own[0] = exemplars.following(own[0], float(motions[-1].joints[-1, 0, 1]))
            drawn = [
                _drawn(exemplars, fit, want, seconds, config.max_frames / config.fps, generator)
                for fit, want in zip(own, part.wants, strict=True)
            ]
            chosen += [entry for entry, _ in drawn]
            overlap = seam if number < len(parts) else 0  # which the join takes away again
            frames = None if part.frames is None else max(round(part.frames), 1) + overlap
            played = [motion for _, motion in drawn]
            if len(played) > 1:
                motions.append(_layered(part.wants, played, frames, config))
            elif len(parts) > 1 and frames is None:
                motions.append(_lasting(played[0].trim(shortest=1.0), None, config))
            else:
                motions.append(_lasting(played[0], frames, config))
        whole = _joined(motions, seam, None if one.frames else config.max_frames, config)
        length = one.frames or min(max(len(whole), config.min_frames), config.max_frames)
        features = torch.tensor(_lasting(whole, length, config).features)
        found.append(Start(features, {"exemplars": chosen}))
    return found


def _drawn(
    exemplars: Exemplars,
    fit: Tensor,
    want: Want,
    seconds: float | None,
    longest: float,
    generator: torch.Generator,
) -> tuple[dict[str, Any], Motion]:
    """An exemplar that fits, as `Motion.settings` records it and as it is played, seconds long at most."""
    index, mirrored = exemplars.choose(fit, None if seconds is None else seconds * want.pace, generator)
    one = exemplars.config.motions[index]
    motion = Motion(exemplars.joints_of(index).numpy(), one.fps * _faster(want.pace, one.pace))
    if (times := exemplars.times(index, want.count)) > 1:
        motion = _again(motion, times, seconds or longest)
    return _entry(exemplars, index, mirrored), motion.mirror() if mirrored else motion


def _again(motion: Motion, times: int, seconds: float) -> Motion:
    """A motion several times without the dead time at its ends, as often as can be played in so long."""
    single = motion.trim(shortest=1.0)
    blend = min(_SEAM, single.duration / 3)
    times = min(times, int((seconds * WARP - blend) / (single.duration - blend)))
    return single.join(*[single] * (times - 1), blend=blend) if times > 1 else motion


def _faster(wanted: float, own: float) -> float:
    """How many times as fast an exemplar is played: towards the wanted pace, at least a little."""
    if wanted == 1.0:
        return 1.0
    bounds = (1.0 / WARP, 1.0 / _AT_LEAST) if wanted < 1.0 else (_AT_LEAST, WARP)
    return min(max(wanted / own, bounds[0]), bounds[1])


def _joinable(parts: Sequence[Part], config: NormalizerConfig) -> tuple[Sequence[Part], int]:
    """The parts and the frames of the seams between them; the first part alone where there is no room."""
    given = [round(part.frames) for part in parts if part.frames is not None]
    seam = min([round(_SEAM * config.fps), *(frames // 2 for frames in given)])
    return (parts, seam) if seam else (parts[:1], 0)


def _joined(motions: Sequence[Motion], seam: int, longest: int | None, config: NormalizerConfig) -> Motion:
    """Motions one after the other, each of them shortened where they are too long together."""
    if len(motions) == 1:
        return motions[0]
    seams = seam * (len(motions) - 1)
    share = 1.0 if longest is None else (longest + seams) / sum(map(len, motions))
    if share < 1.0:
        motions = [_lasting(motion, int(len(motion) * share), config) for motion in motions]
    blend = min(seam, *(len(motion) // 2 for motion in motions)) / config.fps
    return motions[0].join(*motions[1:], blend=blend)


def _entry(exemplars: Exemplars, index: int, mirrored: bool) -> dict[str, Any]:
    one = exemplars.config.motions[index]
    credits = [exemplars.config.credits[source] for source in one.sources]
    return {"name": one.name, "text": one.text, "mirrored": mirrored, "credits": credits}


def _lasting(motion: Motion, frames: int | None, config: NormalizerConfig) -> Motion:
    """A motion at the checkpoint's frame rate, played slower or faster, then cut or held, to last as long.

    It is not played so fast that a joint is faster than any person's.
    """
    own = len(motion) * config.fps / motion.fps
    factor = 1.0 if frames is None else min(max(frames / own, 1.0 / WARP), WARP)
    factor = max(
        factor,
        motion.fps * np.linalg.norm(np.diff(motion.joints, axis=0), axis=-1).max(initial=0.0) / _FASTEST,
    )
    step = motion.fps / (config.fps * factor)
    joints = between(motion.joints, np.arange(0.0, len(motion) - 1 + 1e-6, step))
    held = 0 if frames is None else max(frames - len(joints), 0)
    return Motion(np.concatenate((joints, np.repeat(joints[-1:], held, axis=0)))[:frames], config.fps)


def _layered(
    wants: Sequence[Want], played: Sequence[Motion], frames: int | None, config: NormalizerConfig
) -> Motion:
    """The arms of one motion on the legs of another, as long as the longer of them if no length is given."""
    legs, arms = (_lasting(motion, None, config) for motion in played)
    length = frames or max(len(legs), len(arms))
    below = _repeated(legs, length, config, wants[0].count == 0 and _steady(legs))
    above = _repeated(arms, length, config, wants[1].count == 0)
    base, gesture = (pose_of(motion.joints.astype(float)) for motion in (below, above))
    pose = with_arms(base, gesture, busy_arms(arms.joints.astype(float)), 0, config.fps)
    return Motion(positions(pose).astype(np.float32), config.fps)


def _steady(motion: Motion) -> bool:
    """Whether the pelvis keeps its height: a walk goes on, a squat is over when it is done."""
    return float(np.ptp(motion.joints[:, 0, 1])) < _LEVEL


def _repeated(motion: Motion, frames: int, config: NormalizerConfig, again: bool) -> Motion:
    """A motion made as long as wanted; one that is too short is repeated if it may be and has a cycle."""
    if again and len(motion) < frames:
        try:
            pose = looped(pose_of(motion.joints.astype(float)), frames, config.fps)
        except NoCycle:
            return _lasting(motion, frames, config)
        return Motion(positions(cut(pose, 0, frames)).astype(np.float32), config.fps)
    return _lasting(motion, frames, config)


def _want(text: str, latent: Tensor, likely: Mapping[str, float]) -> Want:
    """What a text about one action asks for."""
    return Want(latent, likely, side(text), count(text), degrees(text), pace(text)[1])


class Starting(PipelineParts):
    """The part of `RAMPipeline` that decides what sampling starts from."""

    def _wanted(self, prompts: Sequence[str], frames: Sequence[int | None]) -> list[Wanted]:
        """What the motion of each prompt is to start from; frames is its length where that is given."""
        scripts = [self._script(prompt) for prompt in prompts]
        asked = self._asked([text for script in scripts for text in script])
        found = []
        for script, given in zip(scripts, frames, strict=True):
            parts = [part for text in script for part in asked[text]]
            timed = [one for part in parts for one in self._timed(part, given, len(parts))]
            found.append(Wanted(timed, given))
        return found

    def _script(self, prompt: str) -> list[str]:
        """The texts of what is done one after the other; "slowly" and "again" go on with what was before."""
        script: list[str] = []
        parts = sequence(" ".join(prompt.split()))
        for part in parts:
            text = with_subject(part) if len(parts) > 1 else part
            if script and repeats(part):
                text = once(script[-1])
            if script and not pace(text)[0]:
                text = f"{pace(script[-1])[0]} {text}"
            script.append(text)
        return script

    def _asked(self, texts: Sequence[str]) -> dict[str, list[Part]]:
        """What each text asks for: an action, one after the other, or the legs' and the arms'."""
        plain = {text: pace(text)[0] or text for text in texts}
        unique = list(dict.fromkeys([*texts, *plain.values()]))
        states, mask = self.text_backbone.encode(unique)
        latents = dict(zip(unique, self.text_encoder(states.to(self.dtype), mask), strict=True))
        if self.reader is None:
            return {text: [Part((_want(text, latents[plain[text]], {}),))] for text in texts}
        read = self.reader(states, mask)
        names, arms = self.reader.config.actions, set(self.reader.config.arms)
        likely = {
            text: [dict(zip(names, own, strict=True)) for own in both]
            for text, both in zip(unique, read.actions.tolist(), strict=True)
        }
        relations = dict(zip(unique, (RELATIONS[i] for i in read.relation.argmax(-1).tolist()), strict=True))
        split = self._split({text: likely[text][0] for text in plain if relations[text] == "one"})
        phrases = {
            text: self._phrases(text, focus)
            for text, focus in zip(unique, read.focus.tolist(), strict=True)
            if text in plain and relations[text] != "one"
        }
        new = {pace(one)[0] or one for both in phrases.values() for one in both} - latents.keys()
        if new:
            states, mask = self.text_backbone.encode(sorted(new))
            latents |= zip(sorted(new), self.text_encoder(states.to(self.dtype), mask), strict=True)
        asked: dict[str, list[Part]] = {}
        for text in plain:
            first, second = likely[text]
            if text in split:
                asked[text] = split[text]
                continue
            if relations[text] == "one":
                asked[text] = [Part((_want(text, latents[plain[text]], likely[plain[text]][0]),))]
                continue
            if relations[text] == "while":
                second = {name: value for name, value in second.items() if name in arms}
            wants = tuple(
                _want(phrase, latents[pace(phrase)[0] or phrase], own)
                for phrase, own in zip(phrases[text], (first, second), strict=True)
            )
            asked[text] = [Part(wants)] if relations[text] == "while" else [Part((one,)) for one in wants]
        return asked

    def _split(self, texts: Mapping[str, Mapping[str, float]]) -> dict[str, list[Part]]:
        """Texts of which one clause goes somewhere and the other does something else, and what they ask for.

        Args:
            texts: texts that are read as about one action, and how likely each action is.
        """
        if self.exemplars is None or self.reader is None:
            return {}
        found = {text: [self._phrase(side) for side in sides] for text in texts if (sides := clauses(text))}
        sentences = list(dict.fromkeys(side for both in found.values() for side in both))
        if not sentences:
            return {}
        states, mask = self.text_backbone.encode(sentences)
        plain, plain_mask = self.text_backbone.encode([pace(text)[0] or text for text in sentences])
        latents = dict(zip(sentences, self.text_encoder(plain.to(self.dtype), plain_mask), strict=True))
        names, arms = self.reader.config.actions, self.reader.config.arms
        read = self.reader(states, mask).actions[:, 0].tolist()
        likely = {text: dict(zip(names, own, strict=True)) for text, own in zip(sentences, read, strict=True)}
        going, parts = self.exemplars.going(), {}
        for text, both in found.items():
            actions = [max(likely[side], key=likely[side].__getitem__) for side in both]
            whole = max(texts[text], key=texts[text].__getitem__)
            sure = all(likely[side][action] > _SURE for side, action in zip(both, actions, strict=True))
            if not sure or (actions[0] in going) == (actions[1] in going):
                continue
            if whole not in actions and texts[text][whole] > _SURE:
                continue
            wants = tuple(_want(side, latents[side], likely[side]) for side in both)
            together = actions[0] in going and actions[1] in arms
            parts[text] = [Part(wants)] if together else [Part((one,)) for one in wants]
        return parts

    def _phrases(self, text: str, focus: Sequence[Sequence[float]]) -> list[str]:
        """The words of each of two actions, as sentences."""
        encoding = self.text_backbone.tokenizer.encode(text)
        ends = [end for _, end in encoding.offsets]
        return [self._phrase(half) for half in halves(text, ends, [row[: len(ends)] for row in focus])]

    def _phrase(self, text: str) -> str:
        """A part of a sentence as a sentence, if that is not too long to read."""
        whole = with_subject(text)
        fits = len(self.text_backbone.tokenizer.encode(whole).ids) <= self.text_backbone.max_tokens
        return whole if fits else text

    def _timed(self, part: Part, given: int | None, among: int) -> list[Part]:
        """A part of several, repeated where its share of the given frames is longer than a clip can be."""
        if given is None:
            return [part]
        times = math.ceil(given / among / self.normalizer.config.max_frames)
        return [replace(part, frames=given / among / times)] * times

    def _wanted_of(self, timeline: Timeline, frames: int) -> list[Wanted]:
        """What a timeline of prompts is to start from."""
        fps = self.normalizer.config.fps
        segments = [one for one in timeline.segments if isinstance(one, Segment)]
        spans = [round((one.end - one.start) * fps) for one in segments]
        wanted = self._wanted([with_subject(one.prompt) for one in segments], spans)
        return [Wanted([part for one in wanted for part in one.parts], frames)]

    def _started(self, wanted: Sequence[Wanted], generators: Sequence[torch.Generator]) -> list[Start]:
        """What motions start from: nothing, for pure noise, where nothing is wanted."""
        if self.exemplars is None or not wanted:
            return []
        return starts(self.exemplars, wanted, generators, self.normalizer.config)

    def _batched(self, chosen: Sequence[Start]) -> Tensor | None:
        """The starts as `sample` takes them."""
        if not chosen:
            return None
        features = [self.normalizer.normalize(one.features.to(self.device)) for one in chosen]
        return torch.nn.utils.rnn.pad_sequence(features, batch_first=True)
