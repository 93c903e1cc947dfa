"""Composed motion: real clips joined, overlaid, bent along curves, retimed, repeated, or held in standing."""

from training.open_data.composition.plan import KINDS, Composed, add_composed, compose
from training.open_data.composition.pool import Pool
from training.open_data.composition.sources import Language

__all__ = ["KINDS", "Composed", "Language", "Pool", "add_composed", "compose"]
