"""The figures of the zoo show the points, paths and weights that they are given."""

import pytest

matplotlib = pytest.importorskip("matplotlib", reason="Matplotlib is part of the `book` extra")
matplotlib.use("Agg")

import torch  # noqa: E402

from robustlab import methods  # noqa: E402
from robustlab.evaluation.statistics import Estimate  # noqa: E402
from robustlab.figures import zoo, zoo_paths  # noqa: E402
from robustlab.figures.style import colour  # noqa: E402
from robustlab.landscape import QuadraticLandscape  # noqa: E402
from robustlab.methods import BY_NAME  # noqa: E402


def estimate(value):
    return Estimate(value, value - 0.1, value + 0.1)


POINTS = [
    zoo.Point("standard", 3, estimate(0.5)),
    zoo.Point("flooding-x", 3, estimate(0.4)),
    zoo.Point("pgd", 9, estimate(0.7)),
    zoo.Point("trades", 12, estimate(0.6)),
]


def test_the_frontier_is_what_nothing_cheaper_reaches():
    assert [point.method for point in zoo.frontier(POINTS)] == ["standard", "pgd"]
    tied = [zoo.Point("fgm", 6, estimate(0.5)), *POINTS]
    assert [point.method for point in zoo.frontier(tied)] == ["standard", "pgd"]


def test_costs_have_a_marker_a_method_and_a_line_for_standard_training():
    (axes,) = zoo.draw_costs(POINTS, measure="worst-case").axes
    assert axes.get_xscale() == "log"
    assert axes.get_ylabel() == "worst-case accuracy, %"
    dashed = [line for line in axes.lines if line.get_linestyle() == "--"]
    assert [set(line.get_ydata()) for line in dashed] == [{50.0}]
    assert sorted(text.get_text() for text in axes.texts) == ["pgd", "standard"]
    drawn = {container.lines[0].get_color(): container.lines[0].get_xydata()[0] for container in axes.containers}
    assert drawn[colour("pgd")] == pytest.approx((9, 70))
    assert drawn[colour("flooding-x")][0] < 3 < drawn[colour("standard")][0]


def test_every_method_can_be_drawn_also_with_one_seed():
    alone = Estimate(0.5, float("nan"), float("nan"))
    points = [zoo.Point(name, 3.0 + place, alone) for place, name in enumerate(BY_NAME)]
    assert len(zoo.draw_costs(points, measure="clean").axes[0].containers) == len(BY_NAME)


def test_accuracies_are_in_order_with_clean_hollow():
    lines = [zoo.Line("pgd", estimate(0.9), estimate(0.6)), zoo.Line("standard", estimate(0.8), estimate(0.4))]
    (axes,) = zoo.draw_accuracies(lines).axes
    assert [label.get_text() for label in axes.get_yticklabels()] == ["pgd", "standard"]
    assert axes.get_ylim()[0] > axes.get_ylim()[1]
    hollow = [line for line in axes.lines if line.get_markerfacecolor() == "none" and len(line.get_xdata())]
    assert [line.get_xydata().tolist() for line in hollow] == [[[90.0, 0.0]], [[80.0, 1.0]]]
    assert [container.lines[0].get_xdata()[0] for container in axes.containers] == [60.0, 40.0]


@pytest.fixture
def plane():
    gradient = torch.tensor([[3.0, 4.0]], dtype=torch.float64).expand(5, 2)
    flat = QuadraticLandscape(gradient, torch.zeros(5, 2, 2, dtype=torch.float64))
    return zoo_paths.TwoWords(flat, torch.eye(2, dtype=torch.float64)[:, None])


def test_walks_stop_where_the_tableau_says(plane):
    walk = zoo_paths.walked(methods.freelb(steps=2, step_size=0.5), plane)
    unit = torch.tensor([0.6, 0.8], dtype=torch.float64)
    assert torch.allclose(walk.points, torch.stack([0 * unit, 0.5 * unit, unit]))
    assert [stop.weight for stop in walk.stops] == [0.5, 0.5]
    assert torch.allclose(torch.stack([stop.point for stop in walk.stops]), walk.points[1:])
    fgm = zoo_paths.walked(methods.fgm(step_size=1.0), plane)
    assert [stop.point.tolist() for stop in fgm.stops] == [[0, 0], pytest.approx([0.6, 0.8])]
    adaptive = zoo_paths.walked(methods.adaptive_pgd(steps=2, step_size=0.5, beta=1), plane)
    assert torch.allclose(adaptive.stops[0].point, 0.5 * unit)


def test_consistency_compares_the_end_with_the_clean_input(plane):
    method = methods.r3f(noise=0.5, weight=2.0)
    walk = zoo_paths.walked(method, plane, generator=torch.Generator().manual_seed(0))
    clean, end = walk.stops
    assert (clean.weight, clean.compared, clean.point.tolist()) == (1.0, False, [0, 0])
    assert (end.weight, end.compared) == (2.0, True)
    assert torch.equal(end.point, walk.points[-1])


def test_words_are_remembered_and_what_has_no_path_is_refused(plane):
    method = methods.ta_vat(steps=2, step_size=0.5, radius=9, magnitude=0.2)
    assert zoo_paths.walked(method, plane, generator=torch.Generator().manual_seed(0)).points.shape == (3, 2)
    with pytest.raises(TypeError, match="RDrop learns from no point of a path"):
        zoo_paths.walked(methods.r_drop(), plane)


def test_infobert_stops_at_every_point_but_the_last(plane):
    walk = zoo_paths.walked(methods.infobert(steps=2), plane, generator=torch.Generator().manual_seed(0))
    assert torch.equal(torch.stack([stop.point for stop in walk.stops]), walk.points[:-1])


def test_a_marker_is_as_large_as_its_weight(plane):
    walk = zoo_paths.walked(methods.fgm(step_size=1.0), plane)
    heavy = walk._replace(stops=[walk.stops[0], walk.stops[1]._replace(weight=4.0, compared=True)])
    figure = zoo_paths.draw(plane, {"one": {"fgm": heavy}}, reach=(-2, 2), words={"here": (0, 0)}, labels=("u", "v"))
    first, second = figure.axes[0].lines[-2:]
    assert second.get_markersize() == pytest.approx(2 * first.get_markersize())
    assert (first.get_markerfacecolor(), second.get_markerfacecolor()) == (colour("fgm"), "none")
