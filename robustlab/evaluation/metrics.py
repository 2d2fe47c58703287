"""Accuracy, kept example by example so that two models can be compared on the same ones."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from jaxtyping import Bool
from torch import Tensor

from robustlab.evaluation.statistics import Estimate, proportion

if TYPE_CHECKING:
    from datasets import Dataset

    from robustlab.models import Text

Predict = Callable[[list["Text"]], Tensor]
"""Texts, or pairs of texts -> logits [n c]."""


@dataclass(frozen=True, eq=False)
class Score:
    """What a classifier gets right.

    Attributes:
        correct: Whether each example is classified correctly, in the order of the dataset.
    Shapes: correct [n].
    """

    correct: Bool[Tensor, "n"]

    @property
    def n(self) -> int:
        """Number of examples."""
        return len(self.correct)

    @property
    def accuracy(self) -> float:
        """Share of examples that are classified correctly."""
        return self.interval.value

    @property
    def interval(self) -> Estimate:
        """The accuracy with its 95 % Wilson interval."""
        return proportion(int(self.correct.sum()), self.n)


def accuracy(predict: Predict, dataset: Dataset) -> Score:
    """Classify every row and compare with its label.

    Args:
        predict: Texts to logits, as `robustlab.models.predictor` makes it.
        dataset: Columns `text`, optional `text_pair`, and `label`.

    Raises: ValueError: If there are no rows, or the logits are of a wrong shape, not finite or too few for the labels.
    """
    if len(dataset) == 0:
        raise ValueError("expected at least one example, got none")
    logits, labels = predict(texts(dataset)), torch.tensor(dataset["label"][:])
    if logits.shape[:1] != labels.shape or logits.dim() != 2:
        raise ValueError(f"predict must return logits [{len(labels)} c], got {list(logits.shape)}")
    if labels.min() < 0 or labels.max() >= logits.shape[1]:
        raise ValueError(
            f"the model has {logits.shape[1]} labels, the dataset has labels {int(labels.min())}..{int(labels.max())}; "
            "evaluate a model on the labels it was trained on"
        )
    if not logits.isfinite().all():
        raise ValueError(f"predict must return finite logits, got {int((~logits.isfinite()).any(1).sum())} bad rows")
    return Score(logits.argmax(1).cpu() == labels)


def texts(dataset: Dataset) -> list[Text]:
    """The texts of a dataset as a model reads them: strings, or pairs where there is a `text_pair`."""
    if "text_pair" in dataset.column_names:
        return list(zip(dataset["text"], dataset["text_pair"], strict=True))
    return list(dataset["text"])
