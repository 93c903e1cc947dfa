"""Training, data and evaluation for RAM: run from a clone, never part of the wheel."""

from pathlib import Path

CONFIGS = Path(__file__).parent / "configs"
"""Where the configurations and the prompts of the rehearsal lie."""
