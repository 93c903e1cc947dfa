"""Training, data and evaluation for RAM: run from a clone, never part of the wheel."""

from pathlib import Path

CONFIGS = Path(__file__).parent / "configs"
"""The folder of configurations and rehearsal prompts."""
