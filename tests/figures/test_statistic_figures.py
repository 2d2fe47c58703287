"""Figures of robust accuracy as a statistic show the numbers that they are given."""

import pytest

matplotlib = pytest.importorskip("matplotlib", reason="Matplotlib is part of the `book` extra")
matplotlib.use("Agg")

from robustlab.evaluation.statistics import Estimate  # noqa: E402
from robustlab.figures import statistic  # noqa: E402


def test_leanings_have_a_curve_a_share_and_a_mark():
    figure = statistic.draw_leanings([0, 1, 2], {"clean": [0.8, 0.7, 0.5], "left": [0.4, 0.6, 1.0]}, marked=1.5)
    (axes,) = figure.axes
    assert [line.get_label() for line in axes.lines[:2]] == ["clean", "left"]
    assert axes.lines[1].get_xydata().tolist() == [[0, 0.4], [1, 0.6], [2, 1.0]]
    assert axes.lines[2].get_xdata() == [1.5, 1.5]


def test_power_has_a_logarithmic_axis_and_the_power_that_is_wanted():
    (axes,) = statistic.draw_power([10, 100], {"paired": [0.1, 0.9]}, wanted=0.8).axes
    assert axes.get_xscale() == "log"
    assert axes.lines[0].get_xydata().tolist() == [[10, 0.1], [100, 0.9]]
    assert axes.lines[1].get_ydata() == [0.8, 0.8]


def test_differences_share_their_bins_and_hold_every_value():
    above, below = statistic.draw_differences({"same": [1, 2, 2], "apart": [-5, 0, 10]}, truth=1.5).axes
    assert (above.get_title(), below.get_title()) == ("same", "apart")
    assert [sum(bar.get_height() for bar in axes.patches) for axes in (above, below)] == [3, 3]
    assert [bar.get_x() for bar in above.patches] == [bar.get_x() for bar in below.patches]
    assert above.lines[0].get_xdata() == [1.5, 1.5]


def test_budgets_show_the_curve_and_the_runs():
    curve = [Estimate(0.8, 0.7, 0.9), Estimate(0.5, 0.4, 0.6)]
    figure = statistic.draw_budgets({"queries": ([1, 2], curve)}, {"queries": ([2], [0.45])}, clean=0.8)
    (axes,) = figure.axes
    assert axes.lines[0].get_xydata().tolist() == [[1, 0.8], [2, 0.5]]
    assert axes.lines[0].get_drawstyle() == "steps-post"
    assert set(axes.lines[1].get_ydata()) == {0.8}
    assert axes.lines[2].get_xydata().tolist() == [[2, 0.45]]
    extents = axes.collections[0].get_paths()[0].get_extents()
    assert (extents.ymin, extents.ymax) == (0.4, 0.9)


def test_estimates_stand_one_below_the_other():
    figure = statistic.draw_estimates({"a": Estimate(0.5, 0.4, 0.7), "b": Estimate(0.2, 0.1, 0.3)}, label="x", line=0.6)
    (axes,) = figure.axes
    assert [text.get_text() for text in axes.get_yticklabels()] == ["a", "b"]
    ends = [collection.get_segments()[0][:, 0].tolist() for collection in axes.collections]
    assert ends == [pytest.approx([0.4, 0.7]), pytest.approx([0.1, 0.3])]
    assert axes.yaxis_inverted()
    assert axes.lines[-1].get_xdata() == [0.6, 0.6]


def test_seeds_have_a_marker_a_draw_and_a_bar():
    (axes,) = statistic.draw_seeds([[0.4, 0.6], [0.1, 0.3], [0.2, 0.2]]).axes
    assert len(axes.lines) == 6
    assert axes.lines[0].get_marker() == axes.lines[2].get_marker() != axes.lines[1].get_marker()
    heights = [collection.get_segments()[0][0, 1] for collection in axes.collections]
    assert heights == pytest.approx([0.5, 0.2, 0.2])
