"""The sources of the open data set: their files, licences and credits, and which mixes may use them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatch


@dataclass(frozen=True)
class Source:
    """One source of captures."""

    number: int  # first digit of its clip ids
    folders: tuple[str, ...]
    suffixes: tuple[str, ...]
    title: str
    license: str
    credit: str
    rates: Mapping[str, float] = field(default_factory=dict)  # by file name pattern, where files are wrong
    z_up: bool = False

    def true_rate(self, file_name: str) -> float | None:
        """Frames a second of a file that gives them wrongly or not at all; None where the file is right."""
        return next((fps for pattern, fps in self.rates.items() if fnmatch(file_name, pattern)), None)


_CMU_LICENSE = "CMU Graphics Lab: free for research and commercial use, no resale of the data itself"
_CMU_CREDIT = (
    "The data used in this project was obtained from mocap.cs.cmu.edu. The database was created with "
    "funding from NSF EIA-0196217."
)

SOURCES: dict[str, Source] = {
    "bandai-namco": Source(
        number=1,
        folders=("bandai-namco-1", "bandai-namco-2"),
        suffixes=(".bvh",),
        title="Bandai-Namco-Research-Motiondataset 1 and 2",
        license="CC BY-NC 4.0",
        credit="Bandai Namco Research Inc.; Kobayashi et al., Motion Capture Dataset for Practical Use of "
        "AI-based Motion Editing and Stylization, arXiv:2306.08861",
    ),
    "cmu": Source(
        number=2,
        folders=("cmu",),
        suffixes=(".amc", ".bvh"),
        title="CMU Graphics Lab Motion Capture Database",
        license=_CMU_LICENSE,
        credit=_CMU_CREDIT,
        rates={"*.amc": 60.0},  # at this rate jumping bodies fall with about 10 m/s^2
    ),
    "accad": Source(
        number=3,
        folders=("accad",),
        suffixes=(".bvh",),
        title="ACCAD Open Motion Data Project",
        license="CC BY 3.0",
        credit="Advanced Computing Center for the Arts and Design (ACCAD), The Ohio State University",
    ),
    "cmu-extra": Source(
        number=4,
        folders=("cmu-extra",),
        suffixes=(".npz",),
        title="CMU Graphics Lab Motion Capture Database, further trials",
        license=_CMU_LICENSE,
        credit=_CMU_CREDIT,
        rates={"PickUpBox_*": 12.0},  # CMU's subject 115, captured at 60 fps; the files say 24
    ),
    "cmu-salsa": Source(
        number=5,
        folders=("cmu-salsa",),
        suffixes=(".bvh",),
        title="CMU Graphics Lab Motion Capture Database, salsa (subjects 60 and 61)",
        license=_CMU_LICENSE,
        credit=_CMU_CREDIT,
        rates={"*": 60.0},  # the files say 120: the dancers would take five steps a second
    ),
    "animated-drawings": Source(
        number=6,
        folders=("animated-drawings",),
        suffixes=(".bvh",),
        title="Motions of AnimatedDrawings",
        license="MIT",
        credit="Copyright (c) Meta Platforms, Inc. and affiliates "
        "(github.com/facebookresearch/AnimatedDrawings)",
        z_up=True,
    ),
    "mesh2motion": Source(
        number=7,
        folders=("mesh2motion",),
        suffixes=(".glb",),
        title="Mesh2Motion animation libraries",
        license="CC0 1.0",
        credit="Mesh2Motion (no credit asked for)",
    ),
    "hdm05": Source(
        number=8,
        folders=("hdm05",),
        suffixes=(".amc",),
        title="HDM05 motion capture database, cut clips",
        rates={"*.amc": 120.0},
        license="CC BY-SA 3.0",
        credit="Müller, Röder, Clausen, Eberhardt, Krüger, Weber: Documentation Mocap Database HDM05, "
        "technical report CG-2007-2, Universität Bonn",
    ),
}

_FREE = ("cmu", "accad", "cmu-extra", "cmu-salsa", "animated-drawings", "mesh2motion")

MIXES: dict[str, tuple[str, ...]] = {
    "open-free": _FREE,
    "open": ("bandai-namco", *_FREE),
    "all": ("bandai-namco", *_FREE, "hdm05"),
}

_KIT_ML = (
    "Some captions are sentences of KIT-ML (Plappert et al., Big Data 4(4), 2016), which is published "
    "without a licence."
)

# What the licences allow for a model that was trained on the mix.
MIX_TERMS: dict[str, str] = {
    "open-free": "Every capture's licence allows commercial use, of a model trained on them too; give the "
    "credits below. The CMU data itself must not be sold. " + _KIT_ML,
    "open": "Bandai-Namco's data is CC BY-NC 4.0: use a model trained on this mix for non-commercial "
    "purposes only, and give the credits below. The CMU data itself must not be sold. " + _KIT_ML,
    "all": "HDM05 is share-alike (CC BY-SA 3.0) and Bandai-Namco's data non-commercial (CC BY-NC 4.0); what "
    "is released cannot meet both. Use this mix for private experiments, and release neither the data nor a "
    "model trained on it.",
}

# Captures that are not used, by "source/file" or "source/file/take", and why.
EXCLUDED: dict[str, str] = {
    "cmu/16_11": "angles of another skeleton than the subject's",
    "cmu/127_01": "calibration (a pose held)",
    "cmu/127_02": "calibration (range of motion)",
    "cmu/135_08": "calibration (a pose held)",
}
EXCLUDED |= {
    f"cmu-extra/{trial}": "same trial as in cmu"
    for trial in (
        "14_06", "14_07", "14_08", "14_09", "16_01", "16_02", "16_03", "16_04", "16_05", "16_06", "16_07",
        "16_09", "49_02", "49_03", "49_04", "49_06", "49_07", "49_08",
    )
}  # fmt: skip
EXCLUDED |= {
    f"mesh2motion/{library}/{take}": "floats: has no floor"
    for library, take in (
        ("human-addon_8332a1ef", "Flying Forward"),
        ("human-addon_8332a1ef", "Flying Forward Super"),
        ("human-addon_8332a1ef", "Levitate Entrance"),
        ("human-addon_8332a1ef", "Levitate Idle"),
        ("human-base_07962f0f", "Jump_Loop"),
        ("human-base_07962f0f", "Swim_Fwd_Loop"),
        ("human-base_07962f0f", "Swim_Idle_Loop"),
    )
}
EXCLUDED |= {
    f"mesh2motion/{library}/{take}": "moves without leaving the spot"
    for library, take in (
        ("human-addon_8332a1ef", "Crawl"),
        ("human-addon_8332a1ef", "Run Anime"),
        ("human-base_07962f0f", "Crouch_Fwd_Loop"),
        ("human-base_07962f0f", "Jog_Fwd_Loop"),
        ("human-base_07962f0f", "Push_Loop"),
        ("human-base_07962f0f", "Sprint_Loop"),
        ("human-base_07962f0f", "Walk"),
        ("human-base_07962f0f", "Walk_Formal_Loop"),
        ("human-base_07962f0f", "Walk_Loop"),
    )
}
EXCLUDED |= {
    f"mesh2motion/{library}/{take}": "a single pose"
    for library, take in (
        ("human-addon_8332a1ef", "Rest Pose"),
        ("human-base_07962f0f", "A_TPose"),
        ("human-base_07962f0f", "T-Pose"),
        ("human-base_07962f0f", "Pistol_Aim_Down"),
        ("human-base_07962f0f", "Pistol_Aim_Neutral"),
        ("human-base_07962f0f", "Pistol_Aim_Up"),
    )
}
