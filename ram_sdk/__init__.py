"""Text to human motion with the Reconstruction-Anchored Diffusion Model (RAM)."""

__version__ = "0.1.0"
