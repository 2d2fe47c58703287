"""Weights on the simplex: they stay there, and they climb."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize

from robustlab.objective import (
    ExponentiatedWeights,
    ProjectedWeights,
    SimplexWeights,
    SoftmaxWeights,
    project_to_simplex,
)

PARAMETRISATIONS = [SoftmaxWeights, ProjectedWeights, ExponentiatedWeights]
vectors = st.lists(st.floats(-5, 5, width=32), min_size=1, max_size=8)


@settings(max_examples=40, deadline=None)
@given(values=vectors)
def test_the_projection_is_the_nearest_point(values: list[float]) -> None:
    vector = torch.tensor(values, dtype=torch.float64)
    found = project_to_simplex(vector)
    k = len(values)
    nearest = minimize(
        lambda w: float(((w - vector.numpy()) ** 2).sum()),
        np.full(k, 1 / k),
        jac=lambda w: 2 * (w - vector.numpy()),
        bounds=[(0, 1)] * k,
        constraints={"type": "eq", "fun": lambda w: w.sum() - 1, "jac": lambda w: np.ones(k)},
        method="SLSQP",
        options={"ftol": 1e-14, "maxiter": 200},
    )
    np.testing.assert_allclose(found.numpy(), nearest.x, atol=1e-5)
    assert float(((found - vector) ** 2).sum()) <= nearest.fun + 1e-9


@settings(max_examples=60, deadline=None)
@given(values=vectors, others=vectors)
def test_the_projection_is_onto_the_simplex_idempotent_and_non_expansive(
    values: list[float], others: list[float]
) -> None:
    one, two = torch.tensor(values).double(), torch.tensor((others * 8)[: len(values)]).double()
    p, q = project_to_simplex(one), project_to_simplex(two)
    assert (p >= 0).all()
    torch.testing.assert_close(p.sum(), torch.tensor(1.0).double())
    torch.testing.assert_close(project_to_simplex(p), p, rtol=0, atol=1e-12)
    assert (p - q).norm() <= (one - two).norm() + 1e-12


@pytest.mark.parametrize("weights", PARAMETRISATIONS)
@settings(max_examples=25, deadline=None)
@given(gradients=st.lists(vectors.filter(lambda v: len(v) >= 4), min_size=1, max_size=5), rate=st.floats(0.01, 100))
def test_weights_never_leave_the_simplex(weights: type, gradients: list, rate: float) -> None:
    w: SimplexWeights = weights(4, learning_rate=rate)
    groups = w.parameter_groups()
    optimiser = torch.optim.SGD(groups, lr=0.1) if groups else None
    for gradient in gradients:
        (w() * torch.tensor(gradient[:4])).sum().backward()
        if optimiser:
            optimiser.step()
            optimiser.zero_grad()
        w.after_step()
        assert (w() >= 0).all()
        torch.testing.assert_close(w().sum(), torch.tensor(1.0), rtol=1e-5, atol=0)


@pytest.mark.parametrize("weights", PARAMETRISATIONS)
def test_weights_start_uniform_and_climb_to_the_best_step(weights: type) -> None:
    w: SimplexWeights = weights(3, learning_rate=0.5)
    torch.testing.assert_close(w(), torch.full((3,), 1 / 3))
    groups = w.parameter_groups()
    optimiser = torch.optim.AdamW(groups) if groups else None
    values = []
    for _ in range(60):
        objective = (w() * torch.tensor([0.1, 0.9, 0.3])).sum()
        values.append(float(objective.detach()))
        objective.backward()
        if optimiser:
            optimiser.step()
            optimiser.zero_grad()
        w.after_step()
    assert all(after > before - 1e-6 for before, after in zip(values, values[1:], strict=False))
    assert w().argmax() == 1
    assert w().max() > 0.95


def test_projected_weights_are_a_projected_gradient_step() -> None:
    w = ProjectedWeights(3, learning_rate=0.1)
    w.values.grad = torch.tensor([1.0, 0.0, -9.0])
    w.after_step()
    torch.testing.assert_close(w(), torch.tensor([0.55, 0.45, 0.0]))  # ⅓ + (.1, 0, -.9): the last is cut, .1167 each
    assert w.values.grad is None


def test_exponentiated_weights_are_multiplied_and_normalised() -> None:
    w = ExponentiatedWeights(2, learning_rate=2.0)
    w.values.data = torch.tensor([0.25, 0.75])
    w.values.grad = torch.tensor([1.0, 0.5])
    w.after_step()
    parts = torch.tensor([0.25, 0.75]) * torch.tensor([2.0, 1.0]).exp()
    torch.testing.assert_close(w(), parts / parts.sum())
    assert w.values.grad is None


def test_a_huge_gradient_is_no_overflow() -> None:
    w = ExponentiatedWeights(2, learning_rate=1.0)
    w.values.grad = torch.tensor([1e4, 0.0])
    w.after_step()
    assert w().isfinite().all()


@pytest.mark.parametrize("weights", PARAMETRISATIONS)
def test_without_a_gradient_nothing_moves(weights: type) -> None:
    w = weights(3)
    w.after_step()
    torch.testing.assert_close(w(), torch.full((3,), 1 / 3))


def test_only_the_softmax_needs_the_optimiser() -> None:
    softmax = SoftmaxWeights(3, learning_rate=0.2)
    (group,) = softmax.parameter_groups()
    assert group["params"] == [softmax.scores]
    assert (group["lr"], group["weight_decay"], group["maximize"]) == (0.2, 0.0, True)
    assert ProjectedWeights(3).parameter_groups() == []
    assert ExponentiatedWeights(3).parameter_groups() == []


@pytest.mark.parametrize("weights", PARAMETRISATIONS)
def test_bad_numbers_are_named(weights: type) -> None:
    with pytest.raises(ValueError, match="steps must be at least 1, got 0"):
        weights(0)
    with pytest.raises(ValueError, match="learning_rate must be positive, got -1.0"):
        weights(2, learning_rate=-1.0)
