"""Finding the captures of a mix, and reading them in any of their formats."""

import csv
import tarfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ram_sdk.formats.bvh_parser import read_bvh
from ram_sdk.skeleton.joints import HUMANML3D
from ram_sdk.skeleton.mapping import pick_joints
from ram_sdk.skeleton.retarget import FloatArray
from training.open_data.asf_amc import read_acclaim
from training.open_data.authored import perform, takes_of
from training.open_data.captions import HumanCaption, read_human_captions
from training.open_data.gltf import GltfAnimations
from training.open_data.humanoid import read_amp, read_deepmimic
from training.open_data.sources import MIXES, SOURCES, Source, exclusion

_ARCHIVES = ("bandai-namco.tar.xz", "cmu.tar.xz", "more.tar.xz", "more2.tar.xz")
_GLTF_FPS = 60.0  # animation curves are sampled densely, then resampled like every capture
_LOOP_SECONDS = 3.0  # shorter animations that end in their first pose are repeated
_LOOP_GAP = 0.02  # maximum metres, mean over the joints, between first and last pose of a loop


@dataclass(frozen=True)
class CaptureFile:
    """One capture: a file, or one animation of a file with several.

    `excluded` is the reason why the capture is not used, or empty.
    """

    capture_id: str  # the source's number and four digits
    source: str
    path: Path
    take: str
    performer: str
    label: str
    human_captions: tuple[HumanCaption, ...]
    excluded: str


@dataclass(frozen=True)
class Capture:
    """Captured joints `(frames, 22, 3)`, the input of `retarget`, and their frame rate."""

    joints: FloatArray
    fps: float


def find_captures(folder: Path, mix: str, work: Path, without: Sequence[str] = ()) -> list[CaptureFile]:
    """List the captures of a mix, in an order that depends on names only.

    Args:
        folder: has the archives (`cmu.tar.xz`, ...) or the folders unpacked from them, and `captions/`.
        mix: a key of `MIXES`.
        work: archives are unpacked here, once.
        without: sources of the mix to leave out.

    Raises:
        FileNotFoundError: a source of the mix or the tables of labels are missing.
    """
    tables = folder / "captions"
    if not tables.is_dir():
        raise FileNotFoundError(f"{folder}: no folder captions/ with the tables of labels")
    labels = _read_labels(tables)
    written = read_human_captions(tables)
    captures = []
    for name in MIXES[mix]:
        if name in without:
            continue
        for index, (path, take) in enumerate(_source_takes(SOURCES[name], folder, work), start=1):
            captures.append(
                CaptureFile(
                    capture_id=f"{SOURCES[name].number}{index:04d}",
                    source=name,
                    path=path,
                    take=take,
                    performer=_performer(name, path.stem),
                    label=labels.get(path.stem, ""),
                    human_captions=tuple(written.get(path.stem, ())),
                    excluded=exclusion(name, path.stem, take),
                )
            )
    return captures


def read_capture(file: CaptureFile) -> Capture:
    """Read the 22 joints of one capture.

    Raises:
        ValueError: the file cannot be read, or no skeleton map matches it.
    """
    source = SOURCES[file.source]
    joints, fps = _read_joints(file)
    fps = source.true_rate(file.path.name) or fps
    if source.is_z_up(file.path.name):
        joints = joints[..., (0, 2, 1)] * np.array((1.0, 1.0, -1.0))
    return Capture(_repeat_loop(joints, fps) if file.path.suffix in (".glb", ".txt") else joints, fps)


def _read_joints(file: CaptureFile) -> tuple[FloatArray, float]:
    """The 22 joints in the file's own axes, and its frame rate, or 0 if it gives none."""
    match file.path.suffix:
        case ".bvh":
            motion = read_bvh(file.path)
            return pick_joints(motion.names, motion.world_transforms()[0]), motion.fps
        case ".amc":
            return pick_joints(*read_acclaim(_skeleton_beside(file.path), file.path)), 0.0
        case ".glb":
            library = GltfAnimations(file.path)
            return pick_joints(library.node_names, library.positions(file.take, _GLTF_FPS)), _GLTF_FPS
        case ".json":
            joints = perform(file.path, file.take)
            joints[:, 0] = (joints[:, 1] + joints[:, 2]) / 2  # as in captures
            return joints, HUMANML3D.fps
        case ".txt":
            humanoid = read_deepmimic(file.path)
            return pick_joints(humanoid.names, humanoid.positions), humanoid.fps
    with np.load(file.path, allow_pickle=False) as arrays:
        if "J" in arrays:
            names = tuple(str(name) for name in arrays["names"])
            return pick_joints(names, arrays["J"].astype(np.float64)), float(arrays["fps"])
    humanoid = read_amp(file.path)
    return pick_joints(humanoid.names, humanoid.positions), humanoid.fps


def _repeat_loop(joints: FloatArray, fps: float) -> FloatArray:
    """Repeat a short animation until it lasts three seconds, if it is a loop and moves at all.

    If its last pose is its first but displaced, as after a stride, each repetition starts where the previous
    one ended.
    """
    travel = (joints[-1, 0] - joints[0, 0]) * np.array((1.0, 0.0, 1.0))
    gap = np.linalg.norm(joints[-1] - travel - joints[0], axis=-1).mean()
    range_of_motion = np.linalg.norm(np.ptp(joints, axis=0), axis=-1).mean()
    if gap > _LOOP_GAP or range_of_motion < 2 * _LOOP_GAP:
        return joints
    times = max(1, int(np.ceil(_LOOP_SECONDS * fps / (len(joints) - 1))))
    return np.concatenate(
        [joints[:-1] + k * travel for k in range(times)] + [joints[-1:] + (times - 1) * travel]
    )


def _source_takes(source: Source, folder: Path, work: Path) -> Iterator[tuple[Path, str]]:
    for part in source.folders:
        place = _locate(folder, part, work)
        for path in sorted(path for pattern in source.files for path in place.glob(pattern)):
            if path.suffix == ".glb":
                yield from ((path, take) for take in GltfAnimations(path).names)
            elif path.suffix == ".json":
                yield from ((path, take) for take in takes_of(path))
            else:
                yield path, ""


def _locate(folder: Path, part: str, work: Path) -> Path:
    """The folder of a source; if it does not exist yet, the archives are unpacked into `work`.

    Authored motions are next to this module.
    """
    for place in (folder, work, Path(__file__).parent):
        if (place / part).is_dir():
            return place / part
    for archive in _ARCHIVES:
        if (folder / archive).is_file():
            with tarfile.open(folder / archive) as tar:
                tar.extractall(work, filter="data")
    if not (work / part).is_dir():
        raise FileNotFoundError(f"{folder}: neither a folder {part}/ nor an archive with it")
    return work / part


def _skeleton_beside(motion: Path) -> Path:
    """The ASF file whose name is a prefix of the motion's name ('02.asf' for '02_01.amc')."""
    for path in sorted(motion.parent.glob("*.asf")):
        if motion.stem.startswith(f"{path.stem}_"):
            return path
    raise ValueError(f"{motion}: no ASF skeleton next to it whose name is a prefix of the motion's name")


def _performer(source: str, stem: str) -> str:
    """The performer according to the file name, or empty."""
    words = stem.split("_")
    match source:
        case "cmu" | "cmu-extra" | "accad":
            return words[0]
        case "hdm05":
            return "_".join(words[:2])
        case _:
            return ""


def _read_labels(folder: Path) -> dict[str, str]:
    """Short descriptions by file stem, from the tables of CMU, ACCAD and HDM05."""
    labels = {}
    with open(folder / "cmu_labels.csv", encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            labels[row["trial"]] = row["motion_description"]
    with open(folder / "accad_hdm05_labels.csv", encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            labels[Path(row["file"]).stem] = row["label"]
    return labels
