"""Everyday actions that no capture shows, written as keyframes and played on the uniform skeleton.

`actions/*.json` hold the keyframes (see `script.py`), `rig.py` the inverse kinematics, `perform.py` puts
both together. Nothing here comes from a capture: the licence is CC0.
"""

from training.open_data.authored.perform import perform
from training.open_data.authored.script import script_files, takes_of

__all__ = ["perform", "script_files", "takes_of"]
