"""A model that reads texts, behind a service."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from typing import Any

import torch
from torch import Tensor

from robustlab.evaluation.attack.engine import ask
from robustlab.evaluation.attack.services import Service
from robustlab.models import Text


class Served:
    """Texts -> a row for each [n c].

    Texts that give the same tokens are one item to the service: the model cannot tell them apart, and they get the
    very same answer. In batches of their own they would differ in the last digit of float32, by which a search would
    prefer one unknown word to another.

    Args:
        name: What error messages and counts call the model.
        tokens: Texts as the model reads them.
        rows: What it makes of distinct ones of those.
        remembered: Answers kept.

    Attributes:
        service: Who answers, with its counters.
    """

    def __init__(
        self,
        name: str,
        tokens: Callable[[Sequence[Any]], Sequence[Hashable]],
        rows: Callable[[list[Any]], Tensor],
        *,
        remembered: int,
    ) -> None:
        self.tokens = tokens
        self.service = Service(name, lambda items: rows(items).unbind(), remembered=remembered)

    def __call__(self, texts: Sequence[Text]) -> Tensor:
        """Ask, from inside a search or outside of any."""
        return torch.stack(ask(self.service, self.tokens(texts)))
