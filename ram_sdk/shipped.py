"""The checkpoints in the package."""

from pathlib import Path

ASSETS = Path(__file__).parent / "assets"
INDEX = "model_index.json"
SHIPPED = {path.parent.name: path.parent for path in sorted(ASSETS.glob(f"checkpoints/*/{INDEX}"))}
"""Their folders by name."""
DEFAULT = "open-small"
"""The default checkpoint."""
