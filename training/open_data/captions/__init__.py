"""Captions in natural wording: templates for each action, filled from and checked against the motion."""

from training.open_data.captions.build import captions_for, verb_phrases
from training.open_data.captions.check import check_caption, claims
from training.open_data.captions.human import HumanCaption, covered, human_windows, read_human_captions
from training.open_data.captions.inflect import base_form, gerund
from training.open_data.captions.sentences import fitting, read_sentences
from training.open_data.captions.speeds import action_quantiles, tempo, write_speeds
from training.open_data.captions.text import text_line

__all__ = [
    "HumanCaption",
    "action_quantiles",
    "base_form",
    "captions_for",
    "check_caption",
    "claims",
    "covered",
    "fitting",
    "gerund",
    "human_windows",
    "read_human_captions",
    "read_sentences",
    "tempo",
    "text_line",
    "verb_phrases",
    "write_speeds",
]
