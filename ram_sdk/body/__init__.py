"""Joint rotations, bodies and meshes from joint positions."""
