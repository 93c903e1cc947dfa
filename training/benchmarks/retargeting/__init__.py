"""Retargeting to characters of many rigs, measured on the written files."""
