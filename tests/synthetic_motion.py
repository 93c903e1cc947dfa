"""The benchmark's synthetic motion of known rotations, for tests."""

from training.benchmarks.synthetic_motion import angle_between, natural_poses

__all__ = ["angle_between", "natural_poses"]
