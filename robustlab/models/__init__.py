"""Models: any sequence classifier of transformers, MiniLM, and tiny ones that need no network."""

from robustlab.models.encoding import Predict, Text, predictor, reader, tokenise
from robustlab.models.loading import Loaded, load
from robustlab.models.tiny import ARCHITECTURES, tiny_architecture, tiny_batch

__all__ = [
    "ARCHITECTURES",
    "Loaded",
    "Predict",
    "Text",
    "load",
    "predictor",
    "reader",
    "tiny_architecture",
    "tiny_batch",
    "tokenise",
]
