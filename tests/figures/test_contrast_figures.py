"""The figures of contrast show the numbers that they are given."""

import pytest

matplotlib = pytest.importorskip("matplotlib", reason="Matplotlib is part of the `book` extra")
matplotlib.use("Agg")

import numpy as np  # noqa: E402

from robustlab.figures import contrast as drawn  # noqa: E402
from robustlab.figures.style import INK, colour, marker  # noqa: E402
from robustlab.study.pretraining.circle import Circle  # noqa: E402


def lines(axes, mark):
    return [line for line in axes.lines if line.get_marker() == mark and len(line.get_xdata())]


def test_pushes_have_a_line_a_temperature():
    axes = drawn.draw_pushes([0, 90, 180], {0.05: [0.9, 0.1, 0.0], 1.0: [0.5, 0.3, 0.2]}).axes[0]
    assert [list(line.get_ydata()) for line in axes.lines] == [[0.9, 0.1, 0.0], [0.5, 0.3, 0.2]]
    assert [text.get_text() for text in axes.get_legend().get_texts()] == ["τ = 0.05", "τ = 1"]
    assert axes.get_yscale() == "log"
    assert len({line.get_linestyle() for line in axes.lines}) == 2


def test_views_of_an_example_share_a_ring_a_colour_and_a_marker():
    points = np.array([[[1.0, 0.0], [0.0, 1.0]], [[-1.0, 0.0], [0.0, -1.0]]])
    empty = Circle(points, 0, 0)
    figure = drawn.draw_circles({"one": Circle(points, 0.25, -1.5), "two": empty, "three": empty})
    first = figure.axes[0]
    assert first.get_title() == "one\nalignment 0.25, uniformity -1.50"
    (inner,), (outer,) = lines(first, "o"), lines(first, "s")
    assert np.allclose(inner.get_xydata(), points[0])
    assert np.allclose(outer.get_xydata(), 1.28 * points[1])
    assert inner.get_color() != outer.get_color()
    assert [axes.axison for axes in figure.axes] == [False] * 4  # the fourth is empty


def test_curves_have_a_panel_a_quantity_and_a_look_a_course():
    curves = {"words": {0: 0.4, 10: 1.2}, "text": {0: 0.4, 10: 0.1}}
    figure = drawn.draw_curves({"relative": curves, "uniformity": curves, "rank": {"text": {0: 3.0}}})
    axes = figure.axes[0]
    drawn_lines = [line for line in axes.lines if len(line.get_xdata())]
    assert [list(line.get_ydata()) for line in drawn_lines] == [[0.4, 1.2], [0.4, 0.1]]
    assert [line.get_color() for line in drawn_lines] == [INK, colour("adaptive-pgd")]
    assert figure.axes[2].lines[0].get_color() == colour("adaptive-pgd")  # a course keeps its look where it is alone
    assert [text.get_text() for text in figure.legends[0].get_texts()] == ["words", "text"]


def test_planes_tell_labels_apart_by_colour_and_marker():
    points = np.array([[0.0, 1.0], [2.0, 3.0], [4.0, 5.0]])
    figure = drawn.draw_planes({"before": (points, 0.312), "after": (points, 0.2)}, [0, 1, 0], ("negative", "positive"))
    axes = figure.axes[0]
    assert axes.get_title() == "before\n31 % of the variance"
    (dots,), (crosses,) = lines(axes, "o"), lines(axes, "x")
    assert dots.get_xydata().tolist() == [[0, 1], [4, 5]]
    assert crosses.get_xydata().tolist() == [[2, 3]]
    assert dots.get_color() != crosses.get_color()
    assert [text.get_text() for text in figure.legends[0].get_texts()] == ["negative", "positive"]


def test_distances_have_means_and_a_faint_point_a_seed():
    found = {"before": {"words": [0.2], "negative": [0.1]}, "text": {"words": [0.1, 0.3], "negative": [0.5, 0.7]}}
    axes = drawn.draw_distances(found, xlabel="distance").axes[0]
    assert [label.get_text() for label in axes.get_yticklabels()] == ["before", "text"]
    means = [line.get_xdata()[0] for line in lines(axes, marker(drawn.LOOKS[2]))]
    assert means == pytest.approx([0.1, 0.6])
    faint = [list(line.get_xdata()) for line in axes.lines if line.get_alpha() == 0.4]
    assert faint == [[0.2], [0.1], [0.1, 0.3], [0.5, 0.7]]
    assert axes.get_ylim()[0] > axes.get_ylim()[1]


def test_more_names_than_looks_are_refused():
    many = {str(number): {0: 1.0} for number in range(6)}
    with pytest.raises(ValueError, match="expected at most 5 names, got 6: 0, 1, 2"):
        drawn.draw_curves({"relative": many})
    with pytest.raises(ValueError, match="expected at most 4 names, got 5"):
        drawn.draw_distances({"before": {str(number): [1.0] for number in range(5)}}, xlabel="")
