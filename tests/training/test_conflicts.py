"""Conflicts as labels, and a probe that is fitted to documents in one call."""

import re

import numpy as np
import pytest
import torch
from sklearn.metrics import roc_auc_score

from robustlab import text
from robustlab.ascent import Negative, SemanticConflict, Swap
from robustlab.ascent.units import states_of, units_of
from robustlab.corpora import reasoning
from robustlab.corpora.documents import Document
from robustlab.landscape import GenerationLandscape
from robustlab.models.reasoner import Reasoner
from robustlab.training.batches import ONLY_TRAINING
from robustlab.training.conflicts import conflict_labels, conflict_probe, with_conflicts

SENTENCES = (
    "Lena lives in Mirel.",
    "Rumour has it that Lena lives in Corvin.",
    "Hugo lives in Corvin.",
    "The rain came early.",
    "Hugo works as a fisher.",
)
DOCUMENT = Document(
    sentences=SENTENCES, paragraphs=(5,), instruction="Where does Lena live?", answer="Mirel", task="t", example_id=4
)


@pytest.fixture(scope="module")
def documents() -> list[Document]:
    found = reasoning.generate(24, sentences=12, seed=3)
    return [text.perturb(one, kind="contradiction", level="extreme", seed=1) for one in found]


@pytest.fixture(scope="module")
def reasoner(documents: list[Document]) -> Reasoner:
    return Reasoner.small(documents, seed=0)


def test_labels_name_conflicts_and_all_that_only_look_like_one() -> None:
    (found,) = conflict_labels([DOCUMENT], 6, contrasted=0)
    assert found.gt(0).nonzero().tolist() == [[0, 1]]
    assert found.eq(0).nonzero().tolist() == [[0, 2], [1, 2]]


def test_as_many_others_are_contrasted_as_asked_for_and_the_document_decides_which() -> None:
    (some,) = conflict_labels([DOCUMENT], 5, contrasted=4)
    (more,) = conflict_labels([DOCUMENT], 5, contrasted=10)
    assert more[0, 1] == 1
    assert int(more.ge(0).sum()) == 10
    assert int(some.ge(0).sum()) < 10
    assert torch.equal(conflict_labels([DOCUMENT, DOCUMENT], 5, contrasted=4)[1], some)
    later, earlier = torch.tril_indices(5, 5)
    assert more[later, earlier].eq(-1).all()


def test_sentences_that_were_cut_off_have_no_label() -> None:
    assert conflict_labels([DOCUMENT], 1).tolist() == [[[-1]]]
    assert int(conflict_labels([DOCUMENT], 2, contrasted=0).sum()) == 1 - 3


def test_the_model_never_sees_the_labels(reasoner: Reasoner, documents: list[Document]) -> None:
    batch = reasoner.batch(documents[:4])
    labelled = with_conflicts(batch, documents[:4])
    assert set(labelled) - set(batch) == {"conflicts"} <= set(ONLY_TRAINING)
    assert "conflicts" not in GenerationLandscape(reasoner.model, labelled).inputs


def test_a_probe_is_the_one_that_is_fitted_to_pairs_by_hand(reasoner: Reasoner, documents: list[Document]) -> None:
    probe = conflict_probe(reasoner, documents, batch_size=7, decay=0.02)
    pairs, labels = [], []
    for document in documents:  # one at a time: no padding
        landscape = GenerationLandscape(reasoner.model, reasoner.batch([document]), noise="off")
        means = units_of(landscape).means(states_of(landscape))[0]
        known = conflict_labels([document], len(document.sentences))[0]
        for i, j in known.ge(0).nonzero().tolist():
            pairs.append(torch.stack([means[i], means[j]]))
            labels.append(float(known[i, j]))
    other = SemanticConflict(decay=0.02).fit(torch.stack(pairs), torch.tensor(labels))
    one, two = (p.logits(torch.stack(pairs)[:, 0], torch.stack(pairs)[:, 1]) for p in (probe, other))
    assert np.corrcoef(one, two)[0, 1] > 0.999  # two searches in float32 stop near one minimum
    assert roc_auc_score(labels, one) > 0.95


def test_a_fitted_probe_drives_an_operator(reasoner: Reasoner, documents: list[Document]) -> None:
    probe = conflict_probe(reasoner, documents)
    landscape = GenerationLandscape(reasoner.model, reasoner.batch(documents[:4]), noise="off")
    operator = Negative(Swap(), kappa=0.05, detectors={probe: 1.0})
    operator.prepare([])  # what is fitted stays
    assert operator(landscape).end.abs().max() > 0


def test_documents_without_a_conflict_are_refused(reasoner: Reasoner) -> None:
    plain = reasoning.generate(3, sentences=6, noise=0.0)
    with pytest.raises(ValueError, match=re.escape("expected pairs labelled 0 and pairs labelled 1, got labels [0.0]")):
        conflict_probe(reasoner, plain)
