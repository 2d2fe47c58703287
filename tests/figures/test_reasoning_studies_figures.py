"""The figures of the studies show the numbers that they are given."""

import pytest

matplotlib = pytest.importorskip("matplotlib", reason="Matplotlib is part of the `book` extra")
matplotlib.use("Agg")

from robustlab.evaluation.statistics import Estimate  # noqa: E402
from robustlab.figures import reasoning_studies as drawn  # noqa: E402
from robustlab.figures.style import INK, colour  # noqa: E402
from robustlab.study.reasoning.curves import VARYING, Curve  # noqa: E402
from robustlab.study.reasoning.probes import Moved, Reach  # noqa: E402
from robustlab.study.reasoning.transfer import Point  # noqa: E402


def test_settings_have_means_seeds_and_bars_against_the_papers_best():
    curve = Curve("self-negative", {8: {0: 0.4, 1: 0.6}, 32: {0: 0.5, 1: 0.5}, 64: {0: 0.9}})
    figure = drawn.draw_settings({"robust_accuracy": [curve]}, VARYING[2], levels={"robust_accuracy": {0: 0.2, 1: 0.4}})
    axes = figure.axes[0]
    assert axes.get_title() == "Robust Accuracy, % ↑"
    assert [label.get_text() for label in axes.get_xticklabels()] == ["8", "32", "64"]
    (mean,) = [line for line in axes.lines if line.get_linestyle() == "-" and len(line.get_xdata()) == 3]
    assert mean.get_ydata() == pytest.approx([50, 50, 90])
    assert mean.get_color() == colour("self-negative")
    faint = sorted(y for line in axes.lines if line.get_alpha() == 0.4 for y in line.get_ydata())
    assert faint == pytest.approx([40, 50, 50, 60, 90])
    (bar,) = axes.containers  # 32 is compared with itself, and 64 has a seed
    (segment,) = bar.lines[2][0].get_segments()
    half = 12.706 * 10  # Student's 97.5 % with one degree of freedom, times the standard error of -10 and 10 points
    assert segment[:, 1] == pytest.approx([50 - half, 50 + half], rel=1e-3)
    assert [line.get_xdata()[0] for line in axes.lines if line.get_linestyle() == ":"] == [1]
    assert [line.get_ydata()[0] for line in axes.lines if line.get_linestyle() == "--" and len(line.get_xdata())] == [
        pytest.approx(30)
    ]


def test_four_metrics_have_four_panels_and_methods_a_legend():
    curves = [Curve(name, {0.1: {0: 0.1}, 0.3: {0: 0.2}}) for name in ("self-negative", "standard")]
    figure = drawn.draw_settings(
        dict.fromkeys(("consistency", "robust_accuracy", "adversarial_sensitivity"), curves), VARYING[3]
    )
    assert [axes.get_title() for axes in figure.axes][2] == "Adversarial Sensitivity ↓"
    (legend,) = figure.legends
    assert [one.get_text() for one in legend.get_texts()] == ["self-negative", "standard"]


def test_layers_stand_in_groups():
    found = {
        "words": {"words": Estimate(-0.2, -0.3, -0.1), "encoder": Estimate(0.1, float("nan"), float("nan"))},
        "encoder": {"words": Estimate(-0.1, -0.2, 0.0), "encoder": Estimate(-0.4, -0.5, -0.3)},
    }
    axes = drawn.draw_layers(found, zero=True).axes[0]
    assert [label.get_text() for label in axes.get_xticklabels()] == ["attacked at\nwords", "attacked at\nencoder"]
    values = [bar.lines[0].get_ydata()[0] for bar in axes.containers]
    assert values == [-0.2, 0.1, -0.1, -0.4]
    assert any(line.get_linestyle() == "--" and line.get_color() == INK for line in axes.lines)


def test_reach_has_a_line_a_site_and_one_of_noise():
    axes = drawn.draw_reach({"words": Reach((0.1, 0.2), (0.3, 0.5), (0.01, 0.02))}).axes[0]
    lines = [line.get_ydata() for line in axes.lines if len(line.get_xdata())]
    assert [list(line) for line in lines] == [[0.3, 0.5], [0.01, 0.02]]


def test_gains_are_in_points_beside_the_latent_ones():
    points = [
        Point("augmented", "augmented", {"latent": [0.0, 0.2], "ambiguity": [0.1, 0.3]}),
        Point("lat", "lat", {"latent": [0.5], "ambiguity": [-0.1]}),
    ]
    figure = drawn.draw_gains(points, ["ambiguity"], named="augmented")
    axes = figure.axes[0]
    marks = [
        line.get_xydata()[0].tolist() for line in axes.lines if line.get_linestyle() == "None" and len(line.get_xdata())
    ]
    assert marks == [pytest.approx([0.1, 20]), pytest.approx([0.5, -10])]
    assert [text.get_text() for text in axes.texts] == ["augmented"]


def test_moved_states_beside_the_budget():
    found = [Moved("ambiguity", 0.5, 0.1), Moved("ambiguity", 0.3, 0.2), Moved("connection", 0.0, 0.05)]
    axes = drawn.draw_moved(found, 0.25).axes[0]
    assert [label.get_text() for label in axes.get_yticklabels()] == ["ambiguity\n40 % new", "connection\n0 % new"]
    assert [list(line.get_xdata()) for line in axes.lines][:2] == [[0.1, 0.2], [0.05]]
    assert [line.get_xdata()[0] for line in axes.lines if line.get_linestyle() == "--"] == [0.25]
