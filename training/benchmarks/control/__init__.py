"""Constraints at sampling time, measured on captures and beside other ways of meeting them."""
