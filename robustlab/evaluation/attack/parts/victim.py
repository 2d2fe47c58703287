"""The attacked classifier, as TextAttack sees it."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from textattack.models.wrappers import HuggingFaceModelWrapper
from torch import Tensor

from robustlab.evaluation.attack.engine import ask
from robustlab.evaluation.attack.services import Service
from robustlab.models import Loaded, Text


class Victim(HuggingFaceModelWrapper):
    """A classifier that answers through a service; gradients, for white-box recipes, are TextAttack's own.

    Args:
        loaded: The classifier and its tokenizer.
        service: Answers texts with logits [c].
    """

    def __init__(self, loaded: Loaded, service: Service) -> None:
        super().__init__(*loaded)
        self.service = service

    def __call__(self, text_input_list: Sequence[Text]) -> Tensor:
        """Logits [n c]."""
        return torch.stack(ask(self.service, text_input_list))
