"""Captions in the manner of HumanML3D's annotators, written from labels and checked against the motion."""

from .build import captions_for
from .check import check_caption
from .text import mirror_text, text_line
from .trials import HumanCaption, covered, read_human_captions

__all__ = [
    "HumanCaption",
    "captions_for",
    "check_caption",
    "covered",
    "mirror_text",
    "read_human_captions",
    "text_line",
]
