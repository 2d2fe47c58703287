"""How well conflicts are told from other pairs of sentences: by a probe, by likeness, and by two clues in the text."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from robustlab.ascent.conflict import SemanticConflict
from robustlab.ascent.similarity import directions_from
from robustlab.ascent.units import states_of, units_of
from robustlab.corpora.documents import Document
from robustlab.corpora.reasoning import agreeing, conflicts
from robustlab.corpora.reasoning.grammar import read
from robustlab.evaluation.statistics import Estimate, bootstrap_interval
from robustlab.models.reasoner import Reasoner
from robustlab.study.reasoning.detecting import batches

Judge = Callable[[Document, Tensor], Tensor]
"""A document and the states [u d] of its sentences -> a score for every pair [u u]."""
ALL, RELATED, SHARING = "all pairs", "about one relation", "about one relation and sharing a name"


class Told(NamedTuple):
    """What one document's pairs look like to a judge.

    Attributes:
        scores: One a pair.
        conflict: Whether it is one.
        related: Whether both sentences state the same relation.
        sharing: Whether they also share a name: "Lena lives in Torva" does with "Lena lives in Mirel", a conflict, and
            with "Hugo lives in Torva", which is none.
    """

    scores: np.ndarray
    conflict: np.ndarray
    related: np.ndarray
    sharing: np.ndarray


def by_probe(probe: SemanticConflict) -> Judge:
    """The probe's log-odds."""
    return lambda document, states: probe.logits(states[:, None], states[None, :])


def by_likeness(document: Document, states: Tensor) -> Tensor:
    """The similarity of the states: what contradicts a sentence is much like it."""
    to = directions_from(states.mean(0, keepdim=True), states)
    return to @ to.T


def by_clues(document: Document, states: Tensor) -> Tensor:
    """One point for the same relation and one for a rumour, as a reader sees who looks at no name."""
    readings = [read(sentence) for sentence in document.sentences]
    same = [[bool(a.claim and b.claim and a.claim[0] == b.claim[0]) for b in readings] for a in readings]
    rumour = torch.tensor([reading.rumour for reading in readings])
    return torch.tensor(same).float() + (rumour[:, None] | rumour[None, :]).float()


def tell(reasoner: Reasoner, documents: Sequence[Document], judge: Judge) -> list[Told]:
    """The pairs of every document."""
    found = []
    for some, landscape in batches(reasoner, documents):
        means = units_of(landscape).means(states_of(landscape))
        for row, document in zip(means, some, strict=True):
            size = len(document.sentences)
            first, second = np.triu_indices(size, 1)
            conflict, related = np.zeros((size, size), bool), np.zeros((size, size), bool)
            for pairs, marks in ((conflicts(document), (conflict, related)), (agreeing(document), (related,))):
                for mark in marks:
                    mark[tuple(np.array(pairs, int).reshape(-1, 2).T)] = True
            names = [set(reading.claim[1:]) if reading.claim else set() for reading in map(read, document.sentences)]
            sharing = related & np.array([[bool(one & other) for other in names] for one in names])
            scores = judge(document, row[:size]).double().numpy()
            found.append(Told(*(part[first, second] for part in (scores, conflict, related, sharing))))
    return found


def areas(told: Sequence[Told]) -> Mapping[str, Estimate]:
    """The area under the ROC curve within a document, over documents that have both kinds, for ever harder pairs.

    Raises: ValueError: If no document has a conflict and another pair.
    """
    return {
        ALL: _area([(one.scores, one.conflict) for one in told]),
        RELATED: _area([(one.scores[one.related], one.conflict[one.related]) for one in told]),
        SHARING: _area([(one.scores[one.sharing], one.conflict[one.sharing]) for one in told]),
    }


def _area(parts: Sequence[tuple[np.ndarray, np.ndarray]]) -> Estimate:
    found = [area(scores, labels) for scores, labels in parts if labels.any() and not labels.all()]
    if not found:
        raise ValueError("expected a document with pairs that conflict and pairs that do not, got none")
    return bootstrap_interval(found)


def area(scores: np.ndarray, labels: np.ndarray) -> float:
    """How often a pair that conflicts scores above one that does not; a tie counts half."""
    from scipy.stats import rankdata

    ranks, positive = rankdata(scores), int(labels.sum())
    return float((ranks[labels].sum() - positive * (positive + 1) / 2) / (positive * (len(labels) - positive)))
