"""The figures of views and negatives show the numbers that they are given."""

import pytest

matplotlib = pytest.importorskip("matplotlib", reason="Matplotlib is part of the `book` extra")
matplotlib.use("Agg")

from robustlab.figures import views as drawn  # noqa: E402
from robustlab.figures.style import INK, colour  # noqa: E402
from robustlab.study.pretraining.climbs import Climb  # noqa: E402


def test_climbs_have_a_panel_an_encoder_and_a_look_a_rule():
    found = {"steep": Climb([0, 0.1], [1.0, 2.0]), "random": Climb([0, 0.1], [1.0, 1.1])}
    figure = drawn.draw_climbs({"before": found, "after": found, "later": found}, bound=0.05)
    axes = figure.axes[0]
    steep, random, bound = axes.lines
    assert (list(steep.get_xdata()), list(steep.get_ydata())) == ([0, 0.1], [1.0, 2.0])
    assert (steep.get_color(), random.get_color()) == (colour("adaptive-pgd"), INK)
    assert list(bound.get_xdata()) == [0.05, 0.05]
    assert [one.get_title() for one in figure.axes] == ["before", "after", "later", ""]
    assert not figure.axes[3].axison
    assert [text.get_text() for text in figure.legends[0].get_texts()] == ["steep", "random"]


def test_shares_are_percent_over_a_logarithmic_axis():
    axes = drawn.draw_shares({"before": {0.05: 0.1, 1.0: 0.01}, "after": {0.05: 0.3, 1.0: 0.01}}, ylabel="share").axes[
        0
    ]
    assert [list(line.get_ydata()) for line in axes.lines] == [[10, 1], [30, 1]]
    assert [label.get_text() for label in axes.get_xticklabels()] == ["0.05", "1"]
    assert axes.get_xscale() == "log"


def test_a_matrix_has_its_numbers_and_frames():
    values = {"one": {"a": 0.125, "b": 0.5}, "two": {"a": 1.0, "b": 0.25}}
    axes = drawn.draw_matrix(values, xlabel="measured", ylabel="learned", marked=[("two", "b")]).axes[0]
    assert [text.get_text() for text in axes.texts] == ["0.12", "0.50", "1.00", "0.25"]
    assert axes.texts[0].get_color() == "white"
    assert axes.texts[2].get_color() == "black"
    dark = drawn.draw_matrix(values, xlabel="", ylabel="", brightest=0.25).axes[0]
    assert [text.get_color() for text in dark.texts] == ["white", "black", "black", "black"]
    (frame,) = axes.patches
    assert (round(frame.get_x() + 0.47), round(frame.get_y() + 0.45)) == (1, 1)
    assert [label.get_text() for label in axes.get_yticklabels()] == ["one", "two"]
