"""Contrast at the scales of tokens, sentences and documents: losses, their geometry, where negatives come from."""

from robustlab.contrastive.corpus import Text, read_texts
from robustlab.contrastive.documents import contradicted, spans
from robustlab.contrastive.sentences import HardNegative, antonym, coverage, hard_negative, negated, swapped_slot
from robustlab.contrastive.views import View, compose, edited, substituted, unchanged

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
