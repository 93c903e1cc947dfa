"""Composed motion: real clips joined, mixed, bent, sped up, repeated and held."""

from training.open_data.composition.plan import KINDS, Composed, add_composed, compose
from training.open_data.composition.pool import Pool
from training.open_data.composition.sources import Language

__all__ = ["KINDS", "Composed", "Language", "Pool", "add_composed", "compose"]
