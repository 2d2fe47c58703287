"""DSRM against a virtual step that is differentiated, and the level that its weights reach."""

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.func import functional_call
from torch.nn.attention import SDPBackend, sdpa_kernel

from robustlab import methods
from robustlab.landscape import TransformerLandscape
from robustlab.models import tiny_architecture, tiny_batch
from robustlab.objective import DistributionShift


@pytest.fixture
def model() -> nn.Module:
    return tiny_architecture("bert").double()


@pytest.fixture
def batch() -> dict[str, Tensor]:
    return tiny_batch("bert", batch=6)


def halves(batch: dict) -> list[list[int]]:
    """Rows whose words' numbers add up to an even number, and the others; with some of both the tests say much."""
    odd = [sum(row) % 2 for row in (batch["input_ids"] * batch["attention_mask"]).tolist()]
    both = [[row for row, one in enumerate(odd) if one == parity] for parity in (0, 1)]
    assert min(map(len, both)) > 1
    return both


def by_virtual_step(model: nn.Module, batch: dict, rate: float = 1e-6) -> Tensor:
    """∂L_held-out(θ - η∇Σ wᵢLᵢ)/∂wᵢ at w = 1, each half of the rows held out from the other: the paper's own way."""
    inputs, labels = {k: v for k, v in batch.items() if k != "labels"}, batch["labels"]
    names = [name for name, parameter in model.named_parameters()]
    found = torch.zeros(len(labels), dtype=torch.float64)
    for own in halves(batch):
        others = [row for row in range(len(labels)) if row not in own]
        weights = torch.ones(len(own), dtype=torch.float64, requires_grad=True)
        losses = F.cross_entropy(model(**inputs).logits, labels, reduction="none")
        wanted = list(model.parameters())
        gradients = torch.autograd.grad((weights * losses[own]).sum(), wanted, create_graph=True, allow_unused=True)
        stepped = {
            name: parameter - rate * gradient if gradient is not None else parameter
            for name, parameter, gradient in zip(names, wanted, gradients, strict=True)
        }
        after = F.cross_entropy(functional_call(model, stepped, (), inputs).logits, labels, reduction="none")
        (found[own],) = torch.autograd.grad(after[others].mean(), weights)
    return found


def test_the_moves_are_those_of_a_virtual_step(model: nn.Module, batch: dict) -> None:
    with sdpa_kernel(SDPBackend.MATH):  # the one that can be differentiated twice
        expected = by_virtual_step(model, batch)
    landscape = TransformerLandscape(model, batch)
    mine = DistributionShift(reach=1e-7).moves(landscape, landscape.loss()).detach()
    for own in halves(batch):  # each has its own scale: the length of its held-out gradient
        torch.testing.assert_close(
            F.normalize(mine[own], dim=0), F.normalize(expected[own], dim=0), rtol=1e-3, atol=1e-4
        )


def test_the_weights_raise_the_risk_to_the_level(model: nn.Module, batch: dict) -> None:
    landscape = TransformerLandscape(model, batch)
    losses = landscape.loss()
    level = 1.05 * float(losses.detach().mean())
    objective = DistributionShift(level=level)
    weights = objective.weights(landscape, losses)
    assert not torch.allclose(weights, torch.ones_like(weights))
    assert float((weights * losses).detach().mean()) == pytest.approx(level, rel=1e-9)
    (term,) = methods.Method(methods.standard().ascent, objective).terms(TransformerLandscape(model, batch))
    assert float(term.detach()) == pytest.approx(level, rel=1e-9)
    assert (DistributionShift(level=1e6, largest=2).weights(landscape, losses).abs() <= 2).all()


def test_above_the_level_it_is_standard_training(model: nn.Module, batch: dict) -> None:
    landscape = TransformerLandscape(model, batch)
    (mine,), (plain,) = methods.dsrm(level=1e-3).terms(landscape), methods.standard().terms(landscape)
    assert torch.equal(mine, plain)


def test_the_models_weights_come_back_to_the_last_bit(model: nn.Module, batch: dict) -> None:
    before = {name: (parameter.data_ptr(), parameter.detach().clone()) for name, parameter in model.named_parameters()}
    landscape = TransformerLandscape(model, batch)
    losses = landscape.loss()
    DistributionShift().moves(landscape, losses)
    for name, parameter in model.named_parameters():
        assert parameter.data_ptr() == before[name][0]
        assert torch.equal(parameter, before[name][1])
    landscape = TransformerLandscape(model, {**batch, "input_ids": batch["input_ids"] + 0})
    landscape.model.register_forward_pre_hook(fail)
    with pytest.raises(RuntimeError, match="broken"):
        DistributionShift().moves(landscape, losses)
    assert all(torch.equal(parameter, before[name][1]) for name, parameter in model.named_parameters())


def fail(module: nn.Module, args: tuple) -> None:
    raise RuntimeError("broken")


def test_one_row_has_nothing_to_be_held_out(model: nn.Module) -> None:
    landscape = TransformerLandscape(model, tiny_batch("bert", batch=1))
    (mine,), (plain,) = methods.dsrm(level=100).terms(landscape), methods.standard().terms(landscape)
    assert torch.equal(mine, plain)


def test_what_is_refused() -> None:
    with pytest.raises(ValueError, match="level must be positive, got -1"):
        DistributionShift(level=-1)
    with pytest.raises(ValueError, match="takes no path, got an ascent of 5 steps"):
        methods.Method(methods.pgd().ascent, DistributionShift())
