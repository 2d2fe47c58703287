"""The measurements of the Taylor chapter agree with closed forms, and its figures show what they were given."""

import pytest
import torch

matplotlib = pytest.importorskip("matplotlib", reason="Matplotlib is part of the `book` extra")
matplotlib.use("Agg")

from robustlab import methods  # noqa: E402
from robustlab.figures import taylor as chapter  # noqa: E402
from robustlab.landscape import QuadraticLandscape, TransformerLandscape  # noqa: E402
from robustlab.models import tiny_architecture, tiny_batch  # noqa: E402


@pytest.fixture
def bowl(generator):
    noise = torch.randn(3, 5, 6, generator=generator, dtype=torch.float64)
    return QuadraticLandscape(noise[..., 0], noise[..., 1:] @ noise[..., 1:].mT)


def linear(b=2, d=4):
    return QuadraticLandscape(torch.full((b, d), 3.0), torch.zeros(b, d, d))


def test_every_prediction_but_the_literal_one_is_exact_without_curvature():
    # g = (3, 3, 3, 3), so ‖g‖ = 6, and two unit steps of .5 rise by 2 · .5 · 6.
    one = chapter.change(linear(), "unit_l2", step_size=0.5, steps=2)
    for value in (one.true, one.gains, one.tangent):
        torch.testing.assert_close(value, torch.full((2,), 6.0))
    torch.testing.assert_close(one.literal, torch.full((2,), 2 * 0.5))


def test_the_literal_prediction_is_the_sum_of_gains_for_raw_steps(bowl):
    one = chapter.change(bowl, "raw", step_size=0.01, steps=3)
    torch.testing.assert_close(one.literal, one.gains)
    assert (one.true > one.gains).all()
    assert (one.gains > one.tangent).all()


@pytest.mark.parametrize("rule", chapter.RULES)
def test_a_matched_step_has_the_length_asked_for(bowl, rule):
    step_size = chapter.matched_step_size(bowl, rule, length=0.2)
    path = chapter.GradientAscent(steps=1, step_size=step_size, direction=chapter.RULES[rule])(bowl)
    assert path.steps[0].flatten(1).norm(dim=1).mean() == pytest.approx(0.2)


def test_curvature_is_all_that_gains_miss_on_a_quadratic(bowl):
    sizes = [0.001, 0.01]
    found = chapter.errors(bowl, "unit_l2", step_sizes=sizes, steps=3)
    assert max(found["gains and curvature"]) < 1e-12
    assert chapter.slope(sizes, found["sum of gains"]) == pytest.approx(2, abs=0.05)


def test_slope_of_a_power():
    assert chapter.slope([1, 2, 4], [5, 40, 320]) == pytest.approx(3)


@pytest.mark.parametrize(("x", "y"), [([1.0], [1.0]), ([1.0, 2.0], [1.0, 0.0])])
def test_slope_refuses_what_has_no_logarithm(x, y):
    with pytest.raises(ValueError, match="needs at least 2 points and all of them positive, got"):
        chapter.slope(x, y)


def test_expansion_is_exact_without_curvature():
    # Mean of the losses at r_1 and r_2 after unit steps of .5 on a slope of 6: (3 + 6)/2.
    value, expanded = chapter.expansion(methods.freelb(steps=2, step_size=0.5), linear())
    assert (value, expanded) == (pytest.approx(4.5), pytest.approx(4.5))


def test_expansion_counts_the_clean_loss_of_fgm_twice(bowl):
    shifted = QuadraticLandscape(bowl.gradient, 0 * bowl.hessian, torch.full((3,), 2.0, dtype=torch.float64))
    value, expanded = chapter.expansion(methods.fgm(step_size=1e-9), shifted)
    assert (value, expanded) == (pytest.approx(4.0), pytest.approx(4.0))


def test_expansion_needs_a_tableau():
    with pytest.raises(TypeError, match="needs an objective that is a Tableau, got Adaptive"):
        chapter.expansion(methods.adaptive(methods.pgd(steps=2)), linear())


@pytest.mark.parametrize(("rule", "share"), [("raw", 0.5), ("unit_l2", 1.0), ("token_l2", 1.0), ("sign", 1.0)])
def test_steepest_steps_teach_their_whole_gain_and_raw_ones_half(rule, share):
    model = tiny_architecture("bert").double().eval()
    landscape = TransformerLandscape(model, tiny_batch("bert"))
    step_size = chapter.matched_step_size(landscape, rule, length=1e-5)
    taught = chapter.learned(model, landscape, rule, step_size=step_size)
    assert taught.cosine == pytest.approx(1, abs=1e-3)
    assert taught.share == pytest.approx(share, abs=5e-3)


def test_figures_show_what_they_were_given(bowl):
    one = chapter.change(bowl, "raw", step_size=0.01, steps=2)
    found = {"raw": chapter.errors(bowl, "raw", step_sizes=[0.01, 0.1], steps=2)}
    history = {key: [one, one] for key in chapter.RULES}
    drawn = {
        "training": chapter.draw_training(history, [0, 5]),
        "errors": chapter.draw_errors({"raw": [0.01, 0.1]}, found),
        "budget": chapter.draw_budget([1, 2], [one, one], length=0.3),
    }
    lines = {name: {line.get_label(): line for line in figure.axes[0].lines} for name, figure in drawn.items()}
    assert list(lines["training"]["true change"].get_ydata()) == [pytest.approx(float(one.true.mean()))] * 2
    assert list(lines["training"]["literal Eq. 8"].get_xdata()) == [0, 5]
    assert list(lines["errors"]["sum of gains"].get_ydata()) == found["raw"]["sum of gains"]
    assert lines["budget"]["tangent at x"].get_ydata()[0] == pytest.approx(float(one.tangent.mean()))
    assert [axes.get_title() for axes in drawn["training"].axes[:5]] == list(chapter.RULES)
    scatter = chapter.draw_saturation({"fitted": one, "by heart": one}).axes[0].collections
    torch.testing.assert_close(torch.as_tensor(scatter[0].get_offsets().data)[:, 1], one.true)
