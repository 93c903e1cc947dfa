"""Everyday actions that are missing in the captures, authored as keyframes on the uniform skeleton.

`actions/*.json` are the keyframes (see `script.py`), `rig.py` is the inverse kinematics, and `perform.py`
animates them. Nothing here comes from a capture: the licence is CC0.
"""

from training.open_data.authored.perform import perform
from training.open_data.authored.script import script_files, takes_of

__all__ = ["perform", "script_files", "takes_of"]
