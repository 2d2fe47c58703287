"""Where the loss is looked at: one batch, one site, the loss as a function of an offset."""

from robustlab.landscape.attention import SelfAttention, biased, find_attentions
from robustlab.landscape.base import Landscape, Path, Reading
from robustlab.landscape.quadratic import QuadraticLandscape
from robustlab.landscape.sites import Site, embedding_site
from robustlab.landscape.transformer import TransformerLandscape

__all__ = [
    "Landscape",
    "Path",
    "QuadraticLandscape",
    "Reading",
    "SelfAttention",
    "Site",
    "TransformerLandscape",
    "biased",
    "embedding_site",
    "find_attentions",
]
