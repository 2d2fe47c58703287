"""Figures of trainings that go on for too long show the numbers that they are given."""

import pytest

matplotlib = pytest.importorskip("matplotlib", reason="Matplotlib is part of the `book` extra")
matplotlib.use("Agg")

from robustlab.figures import overfitting  # noqa: E402
from robustlab.figures.overfitting import Levels, Pilot  # noqa: E402
from robustlab.figures.recorded_paths import Curve  # noqa: E402

FALLING = Curve([0, 1, 2], [0.7, 0.6, 0.5], [0.6, 0.5, 0.4], [0.8, 0.7, 0.6])
RISING = Curve([0, 1, 2], [0.1, 0.2, 0.3], [0.1, 0.1, 0.1], [0.2, 0.3, 0.4])


def line(axes, label):
    (found,) = [one for one in axes.lines if one.get_label() == label]
    return found.get_xydata().tolist()


def heights(axes, number):
    extents = axes.collections[number].get_paths()[0].get_extents()
    return extents.ymin, extents.ymax


def test_epochs_have_a_panel_a_method_with_a_band_a_measure():
    figure = overfitting.draw_epochs({"one": {"worst case": FALLING, "clean": RISING}, "two": {"worst case": RISING}})
    one, two = (axes for axes in figure.axes if axes.get_title())
    assert (one.get_title(), two.get_title()) == ("one", "two")
    assert line(one, "worst case") == [[0, 0.7], [1, 0.6], [2, 0.5]]
    assert line(two, "worst case") == [[0, 0.1], [1, 0.2], [2, 0.3]]
    assert heights(one, 0) == (0.4, 0.8)
    (legend,) = [axes.get_legend() for axes in figure.axes if axes.get_legend()]
    assert [text.get_text() for text in legend.get_texts()] == ["worst case", "clean"]


def test_flooding_is_a_v_above_and_two_trainings_below():
    above, below = overfitting.draw_flooding({"plain": [0.5, 0.1], "flooded": [0.4, 0.3]}, level=0.2).axes
    flooded = dict(line(above, "|L − b| + b"))
    assert min(flooded.values()) == pytest.approx(0.2)
    assert flooded[0.0] == pytest.approx(0.4)  # 2b - L
    assert flooded[0.6000000000000001] == pytest.approx(0.6)
    assert line(below, "plain") == [[1, 0.5], [2, 0.1]]
    assert set(below.lines[-1].get_ydata()) == {0.2}


def test_a_pilot_marks_the_pass_of_its_level_if_there_is_one():
    turned = Pilot([0.6, 0.4, 0.3], [0.2, 0.1, -0.1], 3)
    figure = overfitting.draw_pilots({"turned": turned, "not": Pilot([0.6, 0.4], [0.2, 0.1], None)})
    above, other, below, _ = figure.axes
    assert above.get_title() == "turned"
    assert above.lines[0].get_xydata().tolist() == [[1, 0.6], [2, 0.4], [3, 0.3]]
    assert below.lines[0].get_ydata().tolist() == [0.2, 0.1, -0.1]
    assert above.lines[1].get_xdata() == [3, 3]
    assert [text.get_text() for text in above.texts] == ["b = 0.30 "]  # the space keeps it off the line
    assert len(other.lines) == 1
    assert not other.texts


def test_levels_have_the_range_of_the_seeds_and_a_star_a_seed():
    levels = Levels({0.1: [0.5, 0.7], 0.3: [0.4, 0.4]}, [(0.15, 0.6), (0.25, 0.3)], [0.2, 0.4])
    above, below = overfitting.draw_levels({"worst": levels, "clean": levels}).axes
    assert (above.get_ylabel(), below.get_ylabel()) == ("worst", "clean")
    assert line(above, "fixed b") == [[0.1, pytest.approx(0.6)], [0.3, pytest.approx(0.4)]]
    assert heights(above, 0) == (0.4, 0.7)
    assert line(above, "found b") == [[0.15, 0.6], [0.25, 0.3]]
    (without,) = [one for one in above.lines if one.get_label() == "no flooding"]
    assert without.get_ydata() == pytest.approx([0.3, 0.3])


def test_weights_of_a_batch_stand_beside_those_of_flooding():
    (axes,) = overfitting.draw_batch_weights([0.1, 0.5], [1.5, -2.0], flooding=-1).axes
    assert line(axes, "DSRM") == [[0.1, 1.5], [0.5, -2.0]]
    (flat,) = [one for one in axes.lines if one.get_label() == "flooding"]
    assert set(flat.get_ydata()) == {-1}


def test_slopes_have_a_curve_a_step_by_epoch_and_by_difficulty():
    above, below = overfitting.draw_slopes([FALLING, RISING], [RISING, FALLING]).axes
    assert line(above, "step 1") == line(below, "step 2") == [[0, 0.7], [1, 0.6], [2, 0.5]]
    assert line(above, "step 2") == line(below, "step 1")
    assert below.get_ylim() == (0, 1)
