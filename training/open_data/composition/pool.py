"""The real clips that motion is composed of: by role, and by the poses at their ends."""

import random
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from ram_sdk.skeleton.sequences import SIGNATURE, Array, distances, signatures
from training.open_data.composition.draft import Rejected
from training.open_data.composition.sources import Language, Source, has_role, read_sources, roles
from training.open_data.signals import FPS, runs

MIN_JOINTS, MAX_JOINTS = 41, 197  # frames of joints; features have one frame less
_COMPARED = 4  # frames from either end at which two parts are compared: the middle of a seam
_MAX_DISTANCE = 0.2  # metres (see `distances`): less similar parts are not joined
_STEADY = (36, 80)  # frames of a part cut out of steady walking or running
_STILL_SPEED = 0.15  # metres a second, mean over the joints
_STILL_KEPT = 5  # frames of stillness kept on either side of movement
_UPRIGHT, _ANKLES = 0.85, 0.16  # minimum metres of the pelvis, and maximum of the ankles, in standing
_BALANCE = 0.5  # actions are drawn in proportion to this power of their number of clips


def active_span(joints: Array) -> tuple[int, int]:
    """First frame and one past the last of the movement, with a little stillness on both sides."""
    speed = np.linalg.norm(np.diff(joints, axis=0), axis=-1).mean(-1) * FPS
    moving = np.flatnonzero(speed > _STILL_SPEED)
    if not len(moving):
        return 0, len(joints)
    return max(0, int(moving[0]) - _STILL_KEPT), min(len(joints), int(moving[-1]) + 2 + _STILL_KEPT)


def standing_span(joints: Array) -> tuple[int, int] | None:
    """The longest segment, of a second or more, of standing upright on both feet with lowered hands."""
    speed = np.linalg.norm(np.gradient(joints, axis=0), axis=-1).mean(-1) * FPS
    standing = (
        (speed < _STILL_SPEED)
        & (joints[:, 0, 1] > _UPRIGHT)
        & (joints[:, (20, 21), 1].max(axis=1) < joints[:, 9, 1])
        & (joints[:, (7, 8), 1].max(axis=1) < _ANKLES)
    )
    longest = max(runs(standing), key=lambda run: run.stop - run.start, default=slice(0, 0))
    return (longest.start, longest.stop) if longest.stop - longest.start >= FPS else None


class Pool:
    """Sources of composed motion.

    Args:
        sources: whole clips.
        language: writes the captions.

    Attributes:
        whole: the clips of at least a second, without the stillness at their ends.
        units: clips that can be joined: all of `whole` except standing, and parts of steady motion.
        stands: segments of relaxed standing, from any clip.
    """

    def __init__(self, sources: Sequence[Source], language: Language) -> None:
        self.language = language
        self.stands = [source.part(*span) for source in sources if (span := standing_span(source.joints))]
        self.whole = [s if has_role(s, "stand") else s.part(*active_span(s.joints)) for s in sources]
        self.whole = [source for source in self.whole if len(source.joints) >= MIN_JOINTS // 2]
        rng = random.Random(0)
        self.units = [source for source in self.whole if not has_role(source, "stand")]
        for source in list(self.units):
            if has_role(source, "steady") and len(source.joints) > _STEADY[1]:
                frames = rng.randint(*_STEADY)
                start = rng.randint(0, len(source.joints) - frames)
                self.units.append(source.part(start, start + frames))
        self._whole_by_role = {
            role: [s for s in self.whole if has_role(s, role) and len(s.actions) == 1] for role in roles()
        }
        starts = [signatures(unit.joints[: 2 * _COMPARED])[_COMPARED] for unit in self.units]
        self._starts = np.reshape(starts, (-1, SIGNATURE))
        self._lengths = np.array([len(unit.joints) for unit in self.units])

    @classmethod
    def read(cls, root: Path, language: Language) -> "Pool":
        """Read the pool of a built set."""
        return cls(read_sources(root), language)

    def with_role(self, role: str) -> list[Source]:
        """The whole clips of a single action that have a role."""
        return self._whole_by_role[role]

    def follower(self, before: Source, longest: int, rng: random.Random) -> tuple[Source, float]:
        """Another action whose first pose is close to the last of `before`, and the distance in metres.

        Raises:
            Rejected: there is none.
        """
        apart = self._apart(before)
        close = np.flatnonzero((apart < _MAX_DISTANCE) & (self._lengths <= longest))
        fitting = [
            int(i)
            for i in close
            if len(self.units[i].actions) == 1 and self.units[i].actions != before.actions
        ]
        if not fitting:
            raise Rejected("nothing fits")
        chosen = even_choice([self.units[i] for i in fitting], rng)
        same = [i for i in fitting if self.units[i].actions == chosen.actions]
        best = min(rng.sample(same, min(3, len(same))), key=lambda i: apart[i])
        return self.units[best], float(apart[best])

    def _apart(self, before: Source) -> Array:
        end = signatures(before.joints[-2 * _COMPARED :])[_COMPARED - 1]
        return np.asarray(distances(end[None], self._starts)[0])


def even_choice(sources: Sequence[Source], rng: random.Random) -> Source:
    """Sample an action, with less weight on frequent ones, then one of its clips.

    Raises:
        Rejected: there are no sources.
    """
    if not sources:
        raise Rejected("no source")
    groups: dict[tuple[str, ...], list[Source]] = defaultdict(list)
    for source in sources:
        groups[source.actions].append(source)
    names = list(groups)
    (name,) = rng.choices(names, [len(groups[name]) ** _BALANCE for name in names])
    return rng.choice(groups[name])
