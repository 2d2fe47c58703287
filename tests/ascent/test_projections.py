"""Projections are projections: onto the ball, idempotent, non-expansive, nearest."""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from robustlab.ascent import l2_ball, linf_ball, relative_ball, token_l2_ball, unbounded
from robustlab.landscape import QuadraticLandscape

MAKERS = {"l2": l2_ball, "linf": linf_ball, "token_l2": token_l2_ball, "relative": relative_ball}
radii = st.floats(1e-3, 1e3)
seeds = st.integers(0, 10**6)


class Somewhere(QuadraticLandscape):
    """A landscape with a base of three tokens, the last of them a pad."""

    def __init__(self, seed: int = 0, b: int = 3):
        super().__init__(torch.zeros(b, 4, dtype=torch.float64), torch.zeros(b, 4, 4, dtype=torch.float64))
        self.shape = (b, 3, 4)
        self.base = torch.randn(self.shape, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))
        self.mask = torch.tensor([1.0, 1.0, 0.0], dtype=torch.float64).view(1, 3, 1).expand(b, 3, 1)


def offsets(seed: int, landscape: Somewhere, number: int = 2) -> list[torch.Tensor]:
    generator = torch.Generator().manual_seed(seed)
    scales = torch.rand(number, generator=generator, dtype=torch.float64) * 6 - 3
    draws = [torch.randn(landscape.shape, generator=generator, dtype=torch.float64) for _ in range(number)]
    return [10**scale * draw * landscape.mask for scale, draw in zip(scales, draws, strict=True)]


def size(kind: str, offset: torch.Tensor, landscape: Somewhere) -> torch.Tensor:
    """The norm that each ball bounds, for each example."""
    if kind == "linf":
        return torch.stack([row.abs().max() for row in offset])
    if kind == "token_l2":
        return torch.stack([max(token.square().sum().sqrt() for token in row) for row in offset])
    norms = torch.stack([row.square().sum().sqrt() for row in offset])
    if kind == "l2":
        return norms
    return norms / torch.stack([row[:2].square().sum().sqrt() for row in landscape.base])


@pytest.mark.parametrize("kind", MAKERS)
@settings(max_examples=40, deadline=None)
@given(seed=seeds, radius=radii)
def test_inside_the_ball_idempotent_and_non_expansive(kind: str, seed: int, radius: float) -> None:
    landscape, project = Somewhere(seed), MAKERS[kind](radius)
    first, second = offsets(seed, landscape)
    one, two = project(first, landscape), project(second, landscape)
    assert (size(kind, one, landscape) <= radius * (1 + 1e-12)).all()
    torch.testing.assert_close(project(one, landscape), one, rtol=1e-14, atol=0)
    distances = (one - two).flatten(1).norm(dim=1), (first - second).flatten(1).norm(dim=1)
    assert (distances[0] <= distances[1] * (1 + 1e-12)).all()
    assert one[:, 2].eq(0).all()


@pytest.mark.parametrize("kind", MAKERS)
@settings(max_examples=25, deadline=None)
@given(seed=seeds)
def test_what_is_inside_is_not_touched(kind: str, seed: int) -> None:
    landscape = Somewhere(seed)
    (offset, *_) = offsets(seed, landscape)
    project = MAKERS[kind](2 * float(size(kind, offset, landscape).max()))
    assert torch.equal(project(offset, landscape), offset)


@pytest.mark.parametrize("kind", MAKERS)
@settings(max_examples=25, deadline=None)
@given(seed=seeds, radius=st.floats(0.1, 10))
def test_nothing_in_the_ball_is_nearer(kind: str, seed: int, radius: float) -> None:
    """The variational inequality of a projection onto a convex set: ⟨r - P(r), z - P(r)⟩ ≤ 0 for all z in it."""
    landscape, project = Somewhere(seed), MAKERS[kind](radius)
    outside, other = offsets(seed, landscape)
    nearest, inside = project(outside, landscape), project(other, landscape)
    inner = ((outside - nearest) * (inside - nearest)).flatten(1).sum(1)
    assert (inner <= 1e-9 * (1 + outside.abs().max() ** 2)).all()


def test_unbounded_changes_nothing() -> None:
    landscape = Somewhere()
    (offset, *_) = offsets(0, landscape)
    assert unbounded(offset, landscape) is offset


def test_a_relative_ball_ignores_the_pads_of_the_base() -> None:
    landscape = Somewhere()
    (offset, *_) = offsets(3, landscape)
    before = relative_ball(0.1)(1e3 * offset, landscape)
    landscape.base[:, 2] = 1e6
    assert torch.equal(before, relative_ball(0.1)(1e3 * offset, landscape))


@pytest.mark.parametrize("maker", MAKERS.values(), ids=MAKERS)
@pytest.mark.parametrize("radius", [0.0, -1.0, math.nan, math.inf])
def test_a_radius_is_positive(maker: type, radius: float) -> None:
    with pytest.raises(ValueError, match=f"radius must be positive, got {radius}"):
        maker(radius)
