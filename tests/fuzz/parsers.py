"""The readers of external files, each with a small valid file made in code."""

import functools
import json
import pickle
import struct
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
import yaml
from safetensors.torch import save_file

from ram_sdk import Motion, RAMPipeline
from ram_sdk.body.smpl_files import load_smpl
from ram_sdk.checkpoint import lora
from ram_sdk.cli import prompts
from ram_sdk.control import constraints
from ram_sdk.control.timeline import Timeline
from ram_sdk.files import write_whole
from ram_sdk.search import IndexedFile, MotionIndex
from tests.synthetic_bvh import bvh_text, person, scheme
from tests.synthetic_motion import natural_poses
from tests.synthetic_smpl import smpl_arrays
from tests.tiny_pipeline import build_tiny_pipeline
from training.benchmarks.retargeting.rigs import STYLES, make_rig
from training.config import load_config
from training.data.captioned import read_captioned
from training.open_data.asf_amc import read_acclaim
from training.open_data.gltf import GltfAnimations
from training.open_data.humanoid import read_amp, read_deepmimic


@dataclass(frozen=True)
class Parser:
    """One reader.

    Attributes:
        write: writes a valid file or folder into an empty folder.
        read: reads what `write` wrote, given the folder.
        named: whether its errors name a file; readers of plain text have no file to name.
        lines: how many lines an error may have; tables list all their errors.
    """

    write: Callable[[Path], None]
    read: Callable[[Path], Any]
    named: bool = True
    lines: int = 1


def _motion(frames: int = 50) -> Motion:
    return Motion(natural_poses(frames, 0).joints.numpy().astype(np.float32), 20.0, prompt="a walk")


@functools.cache
def tiny_pipeline() -> RAMPipeline:
    """A checkpoint of small random networks."""
    return build_tiny_pipeline(Path(tempfile.mkdtemp(prefix="fuzz-backbone-")))


def _saved(name: str, **options: Any) -> Parser:
    return Parser(
        lambda folder: _write_motion(folder / name, **options), lambda folder: Motion.load(folder / name)
    )


def _write_motion(path: Path, **options: Any) -> None:
    _motion(8).save(path, **options)


def _write_bvh(folder: Path) -> None:
    names = scheme(
        ("Left", "Right"),
        ("{}UpLeg", "{}Leg", "{}Foot", "{}ToeBase"),
        ("{}Shoulder", "{}Arm", "{}ForeArm", "{}Hand"),
        ("Hips", "Spine", "Spine1", "Spine2", "Neck", "Head"),
    )
    (folder / "walk.bvh").write_text(bvh_text(person(names, frames=6)))


def _write_checkpoint(folder: Path) -> None:
    """Without checksums, as ram_sdk 0.1 wrote it: they would catch all damage of weights in the same way."""
    tiny_pipeline().save_pretrained(folder)
    index = json.loads((folder / "model_index.json").read_text())
    del index["_sha256"]
    (folder / "model_index.json").write_text(json.dumps(index))


def _write_lora(folder: Path) -> None:
    weight = tiny_pipeline().denoiser.output_projection.weight
    config = {"peft_type": "LORA", "r": 2, "lora_alpha": 2, "target_modules": ["output_projection"]}
    (folder / lora.CONFIG).write_text(json.dumps(config))
    key = f"{lora.PREFIX}denoiser.output_projection"
    matrices = {
        f"{key}.lora_A.weight": torch.ones(2, weight.shape[1]),
        f"{key}.lora_B.weight": torch.ones(len(weight), 2),
    }
    save_file(matrices, folder / lora.WEIGHTS, lora.header("tiny", tiny_pipeline().components))


def _read_lora(folder: Path) -> Any:
    return lora.load(folder, folder.name, tiny_pipeline().components, "tiny")


def _write_config(folder: Path) -> None:
    config = {
        "batch_size": 8,
        "emphasis": {"jump": 2.0},
        "model": {"latent_dim": 32, "num_heads": 4, "dropout": 0.1},
        "optimizer": {"learning_rate": 1e-4},
        "sampling": {"num_inference_steps": 10},
    }
    (folder / "run.yaml").write_text(yaml.safe_dump(config))


def _write_captions(folder: Path) -> None:
    _motion().save(folder / "walk.npy")
    rows = (
        "file,caption,start,end",
        "walk.npy,a person walks,0,2.2",
        '"walk.npy","turns, and jumps",0.1,2.3',
    )
    (folder / "captions.csv").write_text("\n".join(rows) + "\n")


def _read_captions(folder: Path) -> Any:
    pipeline = tiny_pipeline()
    return read_captioned(folder / "captions.csv", pipeline.normalizer.config, pipeline.text_backbone)


def _write_pickled_body(folder: Path) -> None:
    (folder / "SMPL_NEUTRAL.pkl").write_bytes(pickle.dumps(smpl_arrays(24), 2))


_SEGMENTS = {
    "segments": [
        {"motion": "walk.npy", "start": 0.0, "end": 2.0, "from": 0.2},
        {"prompt": "a person jumps", "start": 2.0, "end": 5.0, "part": "whole body"},
        {"prompt": "waves", "start": 2.5, "end": 4.0, "part": "right arm"},
    ]
}


def _timeline(name: str, dump: Callable[[Any], str]) -> Parser:
    def write(folder: Path) -> None:
        _motion().save(folder / "walk.npy")
        (folder / name).write_text(dump(_SEGMENTS))

    return Parser(write, lambda folder: Timeline.load(folder / name))


def _write_constraints(folder: Path) -> None:
    motion = _motion(4)
    kinds = [
        constraints.Pose(1.0, motion.joints[0]),
        constraints.Joints([0.5, 1.0], {"left_hand": [[0, 1, 0.3], [0, 1.2, 0.3]]}),
        constraints.Keep(motion, 0.0, 0.1, part="upper"),
        constraints.Path([[0, 0], [0, 1]], [0.0, 2.0], facing=90.0),
        constraints.Stop([0, 1], 1.5),
        constraints.Loop(),
    ]
    (folder / "constraints.json").write_text(constraints.to_json(kinds))


def _read_constraints(folder: Path) -> Any:
    text = (folder / "constraints.json").read_bytes().decode("utf-8", errors="replace")
    return constraints.from_json(text)


def _write_index(folder: Path) -> None:
    files = (IndexedFile("a.npy", 10, 1, ((0.0, 1.0), (0.5, 1.5))), IndexedFile("b.bvh", 9, 2, ()))
    MotionIndex(folder, "0" * 64, files, np.eye(2, 16, dtype=np.float32)).save(folder / "motions.index")


def _write_glb(folder: Path) -> None:
    times, steps = np.array([0, 0.5, 1], "<f4"), np.array([[0, 1, 0], [0, 1, 0.5], [0, 1, 1]], "<f4")
    turns = np.array([[0, 0, 0, 1], [0, 0.6, 0, 0.8], [0, 1, 0, 0]], "<f4")
    parts = [part.tobytes() for part in (times, steps, turns)]
    starts = np.cumsum([0, *map(len, parts)])
    content = {
        "asset": {"version": "2.0"},
        "nodes": [{"name": "hips", "children": [1]}, {"name": "spine", "translation": [0, 0.3, 0]}],
        "bufferViews": [
            {"buffer": 0, "byteOffset": int(start), "byteLength": len(part)}
            for start, part in zip(starts[:-1], parts, strict=True)
        ],
        "accessors": [
            {"bufferView": view, "componentType": 5126, "count": 3, "type": kind}
            for view, kind in enumerate(("SCALAR", "VEC3", "VEC4"))
        ],
        "animations": [
            {
                "name": "walk",
                "samplers": [{"input": 0, "output": 1}, {"input": 0, "output": 2, "interpolation": "STEP"}],
                "channels": [
                    {"sampler": 0, "target": {"node": 0, "path": "translation"}},
                    {"sampler": 1, "target": {"node": 0, "path": "rotation"}},
                ],
            }
        ],
    }
    text, data = json.dumps(content).encode(), b"".join(parts)
    text += b" " * (-len(text) % 4)
    header = struct.pack("<4sII", b"glTF", 2, 28 + len(text) + len(data))
    chunks = (struct.pack("<I4s", len(text), b"JSON"), text, struct.pack("<I4s", len(data), b"BIN\0"), data)
    (folder / "library.glb").write_bytes(header + b"".join(chunks))


def _read_glb(folder: Path) -> Any:
    library = GltfAnimations(folder / "library.glb")
    return [library.positions(name, 60.0) for name in library.names]


_ASF = """:version 1.10
:name VICON
:units
  mass 1.0
  length 0.45
  angle deg
:root
  order TX TY TZ RX RY RZ
  axis XYZ
  position 0 0 0
  orientation 0 0 0
:bonedata
  begin
    id 1
    name lhipjoint
    direction 0.6 -0.7 0.3
    length 2.4
    axis 0 0 0 XYZ
  end
  begin
    id 2
    name lfemur
    direction 0.3 -0.9 0
    length 7.1
    axis 0 0 20 XYZ
    dof rx ry rz
    limits (-160.0 20.0)
           (-70.0 70.0)
           (-60.0 70.0)
  end
:hierarchy
  begin
    root lhipjoint
    lhipjoint lfemur
  end
"""
_AMC = """#!OML:ASF F:\\VICON
:FULLY-SPECIFIED
:DEGREES
1
root 9.3 17.8 -17.3 -2.0 -9.0 1.9
lfemur -5.1 10.2 -19.6
2
root 9.3 17.8 -17.0 -2.1 -8.8 1.8
lfemur -6.0 10.5 -19.0
"""


def _write_acclaim(folder: Path) -> None:
    (folder / "02.asf").write_text(_ASF)
    (folder / "02_01.amc").write_text(_AMC)


def _read_acclaim(folder: Path) -> Any:
    return read_acclaim(folder / "02.asf", folder / "02_01.amc")


def _write_deepmimic(folder: Path) -> None:
    turn, hinge = [1.0, 0.0, 0.0, 0.0], [0.1]
    joints = [*turn * 4, *hinge, *turn, *turn, *hinge, *turn, *hinge, *turn, *turn, *hinge]
    frames = [[0.033, 0.0, 0.85, 0.1 * at, *joints] for at in range(3)]
    (folder / "roll.txt").write_text(json.dumps({"Loop": "wrap", "Frames": frames}))


def _write_amp(folder: Path) -> None:
    turns = np.tile(np.float32((0, 0, 0, 1)), (3, 2, 1))
    np.savez(
        folder / "run.npz", rot=turns, root=np.zeros((3, 3)), fps=30.0, names=np.array(["pelvis", "torso"])
    )


def _write_text(name: str, content: str) -> Callable[[Path], None]:
    return lambda folder: (folder / name).write_text(content) and None


PARSERS = {
    "BVH": Parser(_write_bvh, lambda folder: Motion.load(folder / "walk.bvh")),
    "npy": _saved("walk.npy"),
    "npz": _saved("walk.npz"),
    "npz of AMASS": _saved("walk.npz", layout="smplh"),
    "json": _saved("walk.json"),
    "checkpoint": Parser(_write_checkpoint, RAMPipeline.from_pretrained),
    "LoRA": Parser(_write_lora, _read_lora),
    "training YAML": Parser(_write_config, lambda folder: load_config(folder / "run.yaml")),
    "captions.csv": Parser(_write_captions, _read_captions, lines=60),
    "prompts .txt": Parser(
        _write_text("prompts.txt", "a person walks\na man jumps; \n\n"),
        lambda folder: prompts.read(folder / "prompts.txt"),
    ),
    "prompts .csv": Parser(
        _write_text("prompts.csv", 'id;prompt\n1;a person walks\n2;"a man; jumps"\n'),
        lambda folder: prompts.read(folder / "prompts.csv"),
    ),
    "SMPL .npz": Parser(
        lambda folder: np.savez(folder / "SMPL_NEUTRAL.npz", **smpl_arrays(24)),
        lambda folder: load_smpl(folder / "SMPL_NEUTRAL.npz"),
    ),
    "SMPL .pkl": Parser(_write_pickled_body, lambda folder: load_smpl(folder / "SMPL_NEUTRAL.pkl")),
    "timeline .json": _timeline("timeline.json", json.dumps),
    "timeline .yaml": _timeline("timeline.yaml", yaml.safe_dump),
    "constraints": Parser(_write_constraints, _read_constraints, named=False),
    "motion index": Parser(_write_index, lambda folder: MotionIndex.load(folder / "motions.index")),
    "glTF": Parser(_write_glb, _read_glb),
    "character": Parser(
        lambda folder: write_whole(folder / "hero.glb", make_rig(STYLES["vrm1"]).to_bytes()),
        lambda folder: _motion(4).retarget(folder / "hero.glb").character.rig,
    ),
    "ASF and AMC": Parser(_write_acclaim, _read_acclaim),
    "DeepMimic": Parser(_write_deepmimic, lambda folder: read_deepmimic(folder / "roll.txt")),
    "AMP": Parser(_write_amp, lambda folder: read_amp(folder / "run.npz")),
}
