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

_FRAME_RATES = (10.0, 20.0)  # stored at the first of them from which the motion can be told
_LOST = 0.03  # metres that a joint may be off between stored frames
_READ = 4  # captions of a clip that say how well they fit its motion
_CHUNK = 256  # clips that are encoded together
_EACH = 2  # exemplars of an action, changed in one way (its tempo, its path ...), done so often
_CAPTIONS = 3  # whose latents are kept, as far apart as possible
_PLAIN = "a person "
_WAYS = {"sidestep": "aside", "walk_back": "back", "run_back": "back"}

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
    """Ids of the clips that become exemplars: of every kind those whose captions fit their motion best.

    Args:
        groups: ids of the clips of each kind.
        alignment: how well captions and motion fit, higher is better.
    """
    selected: list[str] = []
    for clips in groups:
        selected += sorted(clips, key=lambda i: (-alignment[i], i))[:_EACH]
    return sorted(selected)


def align(pipeline: RAMPipeline, data: MotionTextFolder, ids: Sequence[str]) -> dict[str, float]:
    """The cosine of each clip's z_m and the mean of its first captions' z_t."""
    texts = {i: [caption.text for caption in data.captions(i)[:_READ]] for i in ids}
    encoded = _encoded(pipeline, texts.values())
    aligned: dict[str, float] = {}
    for start in range(0, len(ids), _CHUNK):
        chunk = ids[start : start + _CHUNK]
        z_m = pipeline.encode_motion([Motion.from_features(data.features(i)) for i in chunk]).float().cpu()
        z_t = torch.stack([torch.stack([encoded[text] for text in texts[i]]).mean(0) for i in chunk])
        aligned |= dict(zip(chunk, F.cosine_similarity(z_m, z_t, dim=-1).tolist(), strict=True))
    return aligned


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
    groups = kinds(listing, captions).values()
    selected = select(groups, align(pipeline, data, [i for clips in groups for i in clips]))
    clips = {i: Motion.from_features(data.features(i)) for i in selected}
    if not clips:
        raise ValueError(f"{data.root}: no clip of the training split has an entry in clips.json")
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
    """Whether a clip whose action is a way to go, goes that way: some captures called sidesteps do not.

    Args:
        action: of the clip.
        features: its features, `(frames, features)`: the second and third are how fast it goes aside and
            ahead, as the body faces.
    """
    way = _WAYS.get(action)
    if way is None:
        return True
    aside, ahead = features[:, 1:3].sum(axis=0)
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
