"""The figures of drops show the numbers that they are given."""

import pytest

matplotlib = pytest.importorskip("matplotlib", reason="Matplotlib is part of the `book` extra")
matplotlib.use("Agg")

import numpy as np  # noqa: E402

from robustlab.evaluation.statistics import Estimate  # noqa: E402
from robustlab.figures import drop as drawn  # noqa: E402


def labelled(axes):
    return {line.get_label(): line for line in axes.lines if not line.get_label().startswith("_")}


def test_levels_are_where_a_drop_is_constant():
    axes = drawn.draw_levels({"one": (0.8, 0.3), "constant": (0.5, 0.5)}, levels=(0.25,)).axes[0]
    absolute, relative = axes.lines[0].get_xydata(), axes.lines[1].get_xydata()
    assert np.allclose(absolute[:, 0] - absolute[:, 1], 0.25)
    assert absolute.min() >= 0
    assert np.allclose(relative[:, 1], 0.75 * relative[:, 0])
    assert labelled(axes)["one"].get_xydata().tolist() == [[0.8, 0.3]]
    assert labelled(axes)["constant"].get_marker() != labelled(axes)["one"].get_marker()


def test_changes_have_a_line_a_name_and_a_look_a_control():
    one, two = Estimate(0.1, 0.05, 0.2), Estimate(-0.02, -0.04, 0.0)
    changes = {"none": {"a": one, "b": two}, "words": {"b": one}}
    figure = drawn.draw_changes(changes, xlabel="points", unnoticed=(-0.03, 0.03))
    axes = figure.axes[0]
    first, second = axes.containers
    assert first.lines[0].get_xydata().tolist() == [[10, -0.11], [-2, 0.89]]
    assert second.lines[0].get_xydata().tolist() == [[10, 1.11]]
    assert np.allclose(first.lines[2][0].get_segments()[0][:, 0], [5, 20])
    assert first.lines[0].get_marker() != second.lines[0].get_marker()
    assert [text.get_text() for text in axes.get_yticklabels()] == ["a", "b"]
    assert [text.get_text() for text in figure.legends[0].get_texts()] == ["none", "words"]
    assert axes.patches[0].get_x() == -3
    alone = drawn.draw_changes({"none": {"a": one}}, xlabel="points")
    assert not alone.legends
    assert not alone.axes[0].patches


def test_runs_have_a_mark_a_seed():
    figure = drawn.draw_runs({"a": [0.1, 0.3], "b": [0.2, 0.2]}, xlabel="drop")
    axes = figure.axes[0]
    marks = [line for line in axes.lines if line.get_marker() != "None" and len(line.get_xdata())]
    assert [line.get_xydata().tolist() for line in marks] == [[[10, 0]], [[30, 0]], [[20, 1]], [[20, 1]]]
    assert marks[0].get_marker() == marks[2].get_marker() != marks[1].get_marker()
    assert [text.get_text() for text in figure.legends[0].get_texts()] == ["run 1", "run 2"]
