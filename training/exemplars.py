"""Exemplars of a checkpoint: training clips that its sampling can start from."""

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from ram_sdk import Motion, RAMPipeline
from ram_sdk.checkpoint import add_component
from ram_sdk.mirrored_text import mirror_text
from ram_sdk.models import Exemplar, Exemplars, ExemplarsConfig
from ram_sdk.scheduler import RAMScheduler
from training.data.folder import MotionTextFolder, read_listing
from training.evaluation.calibration import encode_texts, far_apart

_FPS = 10.0  # stored; the faster part of a movement is noise to sampling that starts from it
_EACH = 4  # exemplars of an action, and of an action changed in one way (its tempo, its path ...)
_CAPTIONS = 8  # whose latents are kept, as far apart as possible
_PLAIN = "a person "

Listing = Mapping[str, Mapping[str, Any]]


def select(listing: Listing, ids: Sequence[str], seed: int = 0) -> list[str]:
    """Ids of the clips that become exemplars: of every action some, and of several at a time one.

    Actions that were composed one after the other are left out: a call joins exemplars itself.

    Args:
        listing: the data set's `clips.json`.
        ids: clips to select from, mirrored ones among them, which are left out.
        seed: draws the clips of an action.
    """
    captured = [i for i in ids if i in listing and not listing[i]["mirrored"]]
    kept: Counter[tuple[str, str]] = Counter()
    selected = []
    for i in np.random.default_rng(seed).permutation(np.array(sorted(captured))).tolist():
        several, composed = len(listing[i]["actions"]) > 1, listing[i].get("composed", "")
        kind = listing[i]["action"], composed
        if several and composed not in ("", "while"):
            continue
        if kept[kind] < (1 if several else _EACH):
            kept[kind] += 1
            selected.append(i)
    return sorted(selected)


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
    allowed = [i for i, own in sources.items() if own.keys().isdisjoint(without)]
    clips = {i: Motion.from_features(data.features(i)) for i in select(listing, allowed)}
    clips = {i: clip for i, clip in clips.items() if size.min_frames <= len(clip) <= size.max_frames}
    if not clips:
        raise ValueError(f"{data.root}: no clip of the training split has an entry in clips.json")
    texts = [[caption.text for caption in data.captions(i)] for i in clips]
    mirrored = [[mirror_text(text) for text in own] for own in texts]
    latents = torch.stack(
        [
            _latents(pipeline, list(clips.values()), texts),
            _latents(pipeline, [clip.mirror() for clip in clips.values()], mirrored),
        ],
        dim=1,
    )
    joints = [torch.tensor(clip.resample(_FPS).joints) for clip in clips.values()]
    config = ExemplarsConfig(
        latents.shape[-1],
        _CAPTIONS,
        _FPS,
        {name: credit for i in clips for name, credit in sources[i].items()},
        tuple(
            Exemplar(_name(listing, i), _plain(data, listing, i), tuple(sources[i]), len(own))
            for i, own in zip(clips, joints, strict=True)
        ),
    )
    exemplars = Exemplars(config)
    stored = torch.cat(joints)
    exemplars.places.copy_(stored[:, 0, [0, 2]])
    stored[..., [0, 2]] -= exemplars.places[:, None]
    exemplars.joints.copy_(stored)
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


def _latents(pipeline: RAMPipeline, clips: Sequence[Motion], texts: Sequence[Sequence[str]]) -> Tensor:
    """z_m of clips and z_t of their captions that are farthest apart, `(clips, 1 + captions, latent_dim)`."""
    unique = sorted({text for own in texts for text in own})
    encoded = dict(zip(unique, encode_texts(pipeline, unique), strict=True))
    rows = []
    for own in texts:
        latents = torch.stack([encoded[text] for text in own])
        chosen = far_apart(latents, _CAPTIONS)
        rows.append(latents[(chosen * _CAPTIONS)[:_CAPTIONS]])
    return torch.cat((pipeline.encode_motion(clips).float().cpu()[:, None], torch.stack(rows)), dim=1)


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
