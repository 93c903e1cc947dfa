"""Figure 4, the blind user study: a page to rank motions on, and the figure of the ranks.

    python -m training.research.figures.user_study page --data DIR --row RAM=open-small --row MDM=FOLDER --out FOLDER
    python -m training.research.figures.user_study figure RANKS.json ... --key FOLDER/key.json --out FOLDER

`page` writes `study.html`, one file to send to participants: it plays the motions of every method side by
side without a network, in an order drawn anew for each participant, and saves the ranks to a file. It names
motions by random letters; which method made which stands in `key.json` alone, which stays with you. As in
section 4.8 of the paper there are 30 prompts of the test split, ranked for fidelity to the text and for the
quality of the motion.
"""

import argparse
import base64
import json
import random
import struct
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from ram_sdk import Motion
from ram_sdk.formats import html
from training.command import one_line_errors
from training.data.folder import MotionTextFolder, write_atomically
from training.evaluation.clips import MAX_FRAMES, read_labelled
from training.evaluation.protocol import Row
from training.research.figures import ranks
from training.research.figures.rows import generate

_PROMPTS = 30  # section 4.8
_GLB_HEADER, _CHUNK_HEADER = 12, 8  # bytes


def draw_prompts(data: Path, count: int, seed: int) -> tuple[list[str], list[float]]:
    """Captions of the test split, drawn at random, and the seconds of their clips.

    Raises:
        ValueError: the split has fewer different captions.
    """
    folder = MotionTextFolder(data)
    seconds = {
        clip.captions[0].text: min(len(clip.features), MAX_FRAMES) / folder.skeleton.fps
        for clip in read_labelled(folder, "test")
    }
    if len(seconds) < count:
        raise ValueError(f"{data} has {len(seconds)} different test captions: ask for fewer than {count}")
    chosen = random.Random(seed).sample(sorted(seconds), count)
    return chosen, [seconds[caption] for caption in chosen]


def build_page(
    motions: Sequence[Sequence[Motion]], rows: Sequence[Row], seed: int
) -> tuple[str, dict[str, Any]]:
    """The study's page, and the key that says which method made which motion.

    Args:
        motions: for each row its motions, prompt by prompt.
        rows: the methods.
        seed: of the motions; it also draws the motions' names.

    Returns:
        The page, and the content of `key.json`.
    """
    names = random.Random(f"{seed} {[asdict(row) for row in rows]}")
    study_id = f"{names.getrandbits(64):016x}"
    groups = [list(group) for group in zip(*motions, strict=True)]
    tokens = [[f"{names.getrandbits(48):012x}" for _ in group] for group in groups]
    contents = [html.contents(group) for group in groups]
    models = [_split_glb(model) for _, model in contents]
    body = _body(*models[0])
    trials = []
    for group, ids, (about, _), (gltf, binary) in zip(groups, tokens, contents, models, strict=True):
        described = json.loads(about)
        for motion, animation, token in zip(described["motions"], gltf["animations"], ids, strict=True):
            motion["id"], animation["name"] = token, token
        rest = base64.b64encode(binary[len(body) :]).decode("ascii")
        trials.append({"prompt": group[0].prompt, **described, "gltf": gltf, "rest": rest})
    study = {
        "id": study_id,
        "player": html.page("Motions", "@about@", "@model@"),
        "body": base64.b64encode(body).decode("ascii"),
        "trials": trials,
    }
    template = Path(__file__).with_name("user_study.html").read_text(encoding="utf-8")
    key = {
        "study": study_id,
        "seed": seed,
        "rows": [asdict(row) for row in rows],
        "trials": [
            {
                "prompt": group[0].prompt,
                "motions": {token: row.name for token, row in zip(ids, rows, strict=True)},
            }
            for group, ids in zip(groups, tokens, strict=True)
        ],
    }
    return template.replace("{{study}}", json.dumps(study).replace("<", "\\u003c")), key


def _split_glb(model: bytes) -> tuple[dict[str, Any], bytes]:
    """The JSON and the binary part of a GLB file."""
    (length,) = struct.unpack_from("<I", model, _GLB_HEADER)
    start = _GLB_HEADER + _CHUNK_HEADER
    return json.loads(model[start : start + length]), model[start + length + _CHUNK_HEADER :]


def _body(gltf: dict[str, Any], binary: bytes) -> bytes:
    """What every model's binary part begins with, up to its first animation: the body."""
    clock = gltf["accessors"][gltf["animations"][0]["samplers"][0]["input"]]
    return binary[: gltf["bufferViews"][clock["bufferView"]]["byteOffset"]]


def _make_page(options: argparse.Namespace) -> None:
    if options.prompts:
        prompts, seconds = options.prompts, None
    else:
        prompts, seconds = draw_prompts(options.data, options.count, options.seed)
    motions = generate(options.row, prompts, seconds, options.seed)
    page, key = build_page(motions, options.row, options.seed)
    options.out.mkdir(parents=True, exist_ok=True)
    write_atomically(options.out / "study.html", page.encode())
    write_atomically(options.out / "key.json", (json.dumps(key, indent=2) + "\n").encode())
    print(f"{options.out / 'study.html'}: {len(prompts)} prompts, {len(options.row)} methods; keep key.json")


def _make_figure(options: argparse.Namespace) -> None:
    result = ranks.summarise(options.key, options.ranks)
    options.out.mkdir(parents=True, exist_ok=True)
    write_atomically(options.out / "user_study.json", (json.dumps(result, indent=2) + "\n").encode())
    ranks.draw(result, options.out / "user_study.png")
    print(ranks.markdown(result))


def main() -> None:
    """Command line of `python -m training.research.figures.user_study`."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    commands = parser.add_subparsers(required=True)
    page = commands.add_parser("page", help="make the page and its key")
    source = page.add_mutually_exclusive_group(required=True)
    source.add_argument("--data", type=Path, help="folder in HumanML3D's format: prompts of its test split")
    source.add_argument("--prompts", nargs="+", help="prompts of your own")
    page.add_argument("--row", type=Row.parse, action="append", required=True, help="name=CHECKPOINT[,...]")
    page.add_argument("--count", type=int, default=_PROMPTS, help="how many prompts of the test split")
    page.add_argument("--seed", type=int, default=0)
    page.add_argument("--out", type=Path, required=True)
    page.set_defaults(run=_make_page)
    figure = commands.add_parser("figure", help="turn saved ranks into the figure")
    figure.add_argument("ranks", type=Path, nargs="+", help="files that participants saved")
    figure.add_argument("--key", type=Path, required=True)
    figure.add_argument("--out", type=Path, required=True)
    figure.set_defaults(run=_make_figure)
    options = parser.parse_args()
    options.run(options)


if __name__ == "__main__":
    with one_line_errors("training.research.figures.user_study"):
        main()
