"""The sources of the open data set: files, licences, and where each skeleton keeps the 22 joints."""

import csv
import tarfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ram_sdk.formats.bvh_parser import read_bvh
from ram_sdk.representation.skeleton import HUMANML3D

from .asf_amc import acclaim_positions, read_amc, read_asf
from .captions import HumanCaption, read_human_captions
from .gltf import GltfAnimations
from .retarget import TRUNK_FRACTIONS, FloatArray

_GLTF_FPS = 60.0  # animation curves are sampled densely, then resampled like every capture


@dataclass(frozen=True)
class SkeletonMap:
    """Names of a source skeleton's joints; `{}` stands for the side.

    `leg` is hip, knee, ankle, toe; `arm` is shoulder, elbow, wrist; `trunk` the joints between the hips
    and the neck, from below. Acclaim bones stand for their far end.
    """

    sides: tuple[str, str]  # (left, right)
    leg: tuple[str, str, str, str]
    arm: tuple[str, str, str]
    trunk: tuple[str, ...]
    neck: str
    head: str

    @property
    def names(self) -> dict[str, str]:
        """Source joint for each HumanML3D joint that the source has."""
        pairs = {"neck": self.neck, "head": self.head}
        for side, word in zip(self.sides, ("left", "right"), strict=True):
            for pattern, joint in zip(self.leg, ("hip", "knee", "ankle", "foot"), strict=True):
                pairs[f"{word}_{joint}"] = pattern.format(side)
            for pattern, joint in zip(self.arm, ("shoulder", "elbow", "wrist"), strict=True):
                pairs[f"{word}_{joint}"] = pattern.format(side)
        return pairs


_BIPED_LEG = ("{}UpLeg", "{}Leg", "{}Foot", "{}ToeBase")
_BIPED_ARM = ("{}Arm", "{}ForeArm", "{}Hand")
_WORDS = ("Left", "Right")

# The first map whose joints a file has is used, so the more specific ones come first.
SKELETON_MAPS: dict[str, SkeletonMap] = {
    "bandai-namco": SkeletonMap(
        ("L", "R"),
        ("UpperLeg_{}", "LowerLeg_{}", "Foot_{}", "Toes_{}"),
        ("UpperArm_{}", "LowerArm_{}", "Hand_{}"),
        ("Spine", "Chest"),
        "Neck",
        "Head",
    ),
    "acclaim": SkeletonMap(
        ("l", "r"),
        ("{}hipjoint", "{}femur", "{}tibia", "{}foot"),
        ("{}clavicle", "{}humerus", "{}radius"),
        ("lowerback", "upperback", "thorax"),
        "lowerneck",
        "upperneck",
    ),
    "cmu-bvh": SkeletonMap(_WORDS, _BIPED_LEG, _BIPED_ARM, ("Spine", "Spine1"), "Neck1", "Head"),
    "animated-drawings": SkeletonMap(
        _WORDS, _BIPED_LEG, _BIPED_ARM, ("Spine", "Spine1", "Spine2", "Spine3"), "Neck", "Head"
    ),
    "accad": SkeletonMap(_WORDS, _BIPED_LEG, _BIPED_ARM, ("Spine", "Spine1"), "Neck", "Head"),
    "vicon": SkeletonMap(
        _WORDS,
        ("{}Hip", "{}Knee", "{}Ankle", "{}Toe"),
        ("{}Shoulder", "{}Elbow", "{}Wrist"),
        ("Chest", "Chest2"),
        "Neck",
        "Head",
    ),
    "poser": SkeletonMap(
        ("l", "r"),
        ("{}Thigh", "{}Shin", "{}Foot", "{}Foot_end"),
        ("{}Shldr", "{}ForeArm", "{}Hand"),
        ("abdomen", "chest"),
        "neck",
        "head",
    ),
    "character-creator": SkeletonMap(
        ("L", "R"),
        ("CC_Base_{}_Thigh", "CC_Base_{}_Calf", "CC_Base_{}_Foot", "CC_Base_{}_ToeBase"),
        ("CC_Base_{}_Upperarm", "CC_Base_{}_Forearm", "CC_Base_{}_Hand"),
        ("CC_Base_Waist", "CC_Base_Spine01", "CC_Base_Spine02"),
        "CC_Base_NeckTwist01",
        "CC_Base_Head",
    ),
    "rigify": SkeletonMap(
        ("L", "R"),
        ("DEF-thigh.{}", "DEF-shin.{}", "DEF-foot.{}", "DEF-toe.{}"),
        ("DEF-upper_arm.{}", "DEF-forearm.{}", "DEF-hand.{}"),
        ("DEF-spine.001", "DEF-spine.002", "DEF-spine.003"),
        "DEF-neck",
        "DEF-head",
    ),
    "unreal": SkeletonMap(
        ("l", "r"),
        ("thigh_{}", "calf_{}", "foot_{}", "ball_{}"),
        ("upperarm_{}", "lowerarm_{}", "hand_{}"),
        ("spine_01", "spine_02", "spine_03"),
        "neck_01",
        "head",
    ),
}


@dataclass(frozen=True)
class Source:
    """One source of captures."""

    number: int  # first digit of its clip ids
    folders: tuple[str, ...]
    suffix: str
    title: str
    license: str
    credit: str
    z_up: bool = False


_CMU_LICENSE = "CMU Graphics Lab: free for research and commercial use, no resale of the data itself"
_CMU_CREDIT = (
    "Data obtained from mocap.cs.cmu.edu; the database was created with funding from NSF EIA-0196217."
)

SOURCES: dict[str, Source] = {
    "bandai-namco": Source(
        1, ("bandai-namco-1", "bandai-namco-2"), ".bvh", "Bandai-Namco-Research-Motiondataset 1 and 2",
        "CC BY-NC 4.0", "Bandai Namco Research Inc.: Kobayashi et al., Motion Capture Dataset for Practical Use "
        "of AI-based Motion Editing and Stylization, arXiv:2306.08861",
    ),
    "cmu": Source(2, ("cmu",), ".amc", "CMU Graphics Lab Motion Capture Database", _CMU_LICENSE, _CMU_CREDIT),
    "accad": Source(
        3, ("accad",), ".bvh", "ACCAD Open Motion Data Project", "CC BY 3.0",
        "Advanced Computing Center for the Arts and Design (ACCAD), The Ohio State University",
    ),
    "cmu-extra": Source(4, ("cmu-extra",), ".npz", "CMU Graphics Lab, further trials", _CMU_LICENSE, _CMU_CREDIT),
    "cmu-salsa": Source(5, ("cmu-salsa",), ".bvh", "CMU Graphics Lab, salsa", _CMU_LICENSE, _CMU_CREDIT),
    "animated-drawings": Source(
        6, ("animated-drawings",), ".bvh", "AnimatedDrawings motions", "MIT",
        "Copyright (c) Meta Platforms, Inc. and affiliates (facebookresearch/AnimatedDrawings)", z_up=True,
    ),
    "mesh2motion": Source(7, ("mesh2motion",), ".glb", "Mesh2Motion animation libraries", "CC0 1.0", "Mesh2Motion"),
    "hdm05": Source(
        8, ("hdm05",), ".amc", "HDM05 cut library", "CC BY-SA 3.0",
        "Mueller, Roeder, Clausen, Eberhardt, Krueger, Weber: Documentation Mocap Database HDM05, "
        "Universitaet Bonn, CG-2007-2",
    ),
}  # fmt: skip

MIXES: dict[str, tuple[str, ...]] = {
    "open-free": ("cmu", "accad", "cmu-extra", "cmu-salsa", "animated-drawings", "mesh2motion"),
    "open": (
        "bandai-namco", "cmu", "accad", "cmu-extra", "cmu-salsa", "animated-drawings", "mesh2motion",
    ),
    "all": tuple(SOURCES),
}  # fmt: skip

# Captures that are not used, by "source/file", and why.
EXCLUDED: dict[str, str] = {
    "cmu/16_11": "its angles do not fit the subject's skeleton (three for a knee of one axis)",
    **{
        f"cmu-extra/{trial}": "the same trial is in cmu"
        for trial in (
            "14_06", "14_07", "14_08", "14_09", "16_01", "16_02", "16_03", "16_04", "16_05", "16_06", "16_07",
            "16_09", "49_02", "49_03", "49_04", "49_06", "49_07", "49_08",
        )
    },
}  # fmt: skip

_ARCHIVES = ("bandai-namco.tar.xz", "cmu.tar.xz", "more.tar.xz")


@dataclass(frozen=True)
class CaptureFile:
    """One capture: a file, or one animation of a file that holds several."""

    capture_id: str  # source number and five digits
    source: str
    path: Path
    take: str
    performer: str
    label: str
    human_captions: tuple[HumanCaption, ...]


@dataclass(frozen=True)
class Capture:
    """Captured joints `(frames, 22, 3)` as `retarget` expects them, and their frame rate."""

    joints: FloatArray
    fps: float


def find_captures(folder: Path, mix: str, work: Path) -> list[CaptureFile]:
    """List the captures of a mix, in an order that depends on names only.

    Args:
        folder: holds the archives (`cmu.tar.xz`, ...) or the folders unpacked from them, and `captions/`.
        mix: a key of `MIXES`.
        work: archives are unpacked here, once.

    Raises:
        FileNotFoundError: a source of the mix or the label tables are not there.
    """
    if not (folder / "captions").is_dir():
        raise FileNotFoundError(f"{folder}: no folder captions/ with the label tables")
    labels = _read_labels(folder / "captions")
    written = read_human_captions(folder / "captions" / "kit_ml_cmu.json")
    captures: list[CaptureFile] = []
    for name in MIXES[mix]:
        source = SOURCES[name]
        paths = [
            path
            for part in source.folders
            for path in sorted(_locate(folder, part, work).rglob("*"))
            if path.suffix == source.suffix or (name == "cmu" and path.suffix == ".bvh")
        ]
        takes = [(path, take) for path in paths for take in _takes(path)]
        for index, (path, take) in enumerate(takes, start=1):
            if f"{name}/{path.stem}" in EXCLUDED:
                continue
            captures.append(
                CaptureFile(
                    capture_id=f"{source.number}{index:04d}",
                    source=name,
                    path=path,
                    take=take,
                    performer=_performer(name, path.stem),
                    label=labels.get(path.stem, ""),
                    human_captions=tuple(written.get(path.stem, ())) if name == "cmu" else (),
                )
            )
    return captures


def read_capture(file: CaptureFile) -> Capture:
    """Read one capture and pick the 22 joints from it.

    Raises:
        ValueError: the file cannot be read, or no skeleton map fits it.
    """
    suffix = file.path.suffix
    if suffix == ".bvh":
        motion = read_bvh(file.path)
        names, positions, fps = motion.names, motion.world_transforms()[0], motion.fps
    elif suffix == ".amc":
        skeletons = sorted(file.path.parent.glob("*.asf"))
        skeleton = next((path for path in skeletons if file.path.stem.startswith(path.stem + "_")), None)
        if skeleton is None:
            raise ValueError(f"{file.path}: no ASF skeleton beside it whose name begins the motion's name")
        names, positions = acclaim_positions(read_asf(skeleton), read_amc(file.path))
        fps = 60.0 if file.source == "cmu" else 120.0  # AMC files do not say
    elif suffix == ".glb":
        library = GltfAnimations(file.path)
        names, positions, fps = library.node_names, library.positions(file.take, _GLTF_FPS), _GLTF_FPS
    else:
        with np.load(file.path, allow_pickle=False) as arrays:
            names = tuple(str(name) for name in arrays["names"])
            positions, fps = arrays["J"].astype(np.float64), float(arrays["fps"])
    if SOURCES[file.source].z_up:
        positions = positions[..., (0, 2, 1)] * np.array((1.0, 1.0, -1.0))
    return Capture(_pick_joints(names, positions, file.path), fps)


def _pick_joints(names: tuple[str, ...], positions: FloatArray, path: Path) -> FloatArray:
    known = set(names)
    for skeleton in SKELETON_MAPS.values():
        if known.issuperset((*skeleton.names.values(), *skeleton.trunk)):
            break
    else:
        raise ValueError(f"{path}: no skeleton map fits the joints {', '.join(names[:12])} ...")
    index = {name: i for i, name in enumerate(names)}
    out = np.empty((len(positions), HUMANML3D.num_joints, 3))
    for joint, name in skeleton.names.items():
        out[:, HUMANML3D.joint_names.index(joint)] = positions[:, index[name]]
    out[:, 0] = (out[:, 1] + out[:, 2]) / 2
    line = np.stack([out[:, 0], *(positions[:, index[name]] for name in skeleton.trunk), out[:, 12]], axis=1)
    for joint, fraction in zip((3, 6, 9), TRUNK_FRACTIONS, strict=True):
        out[:, joint] = _point_along(line, fraction)
    out[:, (13, 14)] = out[:, (16, 17)]
    return out


def _point_along(line: FloatArray, fraction: float) -> FloatArray:
    """Point at a fraction of the length of polylines `(frames, points, 3)`."""
    lengths = np.median(np.linalg.norm(np.diff(line, axis=1), axis=-1), axis=0)
    ends = np.cumsum(lengths)
    piece = int(np.searchsorted(ends, fraction * ends[-1]))
    rest = (fraction * ends[-1] - (ends[piece] - lengths[piece])) / lengths[piece]
    return np.asarray((1 - rest) * line[:, piece] + rest * line[:, piece + 1])


def _takes(path: Path) -> tuple[str, ...]:
    return GltfAnimations(path).names if path.suffix == ".glb" else ("",)


def _performer(source: str, stem: str) -> str:
    match source:
        case "cmu" | "cmu-extra":
            return stem.split("_")[0]
        case "accad":
            return stem.split("_")[0]
        case "hdm05":
            return "_".join(stem.split("_")[:2])
        case "cmu-salsa":
            return "60-61"
    return ""


def _locate(folder: Path, part: str, work: Path) -> Path:
    """The folder of a source, unpacking the archives into `work` if they have not been."""
    for place in (folder, work):
        if (place / part).is_dir():
            return place / part
    archives = [folder / name for name in _ARCHIVES if (folder / name).is_file()]
    work.mkdir(parents=True, exist_ok=True)
    for archive in archives:
        with tarfile.open(archive) as tar:
            tar.extractall(work, filter="data")
    if not (work / part).is_dir():
        raise FileNotFoundError(f"{folder}: neither a folder {part}/ nor an archive that holds it")
    return work / part


def _read_labels(folder: Path) -> dict[str, str]:
    """Short descriptions by file stem, from the CSV tables of CMU, ACCAD and HDM05."""
    labels: dict[str, str] = {}
    with open(folder / "cmu_labels.csv", encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            labels[row["trial"]] = row["motion_description"]
    with open(folder / "accad_hdm05_labels.csv", encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            labels[Path(row["file"]).stem] = row["label"]
    return labels
