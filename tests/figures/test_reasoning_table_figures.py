"""The figures of training and of Table 1 show what they are given."""

from typing import NamedTuple

import pytest

matplotlib = pytest.importorskip("matplotlib", reason="Matplotlib is part of the `book` extra")
matplotlib.use("Agg")

from robustlab.evaluation.statistics import Estimate  # noqa: E402
from robustlab.figures import reasoning_table as drawn  # noqa: E402
from robustlab.papers.negatives import table1  # noqa: E402


class Seen(NamedTuple):
    passes: float
    clean_loss: float
    invariance: float
    change: float


class Gap(NamedTuple):
    name: str
    measure: str
    estimate: Estimate
    survives: bool


def points(axes):
    return {line.get_label(): line.get_xydata().tolist() for line in axes.lines if len(line.get_xdata())}


def test_a_marker_a_term_and_part():
    lengths = {"L_gen": {"words": 0.1, "decoder": 2.0}, "D": {"words": 0.0, "decoder": 5.0}}
    (axes,) = drawn.draw_parts(lengths).axes
    assert [label.get_text() for label in axes.get_yticklabels()] == ["words", "decoder"]
    assert [x for x, _ in points(axes)["L_gen"]] == [0.1, 2.0]
    assert [x for x, _ in points(axes)["D"]] == [5.0]  # a logarithmic axis has no 0
    assert axes.get_xscale() == "log"
    with pytest.raises(ValueError, match="expected 1 to 3 terms, got none"):
        drawn.draw_parts({})


def test_courses_against_passes():
    seen = [Seen(0, 0.1, 3.0, 0.2), Seen(2000, 0.05, 2.0, 0.3)]
    figure = drawn.draw_courses({"two_sided": seen, "standard, as many passes": seen[:1]})
    clean, apart, change, legend = figure.axes
    assert points(clean)["two_sided"] == [[0, 0.1], [2, 0.05]]
    assert points(apart)["two_sided"] == [[0, 3.0], [2, 2.0]]
    assert points(change)["standard, as many passes"] == [[0, 0.2]]
    assert [text.get_text() for text in legend.get_legend().get_texts()] == ["two_sided", "standard, as many passes"]
    with pytest.raises(ValueError, match="course must be one of standard, .*, got 'other'"):
        drawn.draw_courses({"other": seen})
    with pytest.raises(ValueError, match="at least one course to draw, got none"):
        drawn.draw_courses({})


def test_a_forest_is_in_points_and_fills_what_survives():
    gaps = [
        Gap("lat", "robust_accuracy", Estimate(0.1, 0.05, 0.2), True),
        Gap("vat", "robust_accuracy", Estimate(-0.02, -0.1, 0.1), False),
        Gap("lat", "semantic_deviation", Estimate(-0.1, float("nan"), float("nan")), False),
    ]
    left, right = drawn.draw_forest(gaps, ("robust_accuracy", "semantic_deviation")).axes
    assert [label.get_text() for label in left.get_yticklabels()] == ["lat", "vat"]
    bars = [container.lines for container in left.containers]
    assert [bar[0].get_xydata()[0].tolist() for bar in bars] == [pytest.approx([10, 0]), pytest.approx([-2, 1])]
    assert [bar[0].get_markerfacecolor() == "none" for bar in bars] == [False, True]
    assert bars[0][2][0].get_segments()[0][:, 0].tolist() == pytest.approx([5, 20])
    assert right.containers[0].lines[0].get_xdata()[0] == pytest.approx(-0.1)
    assert left.get_xlabel() == "minus standard, points"
    assert right.get_xlabel() == "minus standard"
    with pytest.raises(ValueError, match="no line has consistency or robust_accuracy beside standard"):
        drawn.draw_forest([], ("consistency", "robust_accuracy"))


def test_printed_against_measured():
    found = {
        "guide": {"robust_accuracy": Estimate(0.5, 0.4, 0.6), "adversarial_sensitivity": None},
        "self-negative": {"robust_accuracy": Estimate(0.6, float("nan"), float("nan"))},
        "elsewhere": {},
    }
    figure = drawn.draw_order(found, table1())
    panels = {axes.get_title(): axes for axes in figure.axes}
    there = [bar.lines[0].get_xydata()[0].tolist() for bar in panels["Robust Accuracy ↑"].containers]
    assert there == [pytest.approx([71.6, 50]), pytest.approx([81.4, 60])]
    assert not panels["Adversarial Sensitivity ↓"].containers
    assert [text.get_text() for text in figure.legends[0].get_texts()] == ["guide", "self-negative"]
    with pytest.raises(ValueError, match="at least one row of the paper among the lines, got none"):
        drawn.draw_order({"elsewhere": {}}, table1())
