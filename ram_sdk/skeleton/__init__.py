"""Joints, skeletons and the 263/251 motion features; knows nothing of networks or files."""
