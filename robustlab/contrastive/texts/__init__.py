"""Texts for contrast: hard negatives, views that keep a meaning, spans of documents, unlabelled corpora."""

from robustlab.contrastive.texts.corpus import Text, read_texts
from robustlab.contrastive.texts.documents import contradicted, spans
from robustlab.contrastive.texts.sentences import HardNegative, antonym, coverage, hard_negative, negated, swapped_slot
from robustlab.contrastive.texts.views import View, compose, edited, substituted, unchanged

__all__ = [
    "HardNegative",
    "Text",
    "View",
    "antonym",
    "compose",
    "contradicted",
    "coverage",
    "edited",
    "hard_negative",
    "negated",
    "read_texts",
    "spans",
    "substituted",
    "swapped_slot",
    "unchanged",
]
