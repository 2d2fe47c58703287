"""The decomposition: exact where it must be, of the right order elsewhere, for every step rule."""

import numpy as np
import pytest
import torch
from torch.nn.attention import SDPBackend, sdpa_kernel

from robustlab import ascent, taylor
from robustlab.ascent import GradientAscent
from robustlab.landscape import Path, QuadraticLandscape, TransformerLandscape
from robustlab.models import tiny_architecture, tiny_batch

RULES = {
    "raw": ascent.raw,
    "unit_l2": ascent.unit_l2,
    "token_l2": ascent.token_l2,
    "sign": ascent.sign,
    "linf": ascent.linf,
}


def quadratic(b: int = 2, d: int = 5, seed: int = 0) -> QuadraticLandscape:
    generator = torch.Generator().manual_seed(seed)
    square = torch.randn(b, d, d, dtype=torch.float64, generator=generator)
    gradient = torch.randn(b, d, dtype=torch.float64, generator=generator)
    return QuadraticLandscape(gradient, (square + square.mT) / 2, torch.ones(b, dtype=torch.float64))


@pytest.fixture(scope="module")
def smooth() -> TransformerLandscape:
    """A tiny BERT in float64: gelu, tanh and softmax have all derivatives.

    Its weights are of the size that training gives them. As initialised, embeddings of norm .1 before a LayerNorm make
    the third derivatives so large, and the classifier so flat, that no order can be read off.
    """
    model = tiny_architecture("bert").double().eval()
    with torch.no_grad():
        model.get_input_embeddings().weight.mul_(50)
        model.classifier.weight.mul_(50)
        for layer in model.bert.encoder.layer:
            layer.intermediate.dense.weight.mul_(10)
            layer.output.dense.weight.mul_(10)
    return TransformerLandscape(model, tiny_batch("bert"))


def slope(alphas: np.ndarray, errors: list[torch.Tensor]) -> np.ndarray:
    """Order of convergence of each example: slope of the error's size against α on log axes."""
    sizes = torch.stack(errors).abs().numpy()
    return np.polyfit(np.log(alphas), np.log(sizes), 1)[0]


def largest_eigenvalue(landscape: QuadraticLandscape) -> float:
    return float(torch.linalg.eigvalsh(landscape.hessian).abs().max())


@pytest.mark.parametrize("rule", RULES)
def test_on_a_quadratic_the_second_order_term_is_the_whole_rest(rule: str) -> None:
    landscape = quadratic()
    path = GradientAscent(steps=4, step_size=0.3, direction=RULES[rule])(landscape)
    parts = taylor.decompose(landscape, path)
    torch.testing.assert_close(parts.remainder, parts.second_order.sum(0), rtol=1e-12, atol=1e-13)
    by_hand = torch.einsum("kbi,bij,kbj->kb", path.steps[:, :, 0], landscape.hessian, path.steps[:, :, 0]) / 2
    torch.testing.assert_close(parts.second_order, by_hand, rtol=1e-12, atol=1e-13)


@pytest.mark.parametrize("rule", RULES)
def test_the_remainder_is_of_second_order_on_a_quadratic(rule: str) -> None:
    landscape, k = quadratic(), 3
    alphas = 0.01 / (k * largest_eigenvalue(landscape)) * np.logspace(-1.5, 0, 6)
    errors = []
    for alpha in alphas:
        path = GradientAscent(steps=k, step_size=float(alpha), direction=RULES[rule])(landscape)
        errors.append(taylor.decompose(landscape, path, second_order=False).remainder)
    np.testing.assert_allclose(slope(alphas, errors), 2, atol=0.1)


@pytest.fixture(scope="module")
def steepest(smooth: TransformerLandscape) -> float:
    """‖H‖ of the smooth landscape at the clean input, by power iteration."""
    way = torch.randn(smooth.shape, dtype=torch.float64, generator=torch.Generator().manual_seed(0)) * smooth.mask
    for _ in range(20):
        offset = torch.zeros(smooth.shape, dtype=torch.float64, requires_grad=True)
        with sdpa_kernel(SDPBackend.MATH):
            (gradient,) = torch.autograd.grad(smooth.loss(offset).sum(), offset, create_graph=True)
            (product,) = torch.autograd.grad((gradient * way).sum(), offset)
        size = product.flatten(1).norm(dim=1)
        way = product / size[:, None, None]
    return float(size.max())


@pytest.mark.parametrize("rule", RULES)
def test_orders_on_a_smooth_transformer(rule: str, smooth: TransformerLandscape, steepest: float) -> None:
    """Remainder of order 2, and of order 3 once the curvature is taken off."""
    k = 2
    # Raw steps have αk‖H‖ ≤ .01; the others are brought to the same lengths, since their size is not the gradient's.
    unit, raw = (
        float(GradientAscent(steps=1, step_size=1.0, direction=direction)(smooth).steps.flatten(2).norm(dim=2).max())
        for direction in (RULES[rule], ascent.raw)
    )
    alphas = 0.01 / (k * steepest) * raw / unit * np.logspace(-1.2, 0, 4)
    first, second = [], []
    for alpha in alphas:
        path = GradientAscent(steps=k, step_size=float(alpha), direction=RULES[rule])(smooth)
        parts = taylor.decompose(smooth, path)
        first.append(parts.remainder)
        second.append(parts.remainder - parts.second_order.sum(0))
    np.testing.assert_allclose(slope(alphas, first), 2, atol=0.1)
    np.testing.assert_allclose(slope(alphas, second), 3, atol=0.1)


@pytest.mark.parametrize("rule", RULES)
def test_recorded_gains_are_the_dual_norms(rule: str, smooth: TransformerLandscape) -> None:
    alpha = 0.05
    path = GradientAscent(steps=3, step_size=alpha, direction=RULES[rule])(smooth)
    parts = taylor.decompose(smooth, path, second_order=False)
    offset = path.start
    for t in range(3):
        _, gradient = ascent.gradient_at(smooth, ascent.cross_entropy, offset)
        expected = taylor.dual_gain(gradient, rule=rule, step_size=alpha)
        torch.testing.assert_close(path.gains[t], expected, rtol=1e-9, atol=1e-14)
        torch.testing.assert_close(parts.gains[t], expected, rtol=1e-9, atol=1e-14)
        offset = offset + path.steps[t]


def test_dual_gains_by_hand() -> None:
    g = torch.tensor([[[3.0, -4.0], [0.0, 12.0]]])  # ‖g‖² = 169; token norms 5 and 12; ‖g‖₁ = 19; ‖g‖_∞ = 12
    expected = {"raw": 169.0, "unit_l2": 13.0, "token_l2": 17.0, "sign": 19.0, "linf": 169 / 12}
    for rule, gain in expected.items():
        torch.testing.assert_close(taylor.dual_gain(g, rule=rule, step_size=0.5), torch.tensor([0.5 * gain]))


def test_a_zero_gradient_gains_nothing() -> None:
    for rule in RULES:
        assert taylor.dual_gain(torch.zeros(1, 2, 3), rule=rule, step_size=0.1).tolist() == [0.0]


@pytest.mark.parametrize("rule", RULES)
def test_eq_8_as_printed_holds_for_raw_steps_only(rule: str, smooth: TransformerLandscape) -> None:
    alpha = 0.05
    path = GradientAscent(steps=3, step_size=alpha, direction=RULES[rule])(smooth)
    literal = taylor.literal_gains(path, step_size=alpha)
    by_hand = [[float(step.square().sum()) / alpha for step in row] for row in path.steps]
    torch.testing.assert_close(literal, torch.tensor(by_hand, dtype=torch.float64))
    equal = torch.isclose(literal, path.gains, rtol=1e-6).all()
    assert bool(equal) is (rule == "raw")
    if rule == "unit_l2":
        torch.testing.assert_close(literal.sum(0), torch.full_like(literal[0], 3 * alpha))


@pytest.mark.parametrize("start", [ascent.zero, ascent.freelb(2.0), ascent.normal(0.1)])
def test_the_parts_add_up_with_any_start(start: ascent.Start, smooth: TransformerLandscape) -> None:
    rule = GradientAscent(steps=3, step_size=0.05, start=start, project=ascent.l2_ball(1.0))
    path = rule(smooth, generator=torch.Generator().manual_seed(2))
    parts = taylor.decompose(smooth, path)
    with torch.no_grad():
        clean, first, last = smooth.loss(), smooth.loss(path.start), smooth.loss(path.end)
    torch.testing.assert_close(parts.clean, clean)
    torch.testing.assert_close(parts.start, first - clean)
    torch.testing.assert_close(parts.exact, last - clean)
    torch.testing.assert_close(parts.start + parts.gains.sum(0) + parts.remainder, parts.exact)
    if start is ascent.zero:
        assert parts.start.abs().max() == 0
    else:
        assert parts.start.abs().max() > 1e-3
        # The start is no part of what first order misses.
        assert parts.remainder.abs().max() < 0.2 * parts.exact.abs().max()


def test_freelb_s_start_adds_the_trace_of_the_hessian() -> None:
    """E L(x + r_0) - L(x) = mag²/(6nd)·tr H for r_0 ~ U(±mag/√nd)."""
    b, d, magnitude = 20_000, 3, 0.6
    hessian = torch.tensor([[2.0, 1.0, 0.0], [1.0, 1.0, 0.5], [0.0, 0.5, 4.0]], dtype=torch.float64)
    many = QuadraticLandscape(torch.ones(b, d, dtype=torch.float64), hessian.expand(b, d, d))
    start = ascent.freelb(magnitude)(many, generator=torch.Generator().manual_seed(0))
    parts = taylor.decompose(many, Path(start, start.new_zeros(0, *start.shape), None))
    gradient_part = start.sum((1, 2)).mean()  # odd in r_0: its mean is 0 up to sampling, which is taken off
    assert abs(float((parts.start.mean() - gradient_part) - magnitude**2 / (6 * d) * 7)) < 0.003


def test_gains_are_taken_anew_where_a_path_has_none(smooth: TransformerLandscape) -> None:
    path = GradientAscent(steps=2, step_size=0.05)(smooth)
    bare = taylor.decompose(smooth, path._replace(gains=None), second_order=False)
    torch.testing.assert_close(bare.gains, path.gains)
    assert bare.second_order is None


def test_a_path_without_steps_decomposes(smooth: TransformerLandscape) -> None:
    parts = taylor.decompose(smooth, ascent.Rest()(smooth))
    assert parts.gains.shape == (0, 3)
    assert parts.exact.abs().max() == 0


def test_decomposing_leaves_no_gradient_on_the_model() -> None:
    model = tiny_architecture("bert")
    landscape = TransformerLandscape(model, tiny_batch("bert"))
    parts = taylor.decompose(landscape, GradientAscent(steps=2, step_size=0.05)(landscape))
    assert all(parameter.grad is None for parameter in model.parameters())
    assert not any(part.requires_grad for part in parts)


def test_the_mean_step_cosine_is_over_pairs_of_different_steps() -> None:
    steps = torch.tensor([[1.0, 0.0], [0.0, 2.0], [3.0, 3.0]]).view(3, 1, 1, 2)
    path = Path(torch.zeros(1, 1, 2), steps, None)
    torch.testing.assert_close(taylor.mean_step_cosine(path), torch.tensor([2 * 0.5**0.5 / 3]))
    with pytest.raises(ValueError, match="a cosine between steps needs at least 2 of them, got 1"):
        taylor.mean_step_cosine(path._replace(steps=steps[:1]))


def test_bad_numbers_are_named() -> None:
    g = torch.ones(1, 1, 2)
    with pytest.raises(ValueError, match="rule must be one of raw, unit_l2, token_l2, sign, linf, got 'l2'"):
        taylor.dual_gain(g, rule="l2", step_size=0.1)
    with pytest.raises(ValueError, match="step_size must be positive, got 0"):
        taylor.dual_gain(g, rule="raw", step_size=0.0)
    with pytest.raises(ValueError, match="step_size must be positive, got -1"):
        taylor.literal_gains(Path(g, g[None], None), step_size=-1.0)
