"""One step for any loop: gradients, logs, and what stops it."""

import pytest
import torch
from torch import nn

import robustlab
from robustlab import methods
from robustlab.landscape import QuadraticLandscape, TransformerLandscape
from robustlab.models import tiny_architecture, tiny_batch
from robustlab.training import NonFiniteLossError, accumulate


@pytest.fixture(scope="module")
def model() -> nn.Module:
    return tiny_architecture("bert").double().eval()


def test_the_package_offers_it() -> None:
    assert robustlab.accumulate is accumulate


def test_gradients_are_added_to_what_is_there(model: nn.Module) -> None:
    landscape, method = TransformerLandscape(model, tiny_batch("bert")), methods.freelb(steps=2)
    model.zero_grad()
    accumulate(method, landscape)
    once = [parameter.grad.clone() for parameter in model.parameters()]
    accumulate(method, landscape)
    for parameter, gradient in zip(model.parameters(), once, strict=True):
        torch.testing.assert_close(parameter.grad, 2 * gradient, rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("name", methods.BY_NAME)
def test_the_loss_is_the_sum_of_the_terms(name: str, model: nn.Module) -> None:
    batch, other = tiny_batch("bert"), tiny_batch("bert", seed=1)
    attacked = TransformerLandscape(model, other | {"labels": batch["labels"]})
    landscape, method = TransformerLandscape(model, batch, companions={"attacked": attacked}), methods.BY_NAME[name]()
    logs = accumulate(method, landscape, generator=torch.Generator().manual_seed(0))
    total = sum(method.terms(landscape, generator=torch.Generator().manual_seed(0)))
    torch.testing.assert_close(logs["loss"], total.detach(), rtol=1e-12, atol=0)


def test_backward_is_called_once_a_term(model: nn.Module) -> None:
    landscape, seen = TransformerLandscape(model, tiny_batch("bert")), []

    def backward(term: torch.Tensor) -> None:
        seen.append(term.detach())
        term.backward()

    logs = accumulate(methods.freelb(steps=3), landscape, backward=backward)
    assert len(seen) == 3
    torch.testing.assert_close(torch.stack(seen).sum(), logs["loss"])


def test_a_plain_loop_trains_model_and_weights() -> None:
    model, batch = tiny_architecture("bert"), tiny_batch("bert", batch=8)
    method = methods.adaptive_pgd(steps=2, step_size=0.5)
    optimiser = torch.optim.AdamW([{"params": model.parameters()}, *method.parameter_groups()], lr=1e-3)
    losses = []
    for step in range(8):
        losses.append(float(accumulate(method, TransformerLandscape(model, batch, seed=step))["loss"]))
        optimiser.step()
        optimiser.zero_grad()
        method.after_step()
    assert losses[-1] < losses[0]
    assert method.objective.weights.scores.abs().max() > 0.01


class Cliff(QuadraticLandscape):
    """A quadratic that is not a number beyond some distance, or whose gradient is not one at some point."""

    def __init__(self, edge: float, *, kink: bool = False):
        super().__init__(torch.tensor([[1.0, 0.0]]), torch.zeros(1, 2, 2))
        self.edge, self.kink = edge, kink

    def loss(self, offset: torch.Tensor | None = None) -> torch.Tensor:
        value = super().loss(offset)
        if offset is None:
            return value
        norm = offset.detach().norm()
        if norm > self.edge:
            return value * float("nan")
        if self.kink and norm > 0:
            return value + 0 * (offset - offset.detach()).abs().sum().sqrt()  # finite, with an infinite slope
        return value


def test_a_loss_that_is_no_number_is_named_with_its_step() -> None:
    with pytest.raises(NonFiniteLossError, match="the loss at ascent step 2 is nan; lower the step size"):
        accumulate(methods.pgd(steps=3, step_size=1.0), Cliff(1.5), backward=lambda term: None)
    with pytest.raises(NonFiniteLossError, match="the loss at ascent step 3 is nan"):
        accumulate(methods.pgd(steps=3, step_size=1.0), Cliff(2.5), backward=lambda term: None)


def test_the_first_offender_is_named() -> None:
    """Finite losses at steps 0 and 1 and a gradient that is no number at step 1: the gain of step 2 is to blame."""
    with pytest.raises(NonFiniteLossError, match="the gain of ascent step 2 is nan"):
        accumulate(methods.pgd(steps=3, step_size=1.0), Cliff(9.0, kink=True), backward=lambda term: None)


def test_a_term_off_the_path_is_named() -> None:
    method = methods.adaptive_pgd(steps=2, step_size=1.0, beta=9.0)
    with pytest.raises(NonFiniteLossError, match="term 1 of the loss is nan"):
        accumulate(method, Cliff(2.5), backward=lambda term: None)


def test_finite_losses_stop_nothing() -> None:
    assert accumulate(methods.pgd(steps=3, step_size=1.0), Cliff(9.0), backward=lambda term: None)["loss"].isfinite()
