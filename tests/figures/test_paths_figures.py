"""Figures of recorded paths show the curves that they are given."""

import pytest

matplotlib = pytest.importorskip("matplotlib", reason="Matplotlib is part of the `book` extra")
matplotlib.use("Agg")

from robustlab.figures import recorded_paths  # noqa: E402
from robustlab.figures.recorded_paths import Curve  # noqa: E402

RISING = Curve([0.01, 0.1, 1.0], [1.0, 2.0, 3.0], [0.5, 1.5, 2.5], [2.0, 3.0, 4.0])
LATER = Curve([3, 4], [5.0, 6.0], [4.0, 5.0], [6.0, 7.0])


def lines(axes):
    return {line.get_label(): line.get_xydata().tolist() for line in axes.lines}


def band(axes, number=0):
    return axes.collections[number].get_paths()[0].get_extents()


def test_a_training_has_a_panel_a_rule_and_a_curve_a_phase():
    names = {"true change": [RISING, LATER], "sum of gains": [LATER]}
    figure = recorded_paths.draw_training({"raw": names, "sign": names}, change=2)
    shown = [axes for axes in figure.axes if axes.get_title()]
    assert [axes.get_title() for axes in shown] == ["raw", "sign"]
    assert lines(shown[0])["true change"] == [[0.01, 1.0], [0.1, 2.0], [1.0, 3.0]]
    assert [line.get_xydata().tolist() for line in shown[0].lines[1:3]] == [[[3, 5], [4, 6]]] * 2
    assert shown[0].lines[-1].get_xdata() == [2, 2]
    assert (band(shown[0]).ymin, band(shown[0]).ymax) == (0.5, 4.0)
    legend = [axes.get_legend() for axes in figure.axes if axes.get_legend()]
    assert [text.get_text() for text in legend[0].get_texts()] == ["true change", "sum of gains"]


def test_errors_are_on_log_axes_in_the_looks_of_the_chapter():
    figure = recorded_paths.draw_errors({"raw": {"sum of gains": RISING, "literal Eq. 8": RISING}, "sign": {}})
    assert [axes.get_title() for axes in figure.axes] == ["raw", "sign"]
    assert figure.axes[0].get_xscale() == figure.axes[0].get_yscale() == "log"
    assert figure.axes[0].lines[0].get_color() == recorded_paths.LOOKS["sum of gains"][0]


def test_effects_have_accuracy_above_and_the_rise_below():
    accuracy = {"one": {"noise": RISING}, "two": {"noise": RISING}}
    rise = {"one": {"noise": LATER}, "two": {"noise": LATER}}
    above, _, below, right = recorded_paths.draw_effects(accuracy, rise).axes
    assert (above.get_title(), below.get_title()) == ("one", "")
    assert lines(above)["noise"][0] == [0.01, 1.0]
    assert lines(below)["noise"] == lines(right)["noise"] == [[3, 5], [4, 6]]
    assert band(below).ymax == 7
    assert above.get_ylim() == pytest.approx((-0.03, 1.03))
