"""A tree of joints as any file has one: names, parents and places at rest."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from ram_sdk.skeleton.kinematics import children
from ram_sdk.skeleton.retarget import FloatArray


@dataclass(frozen=True)
class JointTree:
    """Joints of a file, of one or several people.

    Attributes:
        names: one per joint.
        parents: index of each joint's parent, -1 for a root; parents precede their children. None where a
            file does not say: the hierarchy is then assumed.
        rest: `(joints, 3)` places in some pose, any unit and axes; the lengths between them matter.
    """

    names: Sequence[str]
    parents: tuple[int, ...] | None
    rest: FloatArray

    @cached_property
    def children(self) -> tuple[tuple[int, ...], ...]:
        """The children of each joint, in order."""
        return children(self.parents) if self.parents is not None else ((),) * len(self.names)

    @cached_property
    def _depths(self) -> list[int]:
        depths: list[int] = []
        for parent in self.parents or ():
            depths.append(depths[parent] + 1 if parent >= 0 else 0)
        return depths

    def depth(self, joint: int) -> int:
        """Joints above this one; where the tree is not known, the length of its name."""
        return self._depths[joint] if self.parents is not None else len(self.names[joint])

    def is_end(self, joint: int) -> bool:
        """Whether this is only the end of a bone, as BVH's End Site."""
        return self.names[joint].endswith("_end")

    def ends_of(self, joint: int) -> list[int]:
        """Children of a joint, the farthest first; those at the joint itself are left out."""
        below = list(self.children[joint])
        if self.parents is None and f"{self.names[joint]}_end" in self.names:
            below = [list(self.names).index(f"{self.names[joint]}_end")]
        length = {child: float(np.linalg.norm(self.rest[child] - self.rest[joint])) for child in below}
        return sorted((child for child in below if length[child] > 1e-6), key=lambda child: -length[child])

    def is_below(self, joint: int, above: int) -> bool:
        """Whether a joint is below another."""
        if self.parents is None:
            return True
        while joint > above:
            joint = self.parents[joint]
        return joint == above

    def way_up(self, joint: int, ancestor: int) -> list[int]:
        """Joints between a joint and its ancestor, from the ancestor down, without the two."""
        way: list[int] = []
        while self.parents is not None and (joint := self.parents[joint]) > ancestor:
            way.insert(0, joint)
        return way

    def common_ancestor(self, first: int, second: int) -> int:
        """The lowest common ancestor, -1 if there is none."""
        while self.parents is not None and first != second:
            first, second = min(first, second), self.parents[max(first, second)]
        return first

    def above_arms(self, left: int, right: int, leg: int) -> list[int]:
        """The chain from where the arms branch off that is neither arm nor leg: neck and head."""
        if self.parents is None or (branch := self.common_ancestor(left, right)) < 0:
            return []
        free = [
            child
            for child in self.children[branch]
            if not any(limb == child or self.is_below(limb, child) for limb in (left, right, leg))
        ]
        chain: list[int] = []
        while free:
            chain.append(max(free, key=lambda child: len(self.subtree(child)[1])))
            free = [child for child in self.children[chain[-1]] if not self.is_end(child)]
        return chain

    def subtree(self, root: int) -> tuple["JointTree", list[int]]:
        """A joint with everything below it, as a tree of its own, and the indices of its joints here."""
        kept = {root: 0}
        for joint, parent in enumerate(self.parents or ()):
            if parent in kept:
                kept[joint] = len(kept)
        joints = list(kept)
        parents = tuple(-1 if joint == root else kept[self.parents[joint]] for joint in joints)  # type: ignore[index]
        return JointTree([self.names[joint] for joint in joints], parents, self.rest[joints]), joints
