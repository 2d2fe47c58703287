"""What the chapter on adaptive training computes and draws."""

import matplotlib
import pytest
import torch

matplotlib.use("Agg")

from robustlab.ascent import GradientAscent, raw
from robustlab.evaluation.statistics import Estimate
from robustlab.figures import adaptive
from robustlab.landscape import QuadraticLandscape
from robustlab.models import tiny_architecture, tiny_batch
from robustlab.objective import ExponentiatedWeights, ProjectedWeights, SoftmaxWeights


def quadratic(generator: torch.Generator, *, curved: float = 1.0) -> QuadraticLandscape:
    half = torch.randn(3, 5, 5, generator=generator, dtype=torch.float64)
    gradient = torch.randn(3, 5, generator=generator, dtype=torch.float64)
    return QuadraticLandscape(gradient, curved * (half + half.mT))


@pytest.mark.parametrize("direction", ["unit", "raw"])
def test_gap_of_the_two_objectives_is_exact_on_a_quadratic(generator, direction):
    landscape = quadratic(generator)
    rule = {"direction": raw} if direction == "raw" else {}
    path = GradientAscent(steps=4, step_size=0.2, **rule)(landscape)
    weights = torch.tensor([0.1, 0.2, 0.3, 0.4], dtype=torch.float64)
    found = adaptive.objectives(landscape, path, weights, beta=3.0)
    torch.testing.assert_close(found.surrogate - found.framework, found.predicted_gap, rtol=1e-10, atol=1e-10)
    assert found.predicted_gap.abs().min() > 1e-3


def test_gap_vanishes_without_curvature_at_order_two_with_it(generator):
    landscape = quadratic(generator)
    sizes = [0.0005 * 2**n for n in range(4)]
    errors = []
    for size in sizes:
        path = GradientAscent(steps=3, step_size=size)(landscape)
        found = adaptive.objectives(landscape, path, torch.tensor([0.2, 0.3, 0.5]).double(), beta=3.0)
        errors.append(float((found.surrogate - found.framework).abs().mean()))
    assert adaptive.order(sizes, errors) == pytest.approx(2, abs=0.1)
    flat = quadratic(generator, curved=0.0)
    found = adaptive.objectives(
        flat, GradientAscent(steps=3, step_size=0.5)(flat), torch.ones(3).double() / 3, beta=3.0
    )
    torch.testing.assert_close(found.surrogate, found.framework)


def test_a_path_without_gains_is_refused(generator):
    landscape = quadratic(generator)
    path = GradientAscent(steps=2, step_size=0.1)(landscape)._replace(gains=None)
    with pytest.raises(ValueError, match="the path holds no gains; climb with GradientAscent"):
        adaptive.objectives(landscape, path, torch.tensor([0.5, 0.5]).double(), beta=2.0)


def test_order_is_the_slope_on_log_axes():
    assert adaptive.order([1.0, 2.0, 4.0], [5.0, 40.0, 320.0]) == pytest.approx(3)


def test_the_grid_covers_the_simplex():
    grid = torch.stack(adaptive.simplex_grid(3, 4))
    assert len(grid) == 15 == len(grid.unique(dim=0))
    torch.testing.assert_close(grid.sum(1), torch.ones(15))
    assert grid.min() == 0
    assert {tuple(vertex) for vertex in torch.eye(3).tolist()} <= {tuple(point) for point in grid.tolist()}


def test_collinear_steps_leave_nothing_to_the_weights(generator):
    flat = quadratic(generator, curved=0.0)
    found = adaptive.reach(flat, step_size=0.5, steps=3)
    assert found.cosine == pytest.approx(1)
    assert found.high - found.low == pytest.approx(0, abs=1e-6)
    assert found.uniform > found.clean


def test_turning_steps_open_a_span_around_the_uniform_loss(generator):
    found = adaptive.reach(quadratic(generator), step_size=0.5, steps=4)
    assert found.cosine < 0.99
    assert found.low < found.uniform < found.high
    assert found.low < found.high_matched <= found.high + 1e-9
    assert sum(found.worst) == pytest.approx(1)


def test_matched_offsets_have_the_length_of_pgd():
    # L = ‖r‖: a vertex only gains by being longer than the uniform offset, and nothing at equal length.
    class Corner(QuadraticLandscape):
        def loss(self, offset=None):
            return self.constant if offset is None else offset.squeeze(1).norm(dim=1)

    hessian = torch.tensor([[[0.0, 2.0], [2.0, 0.0]]], dtype=torch.float64)
    landscape = Corner(torch.tensor([[1.0, 0.0]], dtype=torch.float64), hessian)
    start = torch.tensor([[[1.0, 0.0]]], dtype=torch.float64)
    turned = torch.tensor([[[0.0, 1.0]]], dtype=torch.float64)
    path = adaptive.Path(torch.zeros(1, 1, 2, dtype=torch.float64), torch.stack([start, turned]), None)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(adaptive, "GradientAscent", lambda **settings: lambda where: path)
        found = adaptive.reach(landscape, step_size=1.0, steps=2)
    assert found.high == pytest.approx(2)
    assert found.high_matched == pytest.approx(2**0.5)
    assert found.uniform == pytest.approx(2**0.5)


@pytest.mark.parametrize("kind", [SoftmaxWeights, ProjectedWeights, ExponentiatedWeights])
def test_weights_are_followed_and_the_model_is_left_alone(kind):
    model = tiny_architecture("bert")
    before = {name: value.clone() for name, value in model.state_dict().items()}
    batches = [tiny_batch("bert", seed=number) for number in range(3)]
    seen = adaptive.follow_weights(model, batches, kind(3, learning_rate=0.5), step_size=2.0, learning_rate=1e-3)
    assert len(seen.weights) == 4 == len(seen.offset_norm) + 1
    assert seen.weights[0] == pytest.approx([1 / 3] * 3)
    assert seen.weights[-1] != pytest.approx([1 / 3] * 3, abs=1e-4)
    assert all(sum(weights) == pytest.approx(1, abs=1e-5) for weights in seen.weights)
    assert 0 <= seen.entropy < 1.0987
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())


def test_figures_show_every_method_and_an_absent_interval():
    one_seed = Estimate(0.8, float("nan"), float("nan"))
    groups = [
        ("PGD", "pgd", {"clean": Estimate(0.9, 0.8, 1.0)}),
        ("fixed", "pgd-fixed-w", {"clean": one_seed}),
        ("adaptive", "adaptive-pgd", {"clean": one_seed}),
    ]
    figure = adaptive.draw_accuracies(groups, {"clean": "clean"})
    (axes,) = figure.axes
    assert [label.get_text() for label in axes.get_yticklabels()] == ["PGD", "fixed", "adaptive"]
    fills = [container.lines[0].get_markerfacecolor() for container in axes.containers]
    assert fills[1] == "none" != fills[0]
    assert [container.lines[0].get_xdata()[0] for container in axes.containers] == pytest.approx([90, 80, 80])


def test_figures_of_the_probe_and_the_dynamics():
    found = [
        adaptive.Reach(0.1, 0.9, 0.2, 0.3, 0.25, 0.35, 0.33, (0.0, 1.0)),
        adaptive.Reach(1.0, 0.1, 0.2, 2, 1, 3, 2, (1.0, 0.0)),
    ]
    left, right = adaptive.draw_reach(found, unit=2.0).axes
    assert left.lines[0].get_xdata() == pytest.approx([0.1, 1.0])  # kα over the unit, k = 2
    assert right.get_ylim()[0] == 0
    run = adaptive.Dynamics([[0.5, 0.5], [0.2, 0.8]], [0.1], [0.9])
    grid = adaptive.draw_weights({"short": {"softmax": run}, "long": {"softmax": run}}).axes
    assert len(grid) == 2
    assert [axes.get_title() for axes in grid] == ["softmax", ""]
    assert [list(line.get_ydata()) for line in grid[0].lines] == [[0.5, 0.2], [0.5, 0.8]]
    axes = adaptive.draw_orders([0.1, 0.2], {"gap": [1.0, 4.0], "rest": [1.0, 8.0]}).axes[0]
    assert [text.get_text() for text in axes.get_legend().get_texts()] == ["gap: order 2.00", "rest: order 3.00"]
