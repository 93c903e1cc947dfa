"""`ram-sdk retarget`: motions onto your own character."""

import argparse
from pathlib import Path

from tqdm import tqdm

from ram_sdk.cli import console
from ram_sdk.cli.convert import add_source_options, load_source, read_skeleton
from ram_sdk.cli.outputs import distinct_names, is_folder

_EXAMPLES = """
ram-sdk retarget walk.npz --onto hero.glb -o hero_walks.glb
ram-sdk retarget *.npz --onto avatar.vrm -o clips/ --root ground --hands fist
ram-sdk retarget walk.npz --onto skeleton.bvh -o walk_on_skeleton.bvh --root in_place
"""


def add_parser(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the verb to the command line."""
    parser = console.add_verb(
        commands,
        "retarget",
        "put motions on the character of a .glb, .vrm or .bvh file and keep the rest of the file",
        _EXAMPLES,
    )
    parser.set_defaults(run=run)
    parser.add_argument("sources", nargs="+", type=Path, metavar="FILE", help="motions to read")
    parser.add_argument(
        "--onto", required=True, type=Path, metavar="CHARACTER", help="the character: .glb, .vrm or .bvh"
    )
    parser.add_argument(
        "-o", "--output", required=True, metavar="FILE|DIR/",
        help="where to write: a file with the character's suffix, or a folder",
    )  # fmt: skip
    parser.add_argument(
        "--root", choices=("hips", "ground", "in_place"), default="hips",
        help="what carries the motion over the floor: the hips, a bone at ground level, or nothing "
        "(default: hips)",
    )  # fmt: skip
    parser.add_argument(
        "--hands", choices=("relaxed", "flat", "fist"), default="relaxed",
        help="pose of the fingers, if there are any (default: relaxed)",
    )  # fmt: skip
    parser.add_argument("--person", metavar="WHO", help="which of several bodies of the character's file")
    parser.add_argument(
        "--skeleton", type=Path, metavar="FILE", help="JSON with the character's joint names by role"
    )
    add_source_options(parser)


def run(arguments: argparse.Namespace) -> int:
    """Put every motion that can be read on the character; returns the exit code."""
    console.check_there(arguments.onto)
    console.check_there(*arguments.sources)

    from ram_sdk import characters
    from ram_sdk.formats.read_options import ReadOptions, person_of

    skeleton = None if arguments.skeleton is None else read_skeleton(arguments.skeleton)
    options = ReadOptions(person=person_of(arguments.person), skeleton=skeleton)
    character = characters.load_character(arguments.onto, options)
    targets = _targets(arguments, character.suffixes)
    failed: list[str] = []
    pairs = list(zip(arguments.sources, targets, strict=True))
    for source, target in tqdm(pairs, unit="file", disable=None if len(pairs) > 1 else True):
        try:
            motion = load_source(source, arguments)
            name = motion.prompt or source.stem
            given = characters.retarget(
                character, motion.pose.tensors, motion.fps, name, arguments.root, arguments.hands
            )
            given.save(target)
        except (ValueError, OSError) as error:
            console.complain(error if source.name in str(error) else f"{source}: {error}")
            failed.append(str(source))
        else:
            told = {
                "path": str(target),
                "source": str(source),
                "character": str(arguments.onto),
                "duration": motion.duration,
                "fps": motion.fps,
                "joints": given.joints,
            }
            line = f"{target}  {motion.duration:.2f} s  {source} on {arguments.onto}"
            console.say(line, told)
    return console.summary(failed, len(pairs))


def _targets(arguments: argparse.Namespace, suffixes: tuple[str, ...]) -> list[Path]:
    """One file for each motion, checked before any work is done."""
    output, sources = Path(arguments.output), arguments.sources
    if is_folder(arguments.output):
        targets = [output / f"{name}{arguments.onto.suffix.lower()}" for name in distinct_names(sources)]
    elif output.suffix.lower() not in suffixes:
        raise ValueError(
            f"cannot write {arguments.output!r}: the character goes into {' or '.join(suffixes)}, or take "
            f"{arguments.output + '/'!r} for a folder"
        )
    elif len(sources) > 1:
        raise ValueError(f"{len(sources)} motions do not go into one file: give a folder, such as -o clips/")
    else:
        targets = [output]
    read = {path.resolve() for path in (*sources, arguments.onto)}
    for target in targets:
        if target.resolve() in read:
            raise ValueError(f"cannot write {str(target)!r}: it is read by this command")
    return targets
