"""Captions in the manner of HumanML3D's annotators, written from labels and checked against the motion."""

from .build import captions_for
from .check import check_caption, claims
from .human import HumanCaption, covered, read_human_captions
from .text import mirror_text, text_line

__all__ = [
    "HumanCaption",
    "captions_for",
    "check_caption",
    "claims",
    "covered",
    "mirror_text",
    "read_human_captions",
    "text_line",
]
