"""Exemplars of a checkpoint: training clips that its sampling can start from."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from ram_sdk import Motion, RAMPipeline
from ram_sdk.checkpoint import add_component
from ram_sdk.control.wording import count, sides
from ram_sdk.mirrored_text import mirror_text
from ram_sdk.models import Exemplar, Exemplars, ExemplarsConfig
from ram_sdk.models.exemplars import Side
from ram_sdk.scheduler import RAMScheduler
from ram_sdk.skeleton.smoothing import between
from training.data.folder import MotionTextFolder, read_listing
from training.evaluation.calibration import encode_texts, far_apart
from training.open_data.attributes import measure
from training.open_data.captions.speeds import action_quantiles, action_speed, has_own_speed

_FRAME_RATES = (10.0, 20.0)  # stored at the first of them from which the motion can be told
_LOST = 0.03  # metres that a joint may be off between stored frames
_READ = 4  # captions of a clip that say how well they fit its motion
_CHUNK = 256  # clips that are encoded together
_EACH = 2  # exemplars of an action, changed in one way (its tempo, its path ...), done so often
_CAPTIONS = 3  # whose latents are kept, as far apart as possible
_PLAIN = "a person "
_PACES = (0.4, 2.5)  # beyond which a measured pace says little
_WAYS = {"sidestep": "aside", "walk_back": "back", "run_back": "back", "turn_around": "round"}
_ROUND = (135, 240)  # degrees of a turn around
_SEVERAL = ("punch_combo", "sword_combo")  # a single blow is none

Listing = Mapping[str, Mapping[str, Any]]
Captions = Mapping[str, Sequence[str]]
Claim = TypeVar("Claim")


def kinds(listing: Listing, captions: Captions) -> dict[tuple[str, str, int], list[str]]:
    """The clips of every action, of each way in which it was changed, and of each count that captions name.

    Mirrored copies are left out, and clips of several actions: a call joins and layers exemplars itself.

    Args:
        listing: the data set's `clips.json`.
        captions: of the clips to group.
    """
    found: dict[tuple[str, str, int], list[str]] = {}
    for i, texts in captions.items():
        entry = listing[i]
        if not entry["mirrored"] and len(entry["actions"]) < 2:
            found.setdefault(
                (entry["action"], entry.get("composed", ""), agreed(count, texts, 0)), []
            ).append(i)
    return found


def agreed(read: Callable[[str], Claim], texts: Iterable[str], none: Claim) -> Claim:
    """What all texts that claim something agree about: the side or the count; none if they do not."""
    claims = {read(text) for text in texts} - {none}
    return claims.pop() if len(claims) == 1 else none


def select(groups: Iterable[Sequence[str]], alignment: Mapping[str, float]) -> list[str]:
    """Ids of the clips that become exemplars: of every kind those that show it best.

    Args:
        groups: ids of the clips of each kind.
        alignment: how well they do, higher is better; see `align`.
    """
    selected: list[str] = []
    for clips in groups:
        selected += sorted(clips, key=lambda i: (-alignment[i], i))[:_EACH]
    return sorted(selected)


def align(pipeline: RAMPipeline, data: MotionTextFolder, clips: Mapping[str, str]) -> dict[str, float]:
    """How well each clip's motion fits its captions, and how typical it is of its action.

    Args:
        pipeline: encodes them.
        data: has the clips.
        clips: the action of each.

    Returns:
        The cosine of z_m and the mean of the first captions' z_t, plus that of z_m and the mean z_m of the
        action's clips.
    """
    ids = list(clips)
    texts = {i: [caption.text for caption in data.captions(i)[:_READ]] for i in ids}
    encoded = _encoded(pipeline, texts.values())
    z_m = torch.cat(
        [
            pipeline.encode_motion([Motion.from_features(data.features(i)) for i in chunk]).float().cpu()
            for chunk in (ids[start : start + _CHUNK] for start in range(0, len(ids), _CHUNK))
        ]
    )
    z_t = torch.stack([torch.stack([encoded[text] for text in texts[i]]).mean(0) for i in ids])
    actions = {action: number for number, action in enumerate(dict.fromkeys(clips.values()))}
    members = torch.tensor([actions[clips[i]] for i in ids])
    means = torch.stack([z_m[members == number].mean(0) for number in actions.values()])
    fit = F.cosine_similarity(z_m, z_t, dim=-1) + F.cosine_similarity(z_m, means[members], dim=-1)
    return dict(zip(ids, fit.tolist(), strict=True))


@torch.no_grad()
def collect(pipeline: RAMPipeline, data: MotionTextFolder, without: Sequence[str] = ()) -> Exemplars:
    """The exemplars of a checkpoint, from the training split of a data set.

    Args:
        pipeline: its encoders read the clips and their captions.
        data: with a `clips.json`.
        without: sources whose captures may not be passed on.

    Raises:
        ValueError: there is no `clips.json`, no source of such a name, or no clip that can be made.
    """
    listing = read_listing(data.root)
    sources = {i: _sources(listing, i) for i in data.ids("train") if i in listing}
    if unknown := set(without) - {name for own in sources.values() for name in own}:
        raise ValueError(f"{data.root} has no source {', '.join(sorted(unknown))}")
    size = pipeline.normalizer.config
    allowed = [
        i
        for i, own in sources.items()
        if own.keys().isdisjoint(without)
        and size.min_frames <= len(data.features(i)) <= size.max_frames
        and goes_as_named(listing[i]["action"], data.features(i))
    ]
    captions = {i: [caption.text for caption in data.captions(i)] for i in allowed}
    captions = {
        i: texts
        for i, texts in captions.items()
        if listing[i]["action"] not in _SEVERAL or agreed(count, texts, 0) != 1
    }
    groups = kinds(listing, captions).values()
    if not groups:
        raise ValueError(f"{data.root}: no clip of the training split has an entry in clips.json")
    acted = {i: listing[i]["action"] for clips in groups for i in clips}
    selected = select(groups, align(pipeline, data, acted))
    clips = {i: Motion.from_features(data.features(i)) for i in selected}
    texts = [captions[i] for i in clips]
    mirrored = [[mirror_text(text) for text in own] for own in texts]
    latents = torch.stack(
        [
            _latents(pipeline, list(clips.values()), texts),
            _latents(pipeline, [clip.mirror() for clip in clips.values()], mirrored),
        ],
        dim=1,
    )
    stored = [_stored(clip) for clip in clips.values()]
    config = ExemplarsConfig(
        latents.shape[-1],
        _CAPTIONS,
        {name: credit for i in clips for name, credit in sources[i].items()},
        tuple(
            Exemplar(
                _name(listing, i),
                _plain(data, listing, i),
                tuple(sources[i]),
                len(own),
                own.fps,
                action=listing[i]["action"],
                side=_side(captions[i]),
                count=agreed(count, captions[i], 0),
                **_measured(listing[i]["action"], clips[i]),
            )
            for i, own in zip(clips, stored, strict=True)
        ),
    )
    exemplars = Exemplars(config)
    joints = torch.cat([torch.tensor(clip.joints) for clip in stored])
    exemplars.places.copy_(joints[:, 0, [0, 2]])
    joints[..., [0, 2]] -= exemplars.places[:, None]
    exemplars.joints.copy_(joints)
    exemplars.latents.copy_(latents)
    return exemplars.eval()


def add_exemplars(
    folder: Path, data: MotionTextFolder, strength: float, without: Sequence[str] = ()
) -> Exemplars:
    """Write exemplars into a pipeline folder, and the strength that its calls use.

    Raises:
        CheckpointError: the folder is not a pipeline folder.
        ValueError: see `collect`; a strength that is not from 0 to 1.
    """
    pipeline = RAMPipeline.from_pretrained(folder)
    pipeline.known_actions = None  # would warn of captions
    scheduler = RAMScheduler.from_config(pipeline.scheduler, strength=strength)
    exemplars = collect(pipeline, data, without)
    exemplars.joints, exemplars.latents = exemplars.joints.half(), exemplars.latents.half()
    add_component(folder, "exemplars", exemplars)
    add_component(folder, "scheduler", scheduler)
    return exemplars


def goes_as_named(action: str, features: NDArray[np.floating]) -> bool:
    """Whether a clip whose action is a way to go, goes that way: some captures of turns turn farther.

    Args:
        action: of the clip.
        features: its features, `(frames, features)`: the first three are how fast it turns, and how fast it
            goes aside and ahead, as the body faces.
    """
    way = _WAYS.get(action)
    if way is None:
        return True
    turned, aside, ahead = features[:, :3].sum(axis=0)
    if way == "round":
        return bool(_ROUND[0] < abs(np.degrees(2 * turned)) < _ROUND[1])
    return bool(abs(aside) > 2 * abs(ahead) if way == "aside" else ahead < -2 * abs(aside))


def _latents(pipeline: RAMPipeline, clips: Sequence[Motion], texts: Sequence[Sequence[str]]) -> Tensor:
    """z_m of clips and z_t of their captions that are farthest apart, `(clips, 1 + captions, latent_dim)`."""
    encoded = _encoded(pipeline, texts)
    rows = []
    for own in texts:
        latents = torch.stack([encoded[text] for text in own])
        chosen = far_apart(latents, _CAPTIONS)
        rows.append(latents[(chosen * _CAPTIONS)[:_CAPTIONS]])
    return torch.cat((pipeline.encode_motion(clips).float().cpu()[:, None], torch.stack(rows)), dim=1)


def _encoded(pipeline: RAMPipeline, texts: Iterable[Iterable[str]]) -> dict[str, Tensor]:
    """z_t of texts, each read once."""
    unique = sorted({text for own in texts for text in own})
    return dict(zip(unique, encode_texts(pipeline, unique), strict=True)) if unique else {}


def _stored(clip: Motion) -> Motion:
    """The clip at the lowest frame rate that does not flatten its fastest movements."""
    for fps in _FRAME_RATES[:-1]:
        fewer = clip.resample(fps)
        again = between(fewer.joints, np.arange(0.0, len(fewer) - 1 + 1e-6, fps / clip.fps))
        frames = min(len(again), len(clip))
        if np.linalg.norm(again[:frames] - clip.joints[:frames], axis=-1).max() < _LOST:
            return fewer
    return clip.resample(_FRAME_RATES[-1])


def _measured(action: str, clip: Motion) -> dict[str, Any]:
    """How far a clip turns, and its pace where the set's quantiles say what is usual for the action."""
    attributes = measure(clip.joints.astype(np.float64))
    quantiles = action_quantiles(action)
    usual = quantiles[len(quantiles) // 2] if quantiles and has_own_speed(action) else 0.0
    pace = action_speed(action, attributes) / usual if usual else 1.0
    return {"turn": round(abs(attributes.turn)), "pace": float(np.clip(round(pace, 2), *_PACES))}


def _side(captions: Sequence[str]) -> Side:
    """The only side that a clip's captions name; "" if they name none or both."""
    named = {name for text in captions for name in sides(text)}
    return named.pop() if len(named) == 1 else ""


def _sources(listing: Listing, clip: str) -> dict[str, str]:
    """Source and, as one line, licence and credit of all captures that a clip is made of."""
    entry = listing[clip]
    if "sources" in entry:
        return {k: v for part, *_ in entry["sources"] for k, v in _sources(listing, part).items()}
    return {entry["source"]: f"{entry['credit']} ({entry['license']})"}


def _name(listing: Listing, clip: str) -> str:
    """The captures that a clip is made of."""
    entry = listing[clip]
    if "sources" in entry:
        return " + ".join(dict.fromkeys(_name(listing, part) for part, *_ in entry["sources"]))
    return f"{entry['source']}/{entry['file']}"


def _plain(data: MotionTextFolder, listing: Listing, clip: str) -> str:
    """The shortest plain caption that was written for the data set."""
    theirs = listing[clip].get("people", ())
    texts = [caption.text for caption in data.captions(clip)]
    own = [text for text in texts if text not in theirs] or texts
    return min(own, key=lambda text: (not text.startswith(_PLAIN), len(text), text))
