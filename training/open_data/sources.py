"""The sources of the open data set: their files, licences and credits, and which mixes may use them."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatch
from typing import Any


@dataclass(frozen=True)
class Source:
    """One source of captures."""

    number: int  # first digit of its clip ids
    folders: tuple[str, ...]
    files: tuple[str, ...]  # glob patterns in the folders
    title: str
    license: str
    credit: str
    rates: Mapping[str, float] = field(default_factory=dict)  # by file name pattern, if files are wrong
    z_up: tuple[str, ...] = ()  # file name patterns

    def true_rate(self, file_name: str) -> float | None:
        """The frame rate of a file that gives none or a wrong one; None if the file is right."""
        return next((fps for pattern, fps in self.rates.items() if fnmatch(file_name, pattern)), None)

    def is_z_up(self, file_name: str) -> bool:
        """Whether a file's third axis points up."""
        return any(fnmatch(file_name, pattern) for pattern in self.z_up)


_CMU_LICENSE = "CMU Graphics Lab: free for research and commercial use, no resale of the data itself"
_CMU_CREDIT = (
    "The data used in this project was obtained from mocap.cs.cmu.edu. The database was created with "
    "funding from NSF EIA-0196217."
)

SOURCES: dict[str, Source] = {
    "bandai-namco": Source(
        number=1,
        folders=("bandai-namco-1", "bandai-namco-2"),
        files=("**/*.bvh",),
        title="Bandai-Namco-Research-Motiondataset 1 and 2",
        license="CC BY-NC 4.0",
        credit="Bandai Namco Research Inc.; Kobayashi et al., Motion Capture Dataset for Practical Use of "
        "AI-based Motion Editing and Stylization, arXiv:2306.08861",
    ),
    "cmu": Source(
        number=2,
        folders=("cmu",),
        files=("**/*.amc", "**/*.bvh"),
        title="CMU Graphics Lab Motion Capture Database",
        license=_CMU_LICENSE,
        credit=_CMU_CREDIT,
        rates={"*.amc": 60.0},  # at this rate, jumping bodies fall at about 10 m/s^2
    ),
    "accad": Source(
        number=3,
        folders=("accad",),
        files=("**/*.bvh",),
        title="ACCAD Open Motion Data Project",
        license="CC BY 3.0",
        credit="Advanced Computing Center for the Arts and Design (ACCAD), The Ohio State University",
    ),
    "cmu-extra": Source(
        number=4,
        folders=("cmu-extra",),
        files=("**/*.npz",),
        title="CMU Graphics Lab Motion Capture Database, further trials",
        license=_CMU_LICENSE,
        credit=_CMU_CREDIT,
        rates={"PickUpBox_*": 12.0},  # CMU's subject 115, captured at 60 fps; the files say 24
    ),
    "cmu-salsa": Source(
        number=5,
        folders=("cmu-salsa",),
        files=("**/*.bvh",),
        title="CMU Graphics Lab Motion Capture Database, salsa (subjects 60 and 61)",
        license=_CMU_LICENSE,
        credit=_CMU_CREDIT,
        rates={"*": 60.0},  # the files say 120: the dancers would take five steps a second
    ),
    "animated-drawings": Source(
        number=6,
        folders=("animated-drawings",),
        files=("**/*.bvh",),
        title="Motions of AnimatedDrawings",
        license="MIT",
        credit="Copyright (c) Meta Platforms, Inc. and affiliates "
        "(github.com/facebookresearch/AnimatedDrawings)",
        z_up=("*",),
    ),
    "mesh2motion": Source(
        number=7,
        folders=("mesh2motion",),
        files=("**/*.glb",),
        title="Mesh2Motion animation libraries",
        license="CC0 1.0",
        credit="Mesh2Motion (no credit required)",
    ),
    "animated-drawings-history": Source(
        number=9,
        folders=("animated-drawings-history",),
        files=("*.bvh",),
        title="Motions of earlier states of AnimatedDrawings",
        license="MIT; cmu_* files: " + _CMU_LICENSE,
        credit="Copyright (c) Meta Platforms, Inc. and affiliates "
        "(github.com/facebookresearch/AnimatedDrawings); cmu_* files: " + _CMU_CREDIT,
        # On the adult skeleton, a child's motion is slowed down by the square root of the leg lengths' ratio.
        rates={"5yr_old__*": 96.0, "8yr_old__dab.bvh": 53.0, "8yr_old__*": 106.0, "fair1__*": 97.0},
        z_up=("[58]yr_old__*", "cmu_new*", "fair1__*"),
    ),
    "deepmimic": Source(
        number=10,
        folders=("deepmimic",),
        files=("*.txt",),
        title="Motions of DeepMimic",
        license="MIT",
        credit="Copyright (c) 2018 Xue Bin Peng (github.com/xbpeng/DeepMimic)",
        # The files say 16, at which the body falls at 14 m/s^2, and 24, slower than its source, CMU's 17_03.
        rates={"humanoid3d_sideflip.txt": 13.3, "humanoid3d_stealthy_walk*": 30.0},
    ),
    "deepmimic-sie": Source(
        number=11,
        folders=("deepmimic/sie",),
        files=("*.txt",),
        title="Runs and punches for DeepMimic's humanoid by Sony Interactive Entertainment",
        license="CC BY-NC 4.0",
        credit="Copyright (c) 2021 Sony Interactive Entertainment",
    ),
    "ase-reallusion": Source(
        number=12,
        folders=("ase-reallusion",),
        files=("RL_Avatar_*.npz",),
        title="Reallusion's sword and shield motions for ASE",
        license="non-commercial use only",
        credit="Reallusion; motions released with Peng et al., ASE, ACM TOG 41(4), 2022",
    ),
    "isaacgym-amp": Source(
        number=13,
        folders=("isaacgym-amp",),
        files=("*.npz",),
        title="CMU motions on AMP's humanoid, from Isaac Gym's examples",
        license=_CMU_LICENSE,
        credit=_CMU_CREDIT,
    ),
    "mass": Source(
        number=14,
        folders=("mass",),
        files=("*.bvh",),
        title="Motions of MASS",
        license="Apache-2.0",
        credit="Lee, Park, Lee, Lee: Scalable Muscle-Actuated Human Simulation and Control, "
        "ACM TOG 38(4), 2019",
    ),
    "authored": Source(
        number=15,
        folders=("authored",),
        files=("**/*.json",),
        title="Authored by keyframes for this project, not captured",
        license="CC0 1.0",
        credit="The contributors of this project (no credit required)",
    ),
    "hdm05": Source(
        number=8,
        folders=("hdm05",),
        files=("**/*.amc",),
        title="HDM05 motion capture database, cut clips",
        rates={"*.amc": 120.0},
        license="CC BY-SA 3.0",
        credit="Müller, Röder, Clausen, Eberhardt, Krüger, Weber: Documentation Mocap Database HDM05, "
        "technical report CG-2007-2, Universität Bonn",
    ),
}

_FREE = (
    "cmu",
    "accad",
    "cmu-extra",
    "cmu-salsa",
    "animated-drawings",
    "mesh2motion",
    "animated-drawings-history",
    "deepmimic",
    "isaacgym-amp",
    "mass",
    "authored",
)
_OPEN = ("bandai-namco", *_FREE, "deepmimic-sie", "ase-reallusion")

MIXES: dict[str, tuple[str, ...]] = {"open-free": _FREE, "open": _OPEN, "all": (*_OPEN, "hdm05")}

_KIT_ML = (
    "Some captions are sentences of KIT-ML (Plappert et al., Big Data 4(4), 2016), which is published "
    "without a licence."
)

# What the licences allow for a model trained on the mix.
MIX_TERMS: dict[str, str] = {
    "open-free": "Every capture's licence allows commercial use, of a model trained on them too; give the "
    "credits below. The CMU data itself must not be sold. " + _KIT_ML,
    "open": "Bandai-Namco's data and the runs by Sony for DeepMimic are CC BY-NC 4.0, Reallusion's for ASE "
    "non-commercial: use a model trained on this mix for non-commercial purposes only, and give the credits "
    "below. The CMU data itself must not be sold. " + _KIT_ML,
    "all": "HDM05 is share-alike (CC BY-SA 3.0) and Bandai-Namco's data non-commercial (CC BY-NC 4.0); what "
    "is released cannot meet both. Use this mix for private experiments, and release neither the data nor a "
    "model trained on it.",
}

# Captures that are not used: a regular expression for the full "source/file/take", and the reason.
_EXCLUDED: tuple[tuple[str, str], ...] = (
    (r"cmu/16_11", "angles do not match the subject's skeleton"),
    (r"cmu/14_36", "the same motion as 14_31"),
    (r"cmu/(127_01|135_08)", "calibration (a pose held)"),
    (r"cmu/127_02|animated-drawings-history/.*ROM", "calibration (range of motion)"),
    (r"cmu-extra/(14_0[6-9]|16_0[1-79]|49_0[2-46-8])", "same trial as in cmu"),
    (r"mesh2motion/.*/(Flying.*|Levitate.*|Jump_Loop|Swim_.*)", "floats: has no floor"),
    (
        r"mesh2motion/.*/(Crawl|Run Anime|Crouch_Fwd_Loop|Jog_Fwd_Loop|Push_Loop|Sprint_Loop|Walk(_.*)?)",
        "locomotion in place",
    ),
    (r"mesh2motion/.*/(Rest Pose|A_TPose|T-Pose|Pistol_Aim_.*)", "a single pose"),
    (r"animated-drawings-history/rokoko__.*", "another company's capture, of unknown licence"),
    (r"animated-drawings-history/cmu_new2__.*", "the trunk leans by another skeleton's axes"),
    (r"animated-drawings-history/custom_.*_jumping_.*", "no floor: the body falls at 5 to 50 m/s^2"),
    (r"animated-drawings-history/custom_.*_kicking", "broken tracking: a foot at 28 m/s"),
    (r"animated-drawings-history/custom_.*_wave_dance", "a T-pose with moving arms"),
    (r"deepmimic/humanoid3d_backflip", "retimed: the body would fall at 3.4 m/s^2"),
    (r"isaacgym-amp/amp_humanoid_backflip", "the same motion as deepmimic/humanoid3d_backflip"),
    (r"mass/backflip", "retimed: the body would fall at 54 m/s^2"),
    (r"ase-reallusion/RL_Avatar_Atk_Jump_Motion", "retimed: the body would fall at 24 m/s^2"),
)


def exclusion(source: str, file: str, take: str) -> str:
    """The reason why a capture is not used, or empty."""
    name = "/".join(filter(None, (source, file, take)))
    return next((reason for pattern, reason in _EXCLUDED if re.fullmatch(pattern, name)), "")


def about_sources(mix: str) -> dict[str, Any]:
    """The content of a set's `sources.json`: the titles of its sources, and its terms of use."""
    return {"titles": {source: SOURCES[source].title for source in MIXES[mix]}, "terms": MIX_TERMS[mix]}
