"""Models: any sequence classifier of transformers, MiniLM, and tiny ones that need no network."""

from robustlab.models.encoders import Encoder, load_encoder, represent
from robustlab.models.encoding import Predict, predictor, tokenise
from robustlab.models.loading import Loaded, load
from robustlab.models.reading import Reader, Text
from robustlab.models.tiny import (
    ARCHITECTURES,
    GENERATORS,
    tiny_architecture,
    tiny_batch,
    tiny_generation_batch,
    tiny_generator,
)

__all__ = [
    "ARCHITECTURES",
    "GENERATORS",
    "Encoder",
    "Loaded",
    "Predict",
    "Reader",
    "Text",
    "load",
    "load_encoder",
    "predictor",
    "represent",
    "tiny_architecture",
    "tiny_batch",
    "tiny_generation_batch",
    "tiny_generator",
    "tokenise",
]
