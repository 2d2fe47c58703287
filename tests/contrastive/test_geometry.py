"""Alignment, uniformity and rank where they are known, and by loops."""

import math

import pytest
import torch

from robustlab.contrastive import alignment, effective_rank, relative_alignment, uniformity
from tests.contrastive.test_losses import vectors


def test_alignment_of_the_same_of_opposite_and_of_orthogonal_views() -> None:
    basis = torch.eye(3, dtype=torch.float64)
    assert alignment(basis, 5 * basis).item() == 0
    assert alignment(basis, -basis).item() == pytest.approx(4, abs=1e-14)
    assert alignment(basis, -basis, power=3).item() == pytest.approx(8, abs=1e-14)
    assert alignment(basis, basis.roll(1, 0)).item() == pytest.approx(2, abs=1e-14)


def test_alignment_by_loops() -> None:
    one, other = vectors(5, 4), vectors(5, 4, seed=1)
    apart = [(a / a.norm() - b / b.norm()).norm() ** 1.5 for a, b in zip(one, other, strict=True)]
    torch.testing.assert_close(alignment(one, other, power=1.5), sum(apart) / 5)


@pytest.mark.parametrize("t", [2, 0.5, 500])
def test_uniformity_of_equal_of_antipodal_and_of_orthonormal_points(t: float) -> None:
    basis = torch.eye(4, dtype=torch.float64)
    assert uniformity(basis[:1].repeat(3, 1), t=t).item() == pytest.approx(0, abs=1e-12)
    assert uniformity(torch.stack([basis[0], -7 * basis[0]]), t=t).item() == pytest.approx(-4 * t, abs=1e-12)
    assert uniformity(basis, t=t).item() == pytest.approx(-2 * t, abs=1e-12)


def test_uniformity_by_loops() -> None:
    points = vectors(6, 4)
    unit = [point / point.norm() for point in points]
    kernel = [torch.exp(-2 * (unit[i] - unit[j]).square().sum()) for j in range(6) for i in range(j)]
    torch.testing.assert_close(uniformity(points), torch.log(sum(kernel) / 15))


def test_rank_of_directions_of_equal_and_of_unequal_strength() -> None:
    basis = torch.eye(5, dtype=torch.float64)
    assert effective_rank(basis[:3]).item() == pytest.approx(3, abs=1e-12)
    assert effective_rank(basis[:1].repeat(4, 1)).item() == pytest.approx(1, abs=1e-12)
    strengths = torch.tensor([3.0, 1.0], dtype=torch.float64)
    entropy = -(0.75 * math.log(0.75) + 0.25 * math.log(0.25))
    assert effective_rank(strengths[:, None] * basis[:2]).item() == pytest.approx(math.exp(entropy), abs=1e-12)


def test_errors() -> None:
    one = torch.eye(3)
    with pytest.raises(ValueError, match="uniformity is that of pairs, so it needs at least 2 points, got 1"):
        uniformity(one[:1])
    with pytest.raises(ValueError, match="t must be positive, got -2"):
        uniformity(one, t=-2)
    with pytest.raises(ValueError, match="power must be positive, got 0"):
        alignment(one, one, power=0)
    with pytest.raises(ValueError, match="features that are all 0 have no effective rank"):
        effective_rank(torch.zeros(3, 2))


@pytest.mark.usefixtures("unchecked")
def test_views_that_do_not_fit() -> None:
    with pytest.raises(ValueError, match=r"the two views must both be \[n d\]"):
        alignment(torch.eye(3), torch.eye(2))


def test_relative_alignment_by_loops() -> None:
    one, other = vectors(6, 4), vectors(6, 4, seed=1)
    a, b = (x / x.norm(dim=1, keepdim=True) for x in (one, other))
    near = sum((a[i] - b[i]).square().sum() for i in range(6)) / 6
    far = sum((a[i] - a[j]).square().sum() for i in range(6) for j in range(6) if i != j) / 30
    torch.testing.assert_close(relative_alignment(one, other), near / far)
    torch.testing.assert_close(relative_alignment(3 * one, other), near / far)


def test_a_view_that_is_another_example_is_as_far_as_any() -> None:
    basis = torch.eye(5, dtype=torch.float64)
    assert relative_alignment(basis, basis.roll(1, 0)) == pytest.approx(1)
    assert relative_alignment(basis, basis) == 0


def test_relative_alignment_needs_something_far() -> None:
    with pytest.raises(ValueError, match="it needs at least 2 examples, got 1"):
        relative_alignment(vectors(1, 3), vectors(1, 3))
    same = torch.ones(3, 2, dtype=torch.float64)
    with pytest.raises(ValueError, match="all first views are one point"):
        relative_alignment(same, vectors(3, 2))
