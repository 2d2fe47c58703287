"""Where the detectors fire: the scores of every sentence, and how often the highest of them are the ones that count."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import NamedTuple

import numpy as np

from robustlab.ascent.detectors import Chance, Contradiction, Detector, LogicalBreak, Saliency, standardised
from robustlab.ascent.units import units_of
from robustlab.corpora.documents import Document
from robustlab.evaluation.statistics import Estimate, bootstrap_interval
from robustlab.landscape import GenerationLandscape
from robustlab.models.reasoner import Reasoner
from robustlab.randomness import ExampleGenerators

BATCH = 32
ANSWER = {"logical break": LogicalBreak(), "contradiction": Contradiction(), "saliency": Saliency()}
"""Detectors that ask the model about its answer."""
CONTROL = {"chance": Chance()}

Scored = dict[str, np.ndarray]
"""Detector -> the standardised score of each sentence of one document."""


class Hits(NamedTuple):
    """How often the highest sentences are marked ones.

    Attributes:
        found: Share of the first m sentences by score that are marked, m being how many are; over documents.
        chance: The same for an order at random.
        documents: That have a mark.
    """

    found: Estimate
    chance: float
    documents: int


def batches(
    reasoner: Reasoner, documents: Sequence[Document], *, size: int = BATCH
) -> Iterator[tuple[Sequence[Document], GenerationLandscape]]:
    """Documents and their landscapes at the encoder's output, without dropout."""
    for first in range(0, len(documents), size):
        some = documents[first : first + size]
        yield some, GenerationLandscape(reasoner.model, reasoner.batch(some), noise="off")


def scores(
    reasoner: Reasoner, documents: Sequence[Document], detectors: Mapping[str, Detector], *, seed: int = 0
) -> list[Scored]:
    """Standardised scores of every sentence, one dict a document.

    Args:
        reasoner: Whose states.
        documents: With their answers.
        detectors: By name; a probe must be fitted.
        seed: For those that draw.
    """
    found: list[Scored] = []
    for some, landscape in batches(reasoner, documents):
        units = units_of(landscape)
        generator = ExampleGenerators([document.example_id for document in some], seed, "detectors")
        columns = {
            name: standardised(detector(landscape, generator=generator), units.real).double().numpy()
            for name, detector in detectors.items()
        }
        found += [
            {name: column[row, : int(units.number[row])] for name, column in columns.items()}
            for row in range(len(some))
        ]
    return found


def hits(scored: Sequence[Scored], marked: Sequence[Collection[int]]) -> dict[str, Hits]:
    """How often each detector's highest sentences are marked, with intervals over documents.

    Args:
        scored: Of `scores`.
        marked: Indices of the sentences that count, for each document; documents without one are left out.

    Raises: ValueError: If no document has a mark.
    """
    kept = [(one, set(marks)) for one, marks in zip(scored, marked, strict=True) if marks]
    if not kept:
        raise ValueError("expected at least one document with a marked sentence, got none")
    found = {}
    for name in kept[0][0]:
        shares = [np.mean([i in marks for i in top(one[name], len(marks))]) for one, marks in kept]
        chance = float(np.mean([len(marks) / len(one[name]) for one, marks in kept]))
        found[name] = Hits(bootstrap_interval(shares), chance, len(kept))
    return found


def top(values: np.ndarray, number: int) -> list[int]:
    """Indices of the highest values, of equal ones the first."""
    return np.argsort(-values, kind="stable")[:number].tolist()
