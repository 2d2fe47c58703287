"""The figures of engines show the numbers that they are given."""

import pytest

matplotlib = pytest.importorskip("matplotlib", reason="Matplotlib is part of the `book` extra")
matplotlib.use("Agg")

from robustlab.figures import engines as drawn  # noqa: E402
from robustlab.figures.style import INK, colour, marker  # noqa: E402


def curve(line):
    return dict(zip(line.get_xdata(), line.get_ydata(), strict=True))


def test_ages_have_a_line_a_copy_and_marks():
    given = {"itself": {1: 0.1, 2: 0.2, 8: 0.4}, "m = 0.9": {1: 0.01, 2: 0.03, 8: 0.2}}
    figure = drawn.draw_ages(given, {"queue": 4})
    (axes,) = figure.axes
    *lines, mark = axes.lines
    assert [curve(line) for line in lines] == list(given.values())
    assert (set(mark.get_xdata()), mark.get_color()) == ({4}, INK)
    assert [text.get_text() for text in axes.texts] == [" queue"]
    assert [text.get_text() for text in figure.legends[0].get_texts()] == list(given)
    assert list(axes.get_xticks()) == [1, 2, 4, 8]


def test_memory_has_a_line_a_way():
    given = {"one graph": {8: 2.0, 64: 16.0}, "cached": {8: 2.0, 64: 2.5}}
    axes = drawn.draw_memory(given).axes[0]
    assert [curve(line) for line in axes.lines] == list(given.values())
    assert list(axes.get_xticks()) == [8, 64]


def test_forms_have_a_row_each_and_a_look_a_group():
    panels = {
        "near": {"before": [0.25], "a": [0.1, 0.3], "b": [0.5, 0.7], "c": [0.9]},
        "told": {"before": [0.2, 0.4], "a": [0.6], "b": [0.7], "c": [0.8]},
    }
    figure = drawn.draw_forms(panels, [["a", "b"], ["c"]], before="before")
    near, told = figure.axes
    assert [near.get_title(), told.get_title()] == list(panels)
    means = [line for line in near.lines if line.get_markersize() == 7]
    assert [(float(line.get_xdata()[0]), line.get_ydata()[0]) for line in means] == [(0.2, 0), (0.6, 1), (0.9, 2)]
    assert [line.get_color() for line in means] == [colour(look) for look in (drawn.LOOKS[0], *drawn.LOOKS[:2])]
    assert means[0].get_marker() == marker(drawn.LOOKS[0])
    seeds = [list(line.get_xdata()) for line in near.lines if line.get_markersize() == 3.5]
    assert seeds == [[0.1, 0.3], [0.5, 0.7], [0.9]]
    assert told.lines[-1].get_xdata()[0] == pytest.approx(0.3)
    assert [label.get_text() for label in near.get_yticklabels()] == ["a", "b", "c"]
    assert near.get_ylim() == (2.5, -0.5)


def test_a_form_that_has_collapsed_says_so():
    panels = {"near": {"before": [0.2], "a": [0.1], "b": [float("nan"), 0.3]}}
    (axes,) = drawn.draw_forms(panels, [["a", "b"]], before="before").axes
    assert [(text.get_text(), text.xy[1]) for text in axes.texts] == [("collapsed", 1)]
    assert len([line for line in axes.lines if line.get_markersize() == 7]) == 1


def test_more_lines_than_looks_are_refused():
    many = {str(number): {1: 0.1} for number in range(6)}
    with pytest.raises(ValueError, match="expected at most 5 of them, got 6: 0, 1, 2, 3, 4, 5"):
        drawn.draw_memory(many)
    with pytest.raises(ValueError, match="expected at most 5 of them, got 6"):
        drawn.draw_ages(many, {})
    with pytest.raises(ValueError, match="expected at most 5 of them, got 6"):
        drawn.draw_forms({"near": {"before": [1.0]}}, [[name] for name in many], before="before")
