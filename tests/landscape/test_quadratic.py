"""The quadratic landscape against numpy-like formulas that share no code with it."""

import pytest
import torch

from robustlab.ascent import GradientAscent, raw
from robustlab.landscape import Landscape, QuadraticLandscape


def quadratic(b: int = 3, d: int = 6, seed: int = 0) -> QuadraticLandscape:
    generator = torch.Generator().manual_seed(seed)
    gradient = torch.randn(b, d, dtype=torch.float64, generator=generator)
    square = torch.randn(b, d, d, dtype=torch.float64, generator=generator)
    constant = torch.randn(b, dtype=torch.float64, generator=generator)
    return QuadraticLandscape(gradient, (square + square.mT) / 2, constant)


def closed_form(landscape: QuadraticLandscape, k: int, alpha: float) -> torch.Tensor:
    """((I + αH)^k - I) H⁻¹ g, as the papers write it."""
    identity = torch.eye(landscape.gradient.shape[1], dtype=torch.float64)
    power = torch.linalg.matrix_power(identity + alpha * landscape.hessian, k)
    return ((power - identity) @ torch.linalg.solve(landscape.hessian, landscape.gradient[..., None])).mT


@pytest.mark.parametrize("k", [1, 2, 3, 10, 30])
@pytest.mark.parametrize("alpha", [0.001, 0.03, 0.1])
def test_raw_steps_end_at_the_closed_form(k: int, alpha: float) -> None:
    landscape = quadratic()
    expected = closed_form(landscape, k, alpha)
    path = GradientAscent(steps=k, step_size=alpha, direction=raw)(landscape)
    size = expected.abs().amax()
    assert (path.end - expected).abs().amax() <= 1e-12 * size
    assert (landscape.end(k, alpha) - expected).abs().amax() <= 1e-12 * size


def test_every_point_of_the_path_is_a_closed_form() -> None:
    landscape = quadratic()
    path = GradientAscent(steps=8, step_size=0.05, direction=raw)(landscape)
    for t in range(9):
        reached = torch.tensor([1.0] * t + [0.0] * (8 - t), dtype=torch.float64)
        torch.testing.assert_close(path.at(reached), closed_form(landscape, t, 0.05), rtol=1e-12, atol=1e-12)


def test_a_singular_hessian_has_an_end() -> None:
    gradient = torch.tensor([[1.0, 2.0]], dtype=torch.float64)
    flat = QuadraticLandscape(gradient, torch.zeros(1, 2, 2, dtype=torch.float64))
    torch.testing.assert_close(flat.end(5, 0.1), 0.5 * gradient[:, None])


def test_the_loss_is_the_quadratic() -> None:
    gradient = torch.tensor([[1.0, -2.0]])
    hessian = torch.tensor([[[2.0, 1.0], [1.0, -4.0]]])
    landscape = QuadraticLandscape(gradient, hessian, torch.tensor([7.0]))
    # 7 + (3 - 2·5) + ½(2·9 + 2·15 - 4·25)
    assert landscape.loss(torch.tensor([[[3.0, 5.0]]])).tolist() == [7 - 7 - 26]
    assert landscape.loss().tolist() == [7.0]


def test_it_is_a_landscape() -> None:
    landscape = quadratic(b=2, d=4)
    assert isinstance(landscape, Landscape)
    assert landscape.shape == (2, 1, 4)
    assert landscape.mask.expand(landscape.shape).eq(1).all()
    assert landscape.base.eq(0).all()
    assert landscape.ids is None
    assert landscape.units is None


@pytest.mark.usefixtures("unchecked")
def test_shapes_and_symmetry_are_checked() -> None:
    with pytest.raises(ValueError, match=r"hessian must have shape \(2, 3, 3\) to fit the gradient, got \(2, 4, 4\)"):
        QuadraticLandscape(torch.zeros(2, 3), torch.zeros(2, 4, 4))
    with pytest.raises(ValueError, match=r"hessian must be symmetric; pass \(H \+ H.mT\) / 2"):
        QuadraticLandscape(torch.zeros(1, 2), torch.tensor([[[0.0, 1.0], [0.0, 0.0]]]))


@pytest.mark.parametrize("reading", ["read", "clean", "logits"])
def test_there_is_nothing_behind_the_loss(reading: str) -> None:
    with pytest.raises(NotImplementedError, match="a quadratic landscape has a loss only"):
        getattr(quadratic(), reading)()
    with pytest.raises(NotImplementedError, match="no model to replace"):
        quadratic().with_model(torch.nn.Identity())
