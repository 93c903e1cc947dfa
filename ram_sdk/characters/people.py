"""Which joints of a file are the body to animate."""

from collections.abc import Mapping, Sequence

from ram_sdk.formats.read_options import ReadOptions
from ram_sdk.skeleton.roles import Roles, find_roles, people, shared_names
from ram_sdk.skeleton.tree import JointTree


def choose_person(
    tree: JointTree, members: Sequence[int], options: ReadOptions, given: Mapping[str, str]
) -> tuple[Roles, tuple[str, ...]]:
    """The roles of the only body in a file, or of the chosen one.

    Args:
        tree: all joints.
        members: the node of each joint; the result uses these numbers.
        options: `person` and `skeleton`.
        given: joints by role that the file itself names.

    Returns:
        Roles, and what was assumed.

    Raises:
        ValueError: there is no person, or not the requested one.
    """
    given = {**given, **(options.skeleton or {})}
    notes: tuple[str, ...] = ()
    part, joints = tree, list(range(len(tree.names)))
    roots = [] if given else people(tree)
    if roots:
        chosen = _chosen([tree.names[root] for root in roots], options.person)
        if options.person is None and len(roots) > 1:
            shown = ", ".join(f"{number} {tree.names[root]!r}" for number, root in enumerate(roots, start=1))
            notes = (f"{len(roots)} bodies, the first is taken; choose with person=: {shown}",)
        part, joints = tree.subtree(roots[chosen])
    roles = find_roles(part, given)
    notes += tuple(shared_names(part, roles))
    back = [members[joint] for joint in joints]
    found = {role: back[joint] for role, joint in roles.joints.items()}
    return Roles(found, tuple(back[joint] for joint in roles.trunk)), notes


def _chosen(labels: list[str], person: int | str | None) -> int:
    match person:
        case None:
            return 0
        case int(number) if 1 <= number <= len(labels):
            return number - 1
        case str(name):
            fitting = [index for index, label in enumerate(labels) if label.startswith(name)]
            if len(fitting) == 1:
                return fitting[0]
    shown = ", ".join(f"{number} {label!r}" for number, label in enumerate(labels, start=1))
    raise ValueError(f"person {person!r}: choose from {shown}")
