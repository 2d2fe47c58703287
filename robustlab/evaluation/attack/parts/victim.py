"""The attacked classifier, as TextAttack sees it."""

from __future__ import annotations

from collections.abc import Sequence

from textattack.models.wrappers import HuggingFaceModelWrapper
from torch import Tensor

from robustlab.evaluation.attack.served import Served
from robustlab.models import Loaded, Text


class Victim(HuggingFaceModelWrapper):
    """A classifier that answers through a service; gradients, for white-box recipes, are TextAttack's own.

    Args:
        loaded: The classifier and its tokenizer.
        served: Answers texts with logits.
    """

    def __init__(self, loaded: Loaded, served: Served) -> None:
        super().__init__(*loaded)
        self.served = served

    def __call__(self, text_input_list: Sequence[Text]) -> Tensor:
        """Logits [n c]."""
        return self.served(text_input_list)
