"""The probe of conflicts against scikit-learn, loops, and sentences that it has not seen."""

import pytest
import torch
from sklearn.linear_model import LogisticRegression

from robustlab.ascent import Negative, SemanticConflict, Swap
from tests.ascent.sentences import MIXED, Documents

ENTITIES, VALUES, WIDTH = 6, 5, 24


def sentence(entities: torch.Tensor, values: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
    """States that hold an entity, a value and noise, under a rotation, about a large common mean."""
    table = torch.linalg.qr(torch.randn(WIDTH, WIDTH, dtype=torch.float64, generator=torch.Generator().manual_seed(9)))[
        0
    ]
    noise = 0.05 * torch.randn(len(entities), WIDTH, dtype=torch.float64, generator=generator)
    return table[entities] + table[ENTITIES + values] + noise + 3.0


def pairs(n: int, seed: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Two sentences conflict where they give one entity two values."""
    generator = torch.Generator().manual_seed(seed)
    entities = torch.randint(ENTITIES, (n, 2), generator=generator)
    entities[: n // 2, 1] = entities[: n // 2, 0]
    values = torch.randint(VALUES, (n, 2), generator=generator)
    conflict = entities[:, 0].eq(entities[:, 1]) & values[:, 0].ne(values[:, 1])
    states = torch.stack([sentence(entities[:, side], values[:, side], generator) for side in (0, 1)], 1)
    return states, conflict.double()


def test_it_tells_conflicts_that_it_has_not_seen() -> None:
    probe = SemanticConflict().fit(*pairs(600, 0))
    states, labels = pairs(400, 1)
    right = probe.logits(states[:, 0], states[:, 1]).gt(0).double().eq(labels).double().mean()
    assert 0.3 < labels.mean() < 0.5
    assert right > 0.97


def test_the_fit_is_logistic_regression_on_products() -> None:
    """uᵀMv + m with M symmetric is linear in the d² products of the components, the order of u and v left out."""
    states, labels = pairs(120, 2)
    states = states[..., :4]
    probe = SemanticConflict(decay=0.05, iterations=500).fit(states, labels)
    scaled = (states - probe.centre) / probe.spread
    products = torch.einsum("nd,ne->nde", scaled[:, 0], scaled[:, 1])
    products = ((products + products.mT) / 2).flatten(1)
    reference = LogisticRegression(C=1 / (0.05 * len(labels)), tol=1e-10, max_iter=10_000).fit(products, labels)
    torch.testing.assert_close(probe.matrix.flatten(), torch.tensor(reference.coef_[0]), rtol=0, atol=2e-4)
    assert float(probe.bias) == pytest.approx(reference.intercept_[0], abs=2e-4)
    torch.testing.assert_close(probe.logits(states[:, 1], states[:, 0]), probe.logits(states[:, 0], states[:, 1]))


def test_a_unit_scores_its_worst_conflict() -> None:
    place = Documents(MIXED)
    states, labels = pairs(100, 3)
    probe = SemanticConflict().fit(states[..., :6], labels)
    found = probe(place)
    for row, sizes in enumerate(MIXED):
        means = [place.base[row, place.units[row] == i].mean(0) for i in range(len(sizes))]
        for i in range(len(sizes)):
            odds = [float(probe.logits(means[i], means[j])) for j in range(len(sizes)) if j != i]
            expected = 1 / (1 + torch.exp(torch.tensor(-max(odds), dtype=torch.float64))) if odds else torch.tensor(0.0)
            torch.testing.assert_close(found[row, i], expected.double())


def test_it_is_prepared_from_what_the_batches_say_and_then_stays() -> None:
    states, labels = pairs(60, 4)
    batches = []
    for one, label in zip(states.split(30), labels.split(30), strict=True):
        place = Documents([[1, 1]] * 30)
        place.base = torch.zeros(30, 3, WIDTH, dtype=torch.float64)
        place.base[:, 1:] = one
        place.shape = tuple(place.base.shape)
        conflicts = torch.full((30, 2, 2), -1)
        conflicts[:, 0, 1] = label.long()
        place.batch["conflicts"] = conflicts
        batches.append(place)
    operator = Negative(Swap(), kappa=0.01, detectors={SemanticConflict(): 1.0})
    operator.prepare(iter(batches), learning_rate=1e-3)
    (probe,) = operator.detectors
    torch.testing.assert_close(probe.matrix, SemanticConflict().fit(states, labels).matrix)
    before = probe.matrix.clone()
    operator.prepare([])
    assert torch.equal(probe.matrix, before)
    assert operator.passes == (0, 0)
    assert operator(batches[0]).end.abs().max() > 0


def test_it_loads_into_one_that_was_never_fitted() -> None:
    probe = SemanticConflict().fit(*pairs(60, 5))
    operator = Negative(Swap(), kappa=0.1, detectors={probe: 1.0})
    other = SemanticConflict()
    Negative(Swap(), kappa=0.1, detectors={other: 1.0}).load_state_dict(operator.state_dict())
    states, _ = pairs(10, 6)
    assert torch.equal(other.logits(states[:, 0], states[:, 1]), probe.logits(states[:, 0], states[:, 1]))


def test_bad_input() -> None:
    place = Documents(MIXED)
    with pytest.raises(ValueError, match=r"the probe of semantic conflicts is not fitted; call prepare\(landscapes\)"):
        SemanticConflict()(place)
    with pytest.raises(ValueError, match=r"needs labels: expected 'conflicts' \[b u u\] in the batch, got none; fit"):
        SemanticConflict().prepare([place])
    with pytest.raises(ValueError, match=r"pairs labelled 0 and pairs labelled 1, got labels \[1\.0\]"):
        SemanticConflict().fit(torch.randn(3, 2, 4), torch.ones(3))
    with pytest.raises(ValueError, match=r"decay must be positive, got 0\.0"):
        SemanticConflict(decay=0.0)
    with pytest.raises(ValueError, match="iterations must be positive, got 0"):
        SemanticConflict(iterations=0)
