"""What is known about one clip of the open data set."""

from dataclasses import dataclass


@dataclass(frozen=True)
class ClipInfo:
    """Where a clip comes from and what its source says about it.

    `file` is the stem of the captured file ('02_01', 'Male2_B15_WalkTurnAround',
    'dataset-2_wave-left-hand_happy_012'); `take` names the animation in files that hold several and is
    empty elsewhere. `label` is the source's own short description, empty where there is none. `actions`,
    `manner`, `object` and `woman` (whether the performer is known to be one) are what `labels.json` says.
    """

    clip_id: str
    source: str  # a key of `training.open_data.sources.SOURCES`
    file: str
    take: str
    start_seconds: float
    end_seconds: float
    performer: str
    label: str
    license: str
    credit: str
    actions: tuple[str, ...] = ()
    manner: str = ""
    object: str = ""
    woman: bool = False
