"""Finding a body in a tree of joints by its shape alone: two pairs of equal limbs on a trunk."""

from collections.abc import Sequence
from itertools import combinations, pairwise

import numpy as np

from ram_sdk.skeleton.retarget import FloatArray
from ram_sdk.skeleton.tree import JointTree

_ALIKE = 0.1  # of a limb's longest bone: how much its bones may differ from those of its twin
_MOST_LIMBS = 16  # a joint with more is no part of a body
_SIDEWAYS = 0.2  # of a foot's length: how far forward toes must point to distinguish left from right


def roles_by_shape(tree: JointTree, sides: Sequence[str]) -> dict[str, int]:
    """The joints of a body whose names say nothing.

    The legs are the pair of equal chains that hangs nearest to the root, the arms the longest pair above
    it; thigh and shin, and upper arm and forearm, are the two longest bones in a row.

    Args:
        tree: the joints of one person, with parents.
        sides: "left", "right" or "" for each joint, as its name says; where no name says it, the toes do,
            which point forward at rest.

    Returns:
        Joints by role; nothing where no body is seen or left cannot be told from right.
    """
    pairs = _equal_chains(tree)
    if not pairs:
        return {}
    legs = min(pairs, key=lambda pair: (tree.depth(pair[0]), -_length(tree, pair[1])))
    above = [pair for pair in pairs if pair[0] != legs[0] and tree.is_below(pair[0], legs[0])]
    if not above:
        return {}
    arms = max(above, key=lambda pair: _length(tree, pair[1]))
    neck = tree.above_arms(arms[1][0], arms[2][0], legs[1][0])
    if not neck:
        return {}
    found = {"pelvis": legs[0], "neck": neck[0]}
    found |= {"head": neck[-1]} if len(neck) > 1 else {}
    limbs = [(_two_longest(tree, leg), _two_longest(tree, arm)) for leg, arm in _matched(tree, legs, arms)]
    left = _left(tree, limbs, neck[0], sides)
    if left is None:
        return {}
    for side, (leg, arm) in (("left", limbs[left]), ("right", limbs[1 - left])):
        found |= {
            f"{side}_{role}": joint
            for role, joint in zip(("hip", "knee", "ankle", "foot"), leg, strict=False)
        }
        found |= {
            f"{side}_{role}": joint for role, joint in zip(("shoulder", "elbow", "wrist"), arm, strict=False)
        }
    return found


_Pair = tuple[int, list[int], list[int]]  # the joint that two chains hang on, and the chains


def _equal_chains(tree: JointTree) -> list[_Pair]:
    """Pairs of chains of at least three bones that hang on one joint and are alike in their bones."""
    longest = _longest_chains(tree)
    pairs = []
    for joint, below in enumerate(tree.children):
        limbs = [longest[child] for child in below if len(longest[child]) >= 3]
        if len(limbs) > _MOST_LIMBS:
            continue
        for first, second in combinations(limbs, 2):
            bones, others = _bones(tree, [joint, *first]), _bones(tree, [joint, *second])
            if len(first) == len(second) and np.abs(bones - others).max() < _ALIKE * bones.max():
                pairs.append((joint, first, second))
    return pairs


def _longest_chains(tree: JointTree) -> list[list[int]]:
    """From each joint down to its farthest leaf."""
    chains: list[list[int]] = [[joint] for joint in range(len(tree.names))]
    reach = np.zeros(len(tree.names))
    for joint in reversed(range(len(tree.names))):
        for child in tree.children[joint]:
            length = reach[child] + np.linalg.norm(tree.rest[child] - tree.rest[joint])
            if length > reach[joint] or len(chains[joint]) == 1:
                reach[joint], chains[joint] = length, [joint, *chains[child]]
    return chains


def _bones(tree: JointTree, chain: Sequence[int]) -> FloatArray:
    return np.array([np.linalg.norm(tree.rest[b] - tree.rest[a]) for a, b in pairwise(chain)])


def _length(tree: JointTree, chain: Sequence[int]) -> float:
    return float(_bones(tree, chain).sum())


def _two_longest(tree: JointTree, chain: list[int]) -> list[int]:
    """The chain from where its two longest bones in a row begin, without joints at one point."""
    bones = [0.0, *_bones(tree, chain)]
    chain = [joint for joint, bone in zip(chain, [np.inf, *bones[1:]], strict=True) if bone > 1e-6]
    kept = _bones(tree, chain)
    return chain[int(np.argmax(kept[:-1] + kept[1:])) :] if len(kept) > 1 else []


def _matched(tree: JointTree, legs: _Pair, arms: _Pair) -> list[tuple[list[int], list[int]]]:
    """Leg and arm of the one side, then of the other: those that are nearer to each other."""
    leg, other_leg, arm, other_arm = legs[1], legs[2], arms[1], arms[2]
    ends = tree.rest[[leg[0], other_leg[0], arm[-1], other_arm[-1]]]
    same = np.linalg.norm(ends[0] - ends[2]) + np.linalg.norm(ends[1] - ends[3])
    crossed = np.linalg.norm(ends[0] - ends[3]) + np.linalg.norm(ends[1] - ends[2])
    return [(leg, arm), (other_leg, other_arm)] if same <= crossed else [(leg, other_arm), (other_leg, arm)]


def _left(
    tree: JointTree, limbs: list[tuple[list[int], list[int]]], neck: int, sides: Sequence[str]
) -> int | None:
    """Which of the two sides is the left one."""
    said = [{sides[joint] for limb in pair for joint in limb} - {""} for pair in limbs]
    if said in ([{"left"}, {"right"}], [{"right"}, {"left"}]):
        return said.index({"left"})
    if any(len(leg) < 4 for leg, _ in limbs):
        return None
    at = tree.rest
    hips = [at[leg[0]] for leg, _ in limbs]
    up = at[neck] - (hips[0] + hips[1]) / 2
    up = up / max(float(np.linalg.norm(up)), 1e-9)
    feet = sum(at[leg[3]] - at[leg[2]] for leg, _ in limbs)
    forward = feet - (feet @ up) * up
    leftward = (hips[0] - hips[1]) @ np.cross(up, forward)
    if abs(leftward) < _SIDEWAYS * np.linalg.norm(hips[0] - hips[1]) * np.linalg.norm(feet):
        return None
    return 0 if leftward > 0 else 1
