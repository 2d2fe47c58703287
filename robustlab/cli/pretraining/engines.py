"""Engines by the name that was typed, of a size that suits the texts and the encoder."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType

from robustlab.contrastive.engines import Engine, InBatch, MemoryBank, MomentumQueue, Prototypes

QUEUE = 4096  # keys: many batches, and still from weights of not long ago
FEWEST = 8  # clusters; an eighth of the sentences at most
CLUSTERS = (32, 128)

Sized = Callable[[int, int, float, int], Engine]
"""How many sentences, how wide, τ, sentences in a batch -> the engine."""

ENGINES: Mapping[str, Sized] = MappingProxyType(
    {
        "batch": lambda sentences, width, temperature, batch: InBatch(temperature),
        "queue": lambda sentences, width, temperature, batch: MomentumQueue(width, max(QUEUE, 4 * batch), temperature),
        "bank": lambda sentences, width, temperature, batch: MemoryBank(
            sentences,
            width,
            temperature,
            symmetric=True,  # without its view in the loss an encoder learns nothing of it
        ),
        "prototypes": lambda sentences, width, temperature, batch: Prototypes(
            sorted({max(2, min(k, max(FEWEST, sentences // FEWEST))) for k in CLUSTERS}), sentences, width, temperature
        ),
    }
)
"""Name -> the engine, with the values of its source where the texts allow them."""


def check(what: str, name: str, known: Iterable[str]) -> None:
    """Refuse an engine or a view that there is none of.

    Raises: ValueError: The message names the nearest.
    """
    if name not in (names := list(known)):
        nearest = difflib.get_close_matches(name, names, n=1)
        guess = f"did you mean {nearest[0]!r}? " if nearest else ""
        raise ValueError(f"unknown {what} {name!r}: {guess}expected one of {', '.join(names)}")
