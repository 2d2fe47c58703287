"""The figures of negatives show what they are given."""

import numpy as np
import pytest

matplotlib = pytest.importorskip("matplotlib", reason="Matplotlib is part of the `book` extra")
matplotlib.use("Agg")

from robustlab.evaluation.statistics import Estimate  # noqa: E402
from robustlab.figures import negatives  # noqa: E402

LEVELS = {"easy": 0.1, "extreme": 0.55}


def labels(axes) -> list[str]:
    return [label.get_text() for label in axes.get_yticklabels()]


def test_a_strip_a_detector_with_gold_and_conflicting_places() -> None:
    scored = {"one": np.array([0.0, 2.0, -1.0]), "two": np.array([1.0, 0.0, 0.5])}
    (axes,) = negatives.draw_strips(scored, gold=(1,), conflicts=(0, 2)).axes
    assert labels(axes) == ["one", "two"]
    (image,) = axes.get_images()
    np.testing.assert_array_equal(image.get_array(), np.stack(list(scored.values())))
    assert image.get_extent() == [0.5, 3.5, 1.5, -0.5]  # sentence 1 is centred at 1
    marks = {line.get_marker(): list(line.get_xdata()) for line in axes.get_lines() if line.get_linestyle() == "None"}
    assert marks == {"*": [2], "o": [1, 3]}
    assert image.cmap(0.0)[3] == 0  # the page shows through, light or dark


def test_what_beats_chance_is_a_diamond() -> None:
    rows = {"one": (Estimate(0.5, 0.4, 0.6), 0.1), "two": (Estimate(0.2, 0.05, 0.3), 0.1)}
    first, second = negatives.draw_hits({"a": rows, "b": rows}).axes
    assert labels(first) == labels(second) == ["one", "two"]
    spans, points, chance = first.get_lines()[0::3], first.get_lines()[1::3], first.get_lines()[2::3]
    assert [line.get_marker() for line in points] == ["D", "o"]
    assert [list(line.get_xdata()) for line in spans] == [[40, 60], [5, 30]]
    assert [list(line.get_xdata()) for line in chance] == [[10, 10], [10, 10]]


def test_likeness_is_drawn_in_percent_of_each_kind() -> None:
    kinds = {"all pairs": np.array([0.0, 0.1, 0.2, 0.9]), "same": np.array([0.96, 0.97])}
    (axes,) = negatives.draw_likeness({"cosine": kinds}, marks={"cosine": 0.8}).axes
    for patch, largest in zip(axes.patches, (25, 100), strict=True):
        assert patch.get_xy()[:, 1].max() == pytest.approx(largest)
    assert list(axes.get_lines()[0].get_xdata()) == [0.8, 0.8]


def test_a_curve_a_move_with_intervals() -> None:
    curve = [(0.1, Estimate(0.2, 0.1, 0.4)), (0.5, Estimate(0.6, 0.5, 0.7))]
    first, second = negatives.draw_costs(
        {"detectors": {"swap": curve, "other": curve}, "chance": {"swap": curve[:1]}},
        levels=list(LEVELS.values()),
        ylabel="lost",
    ).axes
    assert [axes.get_title() for axes in (first, second)] == ["detectors", "chance"]
    assert [bars.get_label() for bars in first.containers] == ["swap", "other"]
    line, _, (bar,) = first.containers[0]
    np.testing.assert_allclose(line.get_xydata(), [[0.1, 20], [0.5, 60]])
    np.testing.assert_allclose([segment[:, 1] for segment in bar.get_segments()], [[10, 40], [50, 70]])


def test_a_bandit_is_drawn_as_dots_and_controllers_as_lines() -> None:
    kappas = {"controller": [0.1, 0.2], "bandit": [0.1, 0.55]}
    (axes,) = negatives.draw_adaptive(kappas, levels=LEVELS, mark=0.3).axes
    drawn = {line.get_label(): line for line in axes.get_lines()}
    assert list(drawn["controller"].get_ydata()) == [0.1, 0.2]
    assert drawn["bandit"].get_linestyle() == "None"
    assert sum(list(line.get_ydata()) == [0.3, 0.3] for line in axes.get_lines()) == 1
    assert [text.get_text() for text in axes.texts] == list(LEVELS)


def test_strengthening_shows_every_document_and_the_median() -> None:
    paths = np.array([[0.1, 0.1, 0.1], [0.2, 0.1, 0.05]])
    (axes,) = negatives.draw_strengthened(paths, levels=LEVELS).axes
    assert list(axes.get_lines()[-1].get_ydata()) == [0.1, 0.1]
    assert len(axes.get_lines()) == len(LEVELS) + 3 + 1
