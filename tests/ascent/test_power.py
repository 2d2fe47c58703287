"""Power iteration against the eigenvector that it is meant to find."""

import pytest
import torch

from robustlab.ascent import Ascent, PowerIteration
from robustlab.landscape.base import Reading
from tests.ascent.linear import LinearClassifier


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


@pytest.mark.parametrize("seed", range(5))
def test_two_classes_need_one_iteration(seed: int):
    """KL's Hessian at 0 is p(1-p)·vvᵀ with v = w₁ - w₀: a matrix of rank one."""
    landscape = LinearClassifier(classes=2, seed=seed)
    end = PowerIteration(radius=0.7, probe=1e-3)(landscape, generator=generator(seed)).end.flatten(1)
    v = landscape.weight[1] - landscape.weight[0]
    expected = 0.7 * v / v.norm()
    assert end.norm(dim=1).sub(0.7).abs().max() < 1e-12
    for row in end:  # either sign: to second order the two ends change the output alike
        torch.testing.assert_close(row * torch.sign(row @ expected), expected, rtol=0, atol=1e-3)


def test_more_classes_converge_to_the_first_eigenvector():
    landscape = LinearClassifier(classes=4, seed=1)
    p = landscape.logits().softmax(-1)
    fisher = torch.diag_embed(p) - torch.einsum("bi,bj->bij", p, p)
    hessian = torch.einsum("cd,bce,ef->bdf", landscape.weight, fisher, landscape.weight)
    first = torch.linalg.eigh(hessian).eigenvectors[..., -1]

    def cosine(steps: int) -> float:
        end = PowerIteration(steps=steps, radius=1, probe=1e-4)(landscape, generator=generator()).end.flatten(1)
        return (end * first).sum(1).abs().mean().item()

    assert cosine(1) < cosine(3) < cosine(60)
    assert cosine(60) > 0.999


def test_is_an_ascent_with_a_path_that_ends_where_it_says():
    landscape = LinearClassifier(classes=3)
    ascent = PowerIteration(steps=2, radius=0.3)
    assert isinstance(ascent, Ascent)
    path = ascent(landscape, generator=generator())
    assert len(path.steps) == 2
    torch.testing.assert_close(path.start + path.steps.sum(0), path.end)
    assert path.start.flatten(1).norm(dim=1).sub(0.1).abs().max() < 1e-12


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"steps": 0, "radius": 1.0}, "steps must be at least 1, got 0"),
        ({"radius": -1.0}, r"radius must be positive, got -1\.0"),
        ({"radius": 1.0, "probe": 0.0}, r"probe must be positive, got 0\.0"),
    ],
)
def test_bad_settings(settings: dict, message: str):
    with pytest.raises(ValueError, match=message):
        PowerIteration(**settings)


def test_the_toy_reads_what_it_says():
    landscape = LinearClassifier(classes=2)
    assert isinstance(landscape.read(), Reading)
