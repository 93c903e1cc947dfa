"""What is needed to make composed motion of the simple motions."""

import json
from pathlib import Path

import numpy as np
from simple_motions import standing, walking, waving

from ram_sdk.mirrored_text import mirror_text
from training.data.folder import save_array
from training.open_data.captions import (
    base_form,
    captions_for,
    check_caption,
    gerund,
    verb_phrases,
)
from training.open_data.captions.wordings import is_unseen
from training.open_data.clip import ClipInfo
from training.open_data.composition import Language
from training.open_data.composition.sources import Source

LANGUAGE = Language(captions_for, verb_phrases, base_form, gerund, check_caption, mirror_text, is_unseen)


def source(joints: np.ndarray, *actions: str, clip_id: str = "1000101") -> Source:
    """A clip of a set, or with an M before its id a mirrored copy."""
    info = ClipInfo(
        clip_id.removeprefix("M"), "cmu", "01_01", "", 0.0, len(joints) / 20, "", "", "", "", tuple(actions)
    )
    return Source(info, clip_id, 0, joints)


def write_set(root: Path) -> None:
    """A set as `build` writes it, of walks, waves and stands in the training split."""
    for folder in ("new_joints", "new_joint_vecs", "texts", "records"):
        (root / folder).mkdir(parents=True)
    for name in ("Mean.npy", "Std.npy"):
        save_array(root / name, np.ones(263, dtype=np.float32))
    listing = {}
    made = {"walk": walking, "wave": waving, "stand": standing}
    for number, (action, make) in enumerate(list(made.items()) * 3):
        clip_id = f"{number:07d}"
        joints = make(frames=70 + 8 * number)
        save_array(root / "new_joints" / f"{clip_id}.npy", joints.astype(np.float32))
        entry = vars(source(joints, action, clip_id=clip_id).info) | {"split": "train", "mirrored": False}
        listing[clip_id] = entry
    (root / "clips.json").write_text(json.dumps(listing))
