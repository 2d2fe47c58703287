"""Contrast at the scales of tokens, sentences and documents: losses, their geometry, where negatives come from."""

from robustlab.contrastive.caching import cached_backward, cached_terms
from robustlab.contrastive.engines import Engine, InBatch, MemoryBank, MomentumQueue, Prototypes
from robustlab.contrastive.geometry import alignment, effective_rank, relative_alignment, uniformity
from robustlab.contrastive.losses import info_nce, nt_xent, supervised_contrastive
from robustlab.contrastive.momentum import MomentumEncoder
from robustlab.contrastive.tokens import masked_tokens, replaced_token_detection, token_contrast

__all__ = [
    "Engine",
    "InBatch",
    "MemoryBank",
    "MomentumEncoder",
    "MomentumQueue",
    "Prototypes",
    "alignment",
    "cached_backward",
    "cached_terms",
    "effective_rank",
    "info_nce",
    "masked_tokens",
    "nt_xent",
    "relative_alignment",
    "replaced_token_detection",
    "supervised_contrastive",
    "token_contrast",
    "uniformity",
]
