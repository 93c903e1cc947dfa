"""The split of each trial: fixed by `splits.json`, or by a hash of the name for trials not listed there."""

import hashlib
import json
from functools import cache
from pathlib import Path

# The same motion in two sources, found by comparing poses.
_SAME_TRIAL = {
    "deepmimic/humanoid3d_stealthy_walk0": "cmu/17_03",
    "isaacgym-amp/amp_humanoid_hop": "cmu/01_01",
    "mass/pirouette": "cmu/05_13",
}
_FILE = Path(__file__).with_name("splits.json")


def trial_key(source: str, file: str, take: str) -> str:
    """Name of a capture's trial; all clips of a trial and their mirrored copies are in the same split.

    An animation whose name ends in RM ("root motion") is the one without RM, with the root's motion added.
    """
    take = take.removesuffix("RM").rstrip(" _") if take.endswith("RM") else take
    key = "/".join(part for part in (source, file, take) if part)
    return _SAME_TRIAL.get(key, key)


def split_of(trial: str) -> str:
    """Split of a trial: as listed, or 80 % train, 5 % val, 15 % test by a hash of its name.

    Authored motions are all in train, because they do not represent real motion.
    """
    if trial.startswith("authored/"):
        return "train"
    return _listed().get(trial) or hashed_split(trial)


def hashed_split(trial: str) -> str:
    """Split of a trial by the hash of its name."""
    share = int.from_bytes(hashlib.sha256(trial.encode()).digest()[:4], "big") / 2**32
    return "train" if share < 0.80 else "val" if share < 0.85 else "test"


@cache
def _listed() -> dict[str, str]:
    lists = json.loads(_FILE.read_text(encoding="utf-8"))
    return {trial: split for split, trials in lists.items() for trial in trials}
