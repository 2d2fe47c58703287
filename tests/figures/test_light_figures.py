"""Figures are made small without being changed: contours keep their borders, SVG keeps every place that one can see."""

import io
import re
from xml.etree import ElementTree

import numpy as np
import pytest

matplotlib = pytest.importorskip("matplotlib", reason="Matplotlib is part of the `book` extra")
matplotlib.use("Agg")
import matplotlib.pyplot as plt  # noqa: E402
from matplotlib.colors import to_hex  # noqa: E402
from matplotlib.path import Path  # noqa: E402

from robustlab.figures import contours, style  # noqa: E402
from robustlab.figures.compact import compact  # noqa: E402

GRID = np.linspace(-1, 2, 31)
HEIGHTS = np.sin(3 * GRID)[None] * np.cos(2 * GRID)[:, None] + GRID[None]


@pytest.fixture(autouse=True)
def untouched_settings():
    with matplotlib.rc_context():
        yield


def area(path):
    total = 0.0
    for polygon in path.to_polygons(closed_only=True):
        x, y = polygon.T
        total += float(np.sum(x[:-1] * y[1:] - x[1:] * y[:-1])) / 2
    return total


def inside(path, points):
    """Whether each point is in the outline; in a hole it is in two of its parts."""
    return sum(Path(polygon).contains_points(points) for polygon in path.to_polygons()) % 2 == 1


@pytest.mark.parametrize("level", [-0.5, 0.3, 1.2])
def test_a_simplified_outline_has_fewer_corners_and_the_same_area(level):
    (path,) = plt.subplots()[1].contourf(GRID, GRID, HEIGHTS, levels=[level, 99]).get_paths()
    fewer = contours.simplified(path, side=3.0)
    assert len(fewer.vertices) < 0.6 * len(path.vertices)
    assert area(fewer) == pytest.approx(area(path), rel=5e-3)
    inner = slice(1, -1), slice(1, -1)
    heights = HEIGHTS[inner].ravel()
    points = np.stack(np.meshgrid(GRID, GRID), -1)[inner].reshape(-1, 2)
    clear = np.abs(heights - level) > 0.02
    assert (inside(fewer, points) == (level < heights))[clear].all()


def test_every_point_shows_the_shade_of_its_own_band():
    axes = plt.subplots()[1]
    shown = contours.fill(axes, GRID, HEIGHTS)
    points = [(row, column) for row in range(2, 31, 7) for column in range(2, 31, 7)]
    assert len({to_hex(shown.to_rgba(HEIGHTS[point])) for point in points}) > 4
    for row, column in points:
        if np.abs(HEIGHTS[row, column] - shown.norm.boundaries).min() < 0.02:
            continue
        place = np.array([[GRID[column], GRID[row]]])
        layers = [one for one in axes.collections if inside(one.get_paths()[0], place)]
        assert to_hex(layers[-1].get_facecolor()[0]) == to_hex(shown.to_rgba(HEIGHTS[row, column]))


def places(svg):
    return [float(number) for number in re.findall(r"(?<![\w.#-])-?\d+(?:\.\d+)?(?![\w.])", svg)]


def drawn():
    style.use()
    figure, axes = plt.subplots()
    axes.plot([0.1, 0.23456, 3], [0.987654, 0.1, 0.35], marker="o", label="a label")
    axes.set(xscale="log", title="$10^{-2}$ of everything")
    axes.legend()
    buffer = io.BytesIO()
    figure.savefig(buffer, format="svg", metadata={"Title": "A line."})
    return buffer.getvalue().decode()


def test_compact_svg_keeps_the_title_the_glyphs_and_the_references():
    large = drawn()
    small = compact(large)
    assert len(small) < 0.7 * len(large)
    root = ElementTree.fromstring(small.encode())
    assert "<title>A line.</title>" in small
    ids = {element.get("id") for element in root.iter()} - {None}
    used = set(re.findall(r'href="#([^"]+)"|url\(#([^)]+)\)', small))
    assert used
    assert {first or second for first, second in used} <= ids
    assert small.count("<use ") == large.count("<use ")
    assert small.count("<path ") == large.count("<path ")


def test_compact_svg_styles_every_element_as_before():
    def styles(svg):
        rules = dict(re.findall(r"\.(\w+){([^}]*)}", svg))
        pattern = re.compile(r'<(?:path|use|rect)\b[^>]*?(?:style="([^"]*)"|class="([^"]*)"|/>)')
        return [own or rules.get(name, name) for own, name in pattern.findall(svg)]

    large = drawn()
    assert styles(compact(large)) == styles(large)
    assert len(set(styles(large))) > 5


def test_compact_svg_moves_nothing_by_more_than_half_a_hundredth():
    large = drawn()
    small = compact(large)
    data = [re.findall(r'\bd="([^"]*)"', svg) for svg in (large, small)]
    for before, after in zip(*data, strict=True):
        first, second = places(before), places(after)
        assert len(first) == len(second)
        assert re.findall("[A-Za-z]", before) == re.findall("[A-Za-z]", after)
        np.testing.assert_allclose(first, second, atol=0.00501)
    assert re.findall(r"scale\([^)]*\)", large) == re.findall(r"scale\([^)]*\)", small)
    assert max(len(number.rpartition(".")[2]) for number in re.findall(r"\d+\.\d+", " ".join(data[1]))) == 2
