"""Checkpoints: pipeline folders on the disk, in the package and on the Hub.

`folder` knows the layout, `configs` and `weights` the files of a part, `backbone` those of the text backbone,
`hub` the Hugging Face Hub, `card` what users read, `lora` changes to a checkpoint.
"""

from ram_sdk.checkpoint.backbone import load_text_backbone, shipped_text_backbone
from ram_sdk.checkpoint.card import describe, licence_of
from ram_sdk.checkpoint.configs import read_json, write_json
from ram_sdk.checkpoint.errors import CheckpointError
from ram_sdk.checkpoint.folder import (
    COMPONENTS,
    add_component,
    find,
    load_component,
    locate,
    read_index,
    read_known_actions,
    save,
)
from ram_sdk.checkpoint.hub import HubOptions, push
from ram_sdk.shipped import DEFAULT, INDEX, SHIPPED

__all__ = [
    "COMPONENTS",
    "DEFAULT",
    "INDEX",
    "SHIPPED",
    "CheckpointError",
    "HubOptions",
    "add_component",
    "describe",
    "find",
    "licence_of",
    "load_component",
    "load_text_backbone",
    "locate",
    "push",
    "read_index",
    "read_json",
    "read_known_actions",
    "save",
    "shipped_text_backbone",
    "write_json",
]
