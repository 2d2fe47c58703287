"""What all cells of the reasoning studies share: documents, the start they go on from, and how they are measured."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from robustlab.corpora.documents import PERTURBATIONS


@dataclass(frozen=True, kw_only=True)
class Protocol:
    """One profile: how large everything is.

    Every cell of a seed goes on from the same checkpoint and sees the same number of examples, whatever its batch size,
    its share of adversarial steps or its number of documents. Nothing is tuned for any method, and nothing is chosen on
    the documents that are reported.

    Attributes:
        name: Of the profile.
        model: "small", the sentence reasoner from scratch; "recorded", the one that the book keeps, or a small one
            where the book is not; or a model of transformers by name.
        sentences: Of a document.
        start_sentences: Of the longest documents that the start learns from.
        start_steps: Optimiser steps of standard training before the methods part; 0 for a model that needs none.
        pool: Training documents that the methods share.
        examples: Documents seen by a method, repeats counted.
        batch_size: Where a study does not vary it.
        learning_rate: At `batch_size`; other sizes take it times √(size/batch_size).
        documents: That are measured, from the dev split.
        levels: Of the perturbations they are measured under.
        draws: Variants of each kind and level.
        sensitive: Documents whose Adversarial Sensitivity is measured.
        steps: Of the ascent that measures it.
        restarts: Of that ascent.
        seeds: Where none are given.
    """

    name: str
    model: str
    sentences: int
    start_sentences: int
    start_steps: int
    pool: int
    examples: int
    documents: int
    sensitive: int
    levels: tuple[str, ...]
    draws: int
    seeds: tuple[int, ...]
    batch_size: int = 32
    learning_rate: float = 3e-4
    steps: int = 20  # five find a third of what twenty find
    restarts: int = 1

    @property
    def kinds(self) -> tuple[str, ...]:
        """Of the perturbations: all of them."""
        return PERTURBATIONS

    def rate(self, batch_size: int) -> float:
        """The learning rate at a batch size: with its square root, as Adam's noise goes."""
        return self.learning_rate * (batch_size / self.batch_size) ** 0.5

    def optimiser_steps(self, batch_size: int) -> int:
        """So many that the examples seen are those of the profile."""
        return max(1, self.examples // batch_size)


PROFILES: Mapping[str, Protocol] = MappingProxyType(
    {
        profile.name: profile
        for profile in (
            Protocol(
                name="smoke",
                model="recorded",
                sentences=8,
                start_sentences=8,
                start_steps=400,
                pool=128,
                examples=256,
                documents=16,
                sensitive=8,
                levels=("medium",),
                draws=1,
                seeds=(0,),
                steps=3,
                restarts=1,
            ),
            Protocol(
                name="laptop",
                model="small",
                sentences=24,
                start_sentences=48,
                start_steps=1800,
                pool=1536,
                examples=2048,
                documents=100,
                sensitive=32,
                levels=("easy", "medium", "hard", "extreme"),
                draws=1,
                seeds=(0, 1, 2),
                learning_rate=4e-4,
            ),
            Protocol(
                name="gpu",
                model="google-t5/t5-base",
                sentences=48,
                start_sentences=48,
                start_steps=2000,
                pool=20000,
                examples=64000,
                documents=500,
                sensitive=500,
                levels=("easy", "medium", "hard", "extreme"),
                draws=6,
                seeds=(0, 1, 2),
                learning_rate=1e-4,
                steps=20,
                restarts=3,
            ),
        )
    }
)


def profile(name: str) -> Protocol:
    """Look a profile up.

    Raises: ValueError: If there is none of this name; the message names the nearest.
    """
    if name in PROFILES:
        return PROFILES[name]
    nearest = difflib.get_close_matches(name, PROFILES, n=1)
    guess = f"did you mean {nearest[0]!r}? " if nearest else ""
    raise ValueError(f"unknown profile {name!r}: {guess}expected one of {', '.join(PROFILES)}")
