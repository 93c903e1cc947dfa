"""Benchmarks of speed and accuracy against other implementations."""
