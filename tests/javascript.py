"""Running the checks of `viewer/` under node, where it is installed."""

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

from tests.requirements import skip_without

VIEWER = Path(__file__).resolve().parents[1] / "viewer"


def run_node(script: str, path: Path, *, needs: str) -> Any:
    """What a script of `viewer/` prints about a file; it needs node and an npm package."""
    node = shutil.which("node")
    if node is None or not (VIEWER / "node_modules" / needs).is_dir():
        skip_without(f"needs node and the npm package {needs}: npm ci --prefix viewer")
    result = subprocess.run(
        [node, script, str(path)], cwd=VIEWER, capture_output=True, text=True, check=True, timeout=120
    )
    return json.loads(result.stdout)
