"""Contrast at the scales of tokens, sentences and documents: losses, their geometry, where negatives come from."""

from robustlab.contrastive.caching import cached_backward, cached_terms
from robustlab.contrastive.corpus import Text, read_texts
from robustlab.contrastive.documents import contradicted, spans
from robustlab.contrastive.engines import Engine, InBatch, MemoryBank, MomentumQueue, Prototypes
from robustlab.contrastive.geometry import alignment, effective_rank, uniformity
from robustlab.contrastive.losses import info_nce, nt_xent, supervised_contrastive
from robustlab.contrastive.momentum import MomentumEncoder
from robustlab.contrastive.sentences import HardNegative, antonym, coverage, hard_negative, negated, swapped_slot
from robustlab.contrastive.tokens import masked_tokens, replaced_token_detection, token_contrast
from robustlab.contrastive.views import View, compose, edited, substituted, unchanged

__all__ = [
    "Engine",
    "HardNegative",
    "InBatch",
    "MemoryBank",
    "MomentumEncoder",
    "MomentumQueue",
    "Prototypes",
    "Text",
    "View",
    "alignment",
    "antonym",
    "cached_backward",
    "cached_terms",
    "compose",
    "contradicted",
    "coverage",
    "edited",
    "effective_rank",
    "hard_negative",
    "info_nce",
    "masked_tokens",
    "negated",
    "nt_xent",
    "read_texts",
    "replaced_token_detection",
    "spans",
    "substituted",
    "supervised_contrastive",
    "swapped_slot",
    "token_contrast",
    "unchanged",
    "uniformity",
]
