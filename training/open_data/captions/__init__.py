"""Captions in the manner of HumanML3D's annotators, written from labels and checked against the motion."""

from training.open_data.captions.build import captions_for
from training.open_data.captions.check import check_caption, claims
from training.open_data.captions.human import HumanCaption, covered, read_human_captions
from training.open_data.captions.text import mirror_text, text_line

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
