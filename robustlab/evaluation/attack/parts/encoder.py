"""A sentence encoder that answers through a service, in the place of one that a recipe names."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from textattack.constraints.semantics.sentence_encoders import SentenceEncoder
from textattack.shared import AttackedText
from torch import Tensor

from robustlab.evaluation.attack.served import Served


class ServedEncoder(SentenceEncoder):
    """The constraint of another encoder, with its metric, threshold and window, on our embeddings.

    Args:
        replaced: The recipe's own constraint.
        served: Answers texts with embeddings.
    """

    def __init__(self, replaced: SentenceEncoder, served: Served) -> None:
        self.__dict__.update(vars(replaced))
        self.served, self.model = served, self  # TextAttack asks `self.model` where it compares a single pair

    def encode(self, sentences: Sequence[str]) -> Tensor:
        """Embeddings [n d]."""
        return self.served(sentences)

    def _score_list(self, starting_text: AttackedText, transformed_texts: Sequence[AttackedText]) -> Tensor:
        """A text shorter than the window is let through whatever its score, so that none is computed for it."""
        if not self.skip_text_shorter_than_window:
            return super()._score_list(starting_text, transformed_texts)
        compared = [number for number, text in enumerate(transformed_texts) if len(text.words) >= self.window_size]
        scores = torch.ones(len(transformed_texts))
        if compared:
            scores[compared] = super()._score_list(starting_text, [transformed_texts[number] for number in compared])
        return scores
