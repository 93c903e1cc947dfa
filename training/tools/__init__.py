"""Tools that build the package's assets."""
