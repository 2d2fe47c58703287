"""The figures of the main comparison show the gains, curves and points that they are given."""

import pytest

matplotlib = pytest.importorskip("matplotlib", reason="Matplotlib is part of the `book` extra")
matplotlib.use("Agg")

import numpy as np  # noqa: E402

from robustlab.figures import comparison  # noqa: E402
from robustlab.figures.style import colour, marker  # noqa: E402
from robustlab.study.paper_results import gains  # noqa: E402


def test_gains_have_a_panel_a_data_set_and_a_line_an_attack():
    figure = comparison.draw_gains(gains(1000, 148))
    assert [axes.get_title() for axes in figure.axes] == ["SST-2", "QNLI", "IMDB", "AG News"]
    first, _, third, _ = figure.axes
    assert [label.get_text() for label in first.get_yticklabels()] == [
        "clean", "TextFooler", "TextBugger", "BAE", "AdvGLUE",
    ]  # fmt: skip
    assert len(third.get_yticklabels()) == 4
    drawn = [box.lines[0].get_xydata()[0] for box in first.containers if box.lines[0].get_color() == colour("pgd")]
    assert [x for x, _ in drawn] == pytest.approx([-0.12, 3.10, 3.46, 4.81, 4.31])
    assert sorted(y for _, y in drawn) == [y for _, y in drawn]  # from the top downwards


def test_three_data_sets_leave_a_panel_empty():
    some = [gain for gain in gains(1000, 148) if gain.dataset != "AG News"]
    assert [axes.axison for axes in comparison.draw_gains(some).axes] == [True] * 3 + [False]


def test_budgets_have_a_thin_line_a_model_and_a_thick_one_for_the_mean():
    budgets = [1, 10, 100]
    two = [np.array([0.9, 0.5, 0.1]), np.array([0.7, 0.3, 0.3])]
    figure = comparison.draw_budgets(budgets, {"a": {"standard": two, "pgd": two[:1]}, "b": {"pgd": two[:1]}})
    upper, lower = figure.axes
    assert (upper.get_title(), lower.get_title(), upper.get_xscale()) == ("a", "b", "log")
    thick = [line for line in upper.lines if line.get_linewidth() == 2 and len(line.get_xdata())]
    assert [line.get_color() for line in thick] == [colour("standard"), colour("pgd")]
    assert thick[0].get_ydata() == pytest.approx([80, 40, 20])
    assert sum(line.get_linewidth() < 1 for line in upper.lines) == 2  # one model is its own mean
    assert thick[0].get_linestyle() != thick[1].get_linestyle()


def test_points_have_the_looks_of_their_method_and_are_filled_by_attack():
    points = [comparison.Point("pgd", "a", 0.8, 0.2), comparison.Point("standard", "b", 0.9, 0.1)]
    (axes,) = comparison.draw_clean_robust(points).axes
    drawn = [line for line in axes.lines if len(line.get_xdata())]
    assert [line.get_xydata()[0].tolist() for line in drawn] == [[80, 20], [90, 10]]
    assert [line.get_marker() for line in drawn] == [marker("pgd"), marker("standard")]
    assert [line.get_fillstyle() for line in drawn] == ["full", "none"]
    assert drawn[0].get_markersize() < drawn[1].get_markersize()  # both are seen where they agree
    five = [comparison.Point("pgd", str(i), 0.8, 0.2) for i in range(5)]
    with pytest.raises(ValueError, match="at most 4 attacks can be told apart, got 5"):
        comparison.draw_clean_robust(five)
