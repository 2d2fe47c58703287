"""Labels as positives: the term against a double loop, and what becomes of a batch without pairs."""

import math

import pytest
import torch

from robustlab import methods
from robustlab.landscape import TransformerLandscape
from robustlab.models import tiny_architecture, tiny_batch
from robustlab.objective import SupervisedContrast

LABELS = (0, 1, 1, 0)


@pytest.fixture
def model():
    return tiny_architecture("bert").double().eval()


def landscape(model, labels=LABELS):
    batch = {name: torch.cat([value, value])[: len(labels)] for name, value in tiny_batch("bert").items()}
    batch["input_ids"][3:, 1] += 1  # a text that comes again says something else
    return TransformerLandscape(model, batch | {"labels": torch.tensor(labels)})


def naive(place, temperature):
    """SupCon of the batch, pair by pair."""
    z = [row / row.norm() for row in place.clean().pooled]
    terms = []
    for i, label in enumerate(place.labels.tolist()):
        others = [j for j in range(len(z)) if j != i]
        total = sum(torch.exp(z[i] @ z[j] / temperature) for j in others)
        mine = [j for j in others if place.labels[j] == label]
        if mine:
            terms.append(-sum(torch.log(torch.exp(z[i] @ z[j] / temperature) / total) for j in mine) / len(mine))
    return sum(terms) / len(terms)


@pytest.mark.parametrize("labels", [LABELS, (0, 0, 0, 1)])
def test_it_is_the_loss_and_the_contrast(model, labels):
    place = landscape(model, labels)
    (term,) = methods.supcon(weight=0.3, temperature=0.5).terms(place)
    expected = 0.7 * place.loss().mean() + 0.3 * naive(place, 0.5)
    torch.testing.assert_close(term, expected, rtol=1e-10, atol=0)
    weights = next(iter(model.parameters()))
    mine, theirs = (torch.autograd.grad(value, weights, retain_graph=True)[0] for value in (term, expected))
    torch.testing.assert_close(mine, theirs, rtol=1e-8, atol=1e-12)


def test_without_pairs_the_loss_is_left(model):
    place = landscape(model, (0, 1))
    (term,) = methods.supcon(weight=0.3).terms(place)
    torch.testing.assert_close(term, 0.7 * place.loss().mean())
    term.backward()
    assert all(p.grad is None or p.grad.isfinite().all() for p in model.parameters())


def test_descent_on_it_brings_a_label_together(model):
    place, method = landscape(model), methods.supcon(weight=0.99, temperature=0.5)
    optimiser = torch.optim.Adam(model.parameters(), lr=1e-2)

    def spread():
        z = torch.nn.functional.normalize(place.read().pooled.detach(), dim=1)
        cosine = z @ z.mT
        return float(cosine[0, 3] + cosine[1, 2] - cosine[0, 1] - cosine[2, 3])

    before = spread()
    for _ in range(20):
        optimiser.zero_grad()
        for term in method.terms(place):
            term.backward()
        optimiser.step()
    assert spread() > before + 0.5
    assert math.isfinite(spread())


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda model: SupervisedContrast(0.0, 0.3), "weight must be positive, got 0"),
        (
            lambda model: SupervisedContrast(1.0, 0.3),
            "weight must be below 1, which would leave nothing of the loss, got 1.0",
        ),
        (lambda model: SupervisedContrast(0.5, 0.0), "temperature must be positive, got 0"),
        (
            lambda model: methods.Method(methods.pgd().ascent, SupervisedContrast(0.5, 0.3)),
            "SupCon contrasts clean examples and takes no path",
        ),
        (
            lambda model: list(methods.supcon().terms(TransformerLandscape(model, _unlabelled()))),
            "the batch has no labels, so there is no loss and nothing to contrast by",
        ),
    ],
)
def test_what_is_refused(call, message, model):
    with pytest.raises(ValueError, match=message):
        call(model)


def _unlabelled():
    return {name: value for name, value in tiny_batch("bert").items() if name != "labels"}
