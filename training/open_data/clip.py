"""Metadata of one clip of the open data set."""

from dataclasses import dataclass


@dataclass(frozen=True)
class ClipInfo:
    """Where a clip comes from and what its source says about it.

    `file` is the stem of the captured file ('02_01', 'Male2_B15_WalkTurnAround',
    'dataset-2_wave-left-hand_happy_012'); `take` is the name of the animation in files with several,
    otherwise empty. `label` is the source's own short description, or empty. `actions`, `manner`, `object`
    and `woman` (whether the performer is known to be a woman) are from `labels.json`.
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
