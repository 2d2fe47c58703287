"""The figures of the chapter on cost show what they are given."""

import matplotlib

matplotlib.use("Agg")
import pytest

from robustlab.evaluation.statistics import Estimate
from robustlab.figures import cost


def test_units_are_relative_to_standard_training_and_public_code_has_a_cross():
    figure = cost.draw_units({"standard": 3, "pgd": 9.3, "vat": 12}, {"pgd": 12})
    (axes,) = figure.axes
    assert [label.get_text() for label in axes.get_yticklabels()] == ["standard", "pgd", "vat"]
    points = {line.get_marker(): [] for line in axes.lines}
    for line in axes.lines:
        points[line.get_marker()].append((float(line.get_xdata()[-1]), float(line.get_ydata()[-1])))
    assert points["o"] == [(1, 0), (pytest.approx(3.1), 1), (4, 2)]
    assert points["x"] == [(4, 1)]
    assert axes.yaxis_inverted()


def test_times_stand_beside_what_flops_predict():
    times = {"pgd": Estimate(3, 2.8, 3.5), "wasteful pgd": Estimate(4, 4, 4)}
    (axes,) = cost.draw_times(times, {"pgd": 9, "wasteful pgd": 12}).axes
    predicted = [
        float(line.get_xdata()[0]) for line in axes.lines if line.get_marker() == "|" and line.get_markersize() > 10
    ]
    assert predicted == [3, 4]
    bars = [container.lines[2][0].get_segments()[0][:, 0].tolist() for container in axes.containers]
    assert bars == [pytest.approx([2.8, 3.5]), pytest.approx([4, 4])]
    assert [container.lines[0].get_markerfacecolor() == "none" for container in axes.containers] == [False, True]


def test_a_timed_method_that_was_not_counted_is_named():
    with pytest.raises(ValueError, match="expected counted units for every timed method, got none for pgd"):
        cost.draw_times({"pgd": Estimate(1, 1, 1)}, {"fgm": 6})


def test_reported_ratios_stand_beside_predictions():
    reported = {"sst2": {"pgd": 1.0, "freelb": 1.2}, "qnli": {"pgd": 1.1, "freelb": 1.3}}
    (axes,) = cost.draw_ratios(reported, {"two": (1.0, 0.87), "three": (1.0, 1.2)}).axes
    heights = {}
    for line in axes.lines:
        heights.setdefault(line.get_marker(), []).append(float(line.get_ydata()[0]))
    assert heights["o"] == [1.0, 1.2]
    assert heights["D"] == [1.1, 1.3]
    assert heights["None"] == [1.0, 0.87, 1.0, 1.2]
    assert [label.get_text() for label in axes.get_xticklabels()] == ["pgd\n+Ours", "freelb\n+Ours"]
