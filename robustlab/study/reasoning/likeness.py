"""Whether a move can tell what says the same: how alike the states of sentences are, plain and about their mean."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import torch

from robustlab.ascent.similarity import directions_from
from robustlab.ascent.units import states_of, units_of
from robustlab.corpora.documents import Document
from robustlab.corpora.reasoning.grammar import Reading, read
from robustlab.models.reasoner import Reasoner
from robustlab.study.reasoning.detecting import batches

SAME, OTHER = "says the same", "says something else of the same thing"


class Likeness(NamedTuple):
    """How alike pairs of sentences are by one measure.

    Attributes:
        values: Kind of pair -> similarities.
        all: Of all pairs.
        wasted: Threshold -> share of the sentences whose nearest neighbour below it says the same.
        related: Threshold -> share whose nearest neighbour below it is about the same relation and says something else.
    """

    values: dict[str, np.ndarray]
    all: np.ndarray
    wasted: dict[float, float]
    related: dict[float, float]


def likeness(
    reasoner: Reasoner, documents: Sequence[Document], thresholds: Sequence[float], *, centred: bool
) -> Likeness:
    """Compare all statements of one batch of documents with each other.

    Args:
        reasoner: Whose states.
        documents: One batch.
        thresholds: From which on a move would take two sentences for the same.
        centred: Whether the mean of the states is taken away.
    """
    ((some, landscape),) = batches(reasoner, documents, size=len(documents))
    units = units_of(landscape)
    states = units.means(states_of(landscape))[units.real]
    centre = states.mean(0, keepdim=True)
    to = directions_from(centre if centred else torch.zeros_like(centre), states)
    similar = (to @ to.T).double().numpy()
    readings = [read(sentence) for document in some for sentence in document.sentences]
    facts = [i for i, reading in enumerate(readings) if reading.claim]
    same, other, related = _kinds([readings[i] for i in facts])
    among = similar[np.ix_(facts, facts)]
    upper = np.triu(np.ones(among.shape, bool), 1)
    wasted, useful = {}, {}
    for threshold in thresholds:
        nearest = np.where(among < threshold, among, -np.inf).argmax(1)
        rows = np.arange(len(facts))
        wasted[threshold] = float(same[rows, nearest].mean())
        useful[threshold] = float((related & ~same)[rows, nearest].mean())
    return Likeness({SAME: among[same & upper], OTHER: among[other & upper]}, among[upper], wasted, useful)


def _kinds(readings: Sequence[Reading]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Which pairs state the same claim, which one of its two names, and which the same relation."""
    claims = [reading.claim for reading in readings]
    relation, subject, value = (np.array([claim[part] for claim in claims if claim]) for part in range(3))
    plain = ~np.array([reading.rumour for reading in readings])
    related = relation[:, None] == relation
    alike = [names[:, None] == names for names in (subject, value)]
    same = related & alike[0] & alike[1] & plain & plain[:, None]
    np.fill_diagonal(same, False)
    return same, related & (alike[0] ^ alike[1]), related
