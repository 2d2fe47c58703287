"""What a reasoner is taught, and how fast: documents of growing length, made as they are needed or from a fixed set."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch

from robustlab.ascent.checks import positive
from robustlab.corpora.documents import Document
from robustlab.randomness import key

Source = Callable[[int, int, tuple[int, int]], Sequence[Document]]
"""(number of the first document, how many, least and most sentences) -> documents."""


@dataclass(frozen=True)
class Stage:
    """Some steps on documents of like length.

    Attributes:
        steps: Optimiser steps.
        sentences: Least and most sentences of a document.

    Raises: ValueError: If there are no steps or no such lengths.
    """

    steps: int
    sentences: tuple[int, int]

    def __post_init__(self) -> None:
        positive("steps", self.steps)
        low, high = self.sentences
        if not 1 <= low <= high:
            raise ValueError(f"sentences must be (least, most), got {self.sentences}")


@dataclass(frozen=True, kw_only=True)
class Lessons:
    """What a reasoner is taught, and how fast.

    Short documents first: finding a fact among five sentences is learned in minutes, among fifty hardly ever; but who
    can do the one soon does the other.

    Attributes:
        stages: In order.
        batch_size: Documents a step.
        learning_rate: AdamW's highest, after `warmup` steps; over the last `fall` of all steps it falls to 0.
        warmup: Steps.
        fall: Share of the steps.
        weight_decay: AdamW's.
        clip: Longest gradient.
        validate_every: Steps between looks at the validation documents.

    Raises: ValueError: If there are no stages, or a number is out of range.
    """

    stages: tuple[Stage, ...]
    batch_size: int = 64
    learning_rate: float = 2e-3
    warmup: int = 50
    fall: float = 0.6
    weight_decay: float = 0.01
    clip: float = 1.0
    validate_every: int = 100

    def __post_init__(self) -> None:
        if not self.stages:
            raise ValueError("expected at least one stage, got none")
        for name in ("batch_size", "learning_rate", "clip", "validate_every"):
            positive(name, getattr(self, name))
        if self.warmup < 0 or self.weight_decay < 0:
            raise ValueError(f"warmup and weight_decay must be 0 or more, got {self.warmup} and {self.weight_decay}")
        if not 0 <= self.fall <= 1:
            raise ValueError(f"fall must be a share of the steps, 0 to 1, got {self.fall}")

    @property
    def steps(self) -> int:
        """Of all stages."""
        return sum(stage.steps for stage in self.stages)

    def sentences(self, step: int) -> tuple[int, int]:
        """Least and most sentences of the documents of a step, counted from 0."""
        for stage in self.stages:
            if step < stage.steps:
                return stage.sentences
            step -= stage.steps
        return self.stages[-1].sentences

    def rate(self, step: int) -> float:
        """Learning rate of a step, counted from 0."""
        rise = min(1.0, (step + 1) / (self.warmup + 1))
        left = (self.steps - step) / max(1.0, self.fall * self.steps)
        return self.learning_rate * rise * (1.0 if left >= 1 else (1 - math.cos(math.pi * left)) / 2)


def course(longest: int, steps: int) -> Lessons:
    """Lessons for the generated documents: roles are found among few sentences, and then among more and more.

    Most steps are spent on short documents, which cost little: until the model has found who did what, longer ones
    teach it nothing.

    Args:
        longest: Most sentences of a document in the last stage.
        steps: Of all stages; with `methods.supporting_facts`, 1800 are enough for 48 sentences.

    Raises: ValueError: If there are fewer than 4 steps, or no sentences.
    """
    if steps < 4 or longest < 1:
        raise ValueError(f"expected at least 4 steps and 1 sentence, got {steps} and {longest}")
    last = [round(steps * share) or 1 for share in (0.2, 0.15, 0.2)]
    sizes = (steps - sum(last), *last)
    bounds = ((4, 8), (8, 16), (16, 32), (32, longest))
    stages = [
        Stage(size, (min(low, longest), min(high, longest))) for size, (low, high) in zip(sizes, bounds, strict=True)
    ]
    return Lessons(stages=tuple(stages), batch_size=32, learning_rate=2e-3, fall=0.4, validate_every=max(1, steps // 4))


def cycle(documents: Sequence[Document], *, seed: int = 0) -> Source:
    """A fixed set as a source: every pass in another order, which the seed and the pass decide.

    A stage's lengths are not for it to choose, and are ignored.

    Raises: ValueError: If there are no documents.
    """
    if not documents:
        raise ValueError("the training set is empty")

    def draw(first: int, n: int, sentences: tuple[int, int]) -> list[Document]:
        found = []
        for number in range(first, first + n):
            which, place = divmod(number, len(documents))
            generator = torch.Generator().manual_seed(key(seed, "cycle", which))
            found.append(documents[int(torch.randperm(len(documents), generator=generator)[place])])
        return found

    return draw
