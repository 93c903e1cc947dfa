"""Constraints at sampling time, measured on captures and compared with other methods."""
