"""Exact worst-case accuracy under certified word substitutions, and the greedy attack to hold against it.

A review of the built-in corpus comes with every text that means the same. Reading them all replaces the search of an
attack by an enumeration, so the worst case is known: no attack restricted to these substitutions can do better.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING

import torch
from torch import Tensor

if TYPE_CHECKING:
    from robustlab.corpora.reviews import Review

Predict = Callable[[list[str]], Tensor]
"""Texts -> logits [n c]."""


@dataclass(frozen=True, eq=False)
class WorstCase:
    """What a search over substitutions found, one entry a review.

    Attributes:
        clean: Whether the text as written is classified correctly.
        robust: Whether every text that was read is.
        tried: Number of texts that were read; for `worst_case`, the number of variants.
        margins: Lowest margin found: the label's logit less the largest other logit; correct means positive.
        texts: The text with that margin: the one as written if none is lower, else the first that is lowest.
    Shapes: clean, robust, tried, margins [n].
    """

    clean: Tensor
    robust: Tensor
    tried: Tensor
    margins: Tensor
    texts: tuple[str, ...]

    @property
    def clean_accuracy(self) -> float:
        """Share of reviews that are classified correctly as written."""
        return self.clean.double().mean().item()

    @property
    def robust_accuracy(self) -> float:
        """Share of reviews of which every text that was read is classified correctly."""
        return self.robust.double().mean().item()


def worst_case(
    predict: Predict, reviews: Sequence[Review], *, batch_size: int = 256, progress: bool = False
) -> WorstCase:
    """Classify every label-preserving variant of every review.

        robust accuracy = 1/n Σᵢ min over v in V(i) of [margin(v) > 0]

    Args:
        predict: Texts to logits, as `robustlab.models.predictor` makes it.
        reviews: Reviews with their certified slots.
        batch_size: Variants handed to `predict` at once, across reviews.
        progress: Show a progress bar.
    Raises: ValueError: If there are no reviews, or `predict` returns logits of a wrong shape or not finite.
    """
    search = _Search(predict, reviews, batch_size)
    candidates = _others(reviews)
    search.read(_shown(candidates, sum(review.count - 1 for review in reviews)) if progress else candidates)
    return search.result()


def greedy(predict: Predict, reviews: Sequence[Review], *, batch_size: int = 256) -> WorstCase:
    """Attack each review one slot at a time, left to right, keeping the word that lowers the margin most.

    What an attack finds bounds the exact robust accuracy from above; the two are equal where a review has one slot.

    Args:
        predict: Texts to logits.
        reviews: Reviews with their certified slots.
        batch_size: Texts handed to `predict` at once, across reviews.
    Raises: ValueError: If there are no reviews, or `predict` returns logits of a wrong shape or not finite.
    """
    search = _Search(predict, reviews, batch_size)
    for turn in range(max(len(review.slots) for review in reviews)):
        search.read(list(_neighbours(reviews, search.texts, turn)))
    return search.result()


def _others(reviews: Sequence[Review]) -> Iterator[tuple[int, str]]:
    """Every variant but the text as written, which the search has read already."""
    for index, review in enumerate(reviews):
        for text in review.variants():
            if text != review.text:
                yield index, text


def _neighbours(reviews: Sequence[Review], texts: Sequence[str], turn: int) -> Iterator[tuple[int, str]]:
    """Each review's texts that differ from its worst so far in its slot number `turn` alone."""
    for index, (review, text) in enumerate(zip(reviews, texts, strict=True)):
        if turn >= len(review.slots):
            continue
        position = sorted(review.slots)[turn]
        words = text.split(" ")
        for word in review.slots[position]:
            if word != words[position]:
                yield index, " ".join((*words[:position], word, *words[position + 1 :]))


class _Search:
    """The lowest margins so far, one a review; starts from the texts as written."""

    def __init__(self, predict: Predict, reviews: Sequence[Review], batch_size: int) -> None:
        if not reviews:
            raise ValueError("expected at least one review, got none")
        if batch_size < 1:
            raise ValueError(f"batch_size must be positive, got {batch_size}")
        self.predict, self.reviews, self.batch_size = predict, reviews, batch_size
        self.margins = [float("inf")] * len(reviews)
        self.tried = [0] * len(reviews)
        self.texts = [review.text for review in reviews]
        self.read(list(enumerate(self.texts)))
        self.clean = list(self.margins)

    def read(self, candidates: Iterable[tuple[int, str]]) -> None:
        """Classify candidates, each a text for one review, and keep the lowest margins."""
        stream = iter(candidates)
        while batch := list(islice(stream, self.batch_size)):
            texts = [text for _, text in batch]
            margins = self._margins(texts, [self.reviews[index].label for index, _ in batch])
            for (index, text), margin in zip(batch, margins, strict=True):
                self.tried[index] += 1
                if margin < self.margins[index]:
                    self.margins[index], self.texts[index] = margin, text

    def _margins(self, texts: list[str], labels: list[int]) -> list[float]:
        logits = self.predict(texts).detach().double().cpu()
        if logits.ndim != 2 or logits.shape[0] != len(texts) or logits.shape[1] <= max(1, *labels):
            raise ValueError(
                f"predict must return logits [{len(texts)} c], one column a label, got {list(logits.shape)}"
            )
        finite = logits.isfinite().all(dim=1)
        if not finite.all():
            bad = int((~finite).nonzero()[0])
            raise ValueError(f"predict must return finite logits, got {logits[bad].tolist()} for {texts[bad]!r}")
        own = torch.tensor(labels)[:, None]
        others = logits.scatter(1, own, float("-inf")).amax(dim=1)
        return (logits.gather(1, own).squeeze(1) - others).tolist()

    def result(self) -> WorstCase:
        """Freeze what was found."""
        margins = torch.tensor(self.margins, dtype=torch.float64)
        clean = torch.tensor(self.clean, dtype=torch.float64) > 0
        return WorstCase(clean, margins > 0, torch.tensor(self.tried), margins, tuple(self.texts))


def _shown(candidates: Iterable[tuple[int, str]], total: int) -> Iterator[tuple[int, str]]:
    from tqdm.auto import tqdm

    return iter(tqdm(candidates, total=total, desc="variants", unit="text", unit_scale=True))
