"""The cut through a landscape is that landscape, and the figures draw what the operators computed."""

import pytest
import torch

matplotlib = pytest.importorskip("matplotlib", reason="Matplotlib is part of the `book` extra")
matplotlib.use("Agg")

from robustlab import ascent  # noqa: E402
from robustlab.figures import surfaces  # noqa: E402
from robustlab.landscape import Landscape, QuadraticLandscape, TransformerLandscape  # noqa: E402
from robustlab.models import tiny_architecture, tiny_batch  # noqa: E402


@pytest.fixture
def bert():
    return TransformerLandscape(tiny_architecture("bert"), tiny_batch("bert"))


def bowl(copies):
    gradient = torch.tensor([[1.0, 2.0]], dtype=torch.float64).expand(copies, 2)
    return QuadraticLandscape(gradient, torch.eye(2, dtype=torch.float64).expand(copies, 2, 2))


def axes_of(landscape):
    axes = torch.zeros(2, *landscape.shape[1:])
    axes[0, 1, 3] = axes[1, 2, 5] = 1
    return axes


def test_a_plane_reads_the_landscape_at_the_point_that_its_coordinates_name(bert):
    axes = axes_of(bert)
    plane = surfaces.Plane(bert, axes)
    there = torch.tensor([0.3, -0.7]).reshape(1, 2, 1).expand(plane.shape)
    moved = (0.3 * axes[0] - 0.7 * axes[1]).expand(bert.shape)
    torch.testing.assert_close(plane.loss(there), bert.loss(moved))
    torch.testing.assert_close(plane.logits(there), bert.logits(moved))
    assert torch.equal(plane.loss(), bert.loss())
    assert isinstance(plane, Landscape)


def test_the_gradient_in_a_plane_is_the_landscapes_along_the_axes(bert):
    plane = surfaces.Plane(bert, axes_of(bert))
    _, full = ascent.gradient_at(bert, ascent.cross_entropy, torch.zeros(bert.shape))
    _, cut = ascent.gradient_at(plane, ascent.cross_entropy, torch.zeros(plane.shape))
    torch.testing.assert_close(cut[..., 0], torch.stack([full[:, 1, 3], full[:, 2, 5]], dim=1))


def test_axes_of_another_shape_are_refused(bert):
    with pytest.raises(ValueError, match=r"axes must have shape \(2, 8, 32\), got \(2, 8, 31\)"):
        surfaces.Plane(bert, torch.zeros(2, 8, 31))


def test_a_swap_axis_ends_at_the_other_word(bert):
    embedding = bert.model.get_input_embeddings().weight
    axes, lengths = surfaces.swap_axes(bert, embedding, {1: 7, 3: 9})
    torch.testing.assert_close(axes.flatten(1).norm(dim=1), torch.ones(2))
    torch.testing.assert_close(bert.base[0, 1] + lengths[0] * axes[0, 1], embedding[7].detach())
    torch.testing.assert_close(bert.base[0, 3] + lengths[1] * axes[1, 3], embedding[9].detach())
    assert axes[0, 3].abs().max() == axes[1, 1].abs().max() == 0


def test_one_swap_makes_no_plane(bert):
    with pytest.raises(ValueError, match="swaps must name 2 positions, got 1"):
        surfaces.swap_axes(bert, bert.model.get_input_embeddings().weight, {1: 7})


def test_heights_put_the_first_coordinate_across_and_the_second_up():
    loss = surfaces.heights(bowl(3), [0.0, 1.0, 2.0], [0.0, 5.0])
    expected = [[x + 2 * y + (x * x + y * y) / 2 for x in (0, 1, 2)] for y in (0, 5)]
    torch.testing.assert_close(torch.tensor(loss), torch.tensor(expected, dtype=torch.float64))


def test_heights_need_one_example_for_each_abscissa(bert):
    with pytest.raises(ValueError, match=r"expected a landscape of shape \[2 2 1\] or \[2 1 2\], got \(3, 1, 2\)"):
        surfaces.heights(bowl(3), [0.0, 1.0], [0.0])


def test_a_path_is_drawn_through_its_own_points():
    path = ascent.GradientAscent(steps=3, step_size=0.1, start=ascent.uniform(0.5))(
        bowl(5), generator=torch.Generator().manual_seed(0)
    )
    figure = surfaces.draw_paths(bowl(5), {"a walk": path}, reach=(-1, 2))
    axes = next(axes for axes in figure.axes if axes.get_title() == "a walk")
    tips = torch.tensor([note.xy for note in axes.texts], dtype=torch.float64)
    stops = (path.start + path.steps.cumsum(0))[:, 0, 0]
    torch.testing.assert_close(tips, stops)
    torch.testing.assert_close(torch.tensor(axes.lines[0].get_xydata()[0]), path.start[0, 0])


def test_borders_and_points_come_from_the_projection():
    points = torch.tensor([[3.0, 4.0], [0.1, 0.0]])[:, None]
    figure = surfaces.draw_projections(
        {"disc": ascent.l2_ball(2.0), "scaled": ascent.relative_ball(0.5)},
        points=points, bases=torch.tensor([[2.0, 0.0], [0.0, 4.0]])[:, None], reach=5,
    )  # fmt: skip
    disc, scaled = (axes for axes in figure.axes if axes.get_title())
    radii = [torch.tensor(line.get_xydata()).norm(dim=1) for line in scaled.lines[:2]]
    assert sorted(round(float(radius.mean()), 4) for radius in radii) == [1.0, 2.0]
    after = torch.tensor(disc.lines[-1].get_xydata())
    torch.testing.assert_close(after, torch.tensor([[1.2, 1.6], [0.1, 0.0]]), check_dtype=False)


def test_the_heat_strip_says_every_number():
    norms = {"a": torch.tensor([0.25, 1.0]), "b": torch.tensor([0.5, 0.0])}
    figure = surfaces.draw_tokens(["good", "film"], norms, unit="mean norms")
    assert [text.get_text() for text in figure.axes[0].texts] == ["0.25", "0.50", "1.00", "0.00"]
    assert [tick.get_text() for tick in figure.axes[0].get_yticklabels()] == ["good", "film"]


def test_clouds_and_curves_show_what_they_are_given():
    cloud = torch.tensor([[[0.1], [0.2]], [[0.3], [0.4]]])
    figure = surfaces.draw_clouds({"one": cloud}, reach=1)
    torch.testing.assert_close(torch.tensor(figure.axes[0].lines[0].get_xydata()), cloud[..., 0].double())
    figure = surfaces.draw_curves([0.1, 1.0], {"rise": [1.0, 2.0], "fall": [2.0, 1.0]}, x="length", y="loss")
    assert [line.get_label() for line in figure.axes[0].lines] == ["rise", "fall"]
    assert figure.axes[0].lines[1].get_ydata().tolist() == [2.0, 1.0]
    assert figure.axes[0].get_xscale() == figure.axes[0].get_yscale() == "log"


def test_sentences_are_marked_in_every_panel_and_named_in_the_first():
    path = ascent.GradientAscent(steps=1, step_size=0.1)(bowl(5))
    words = {"here": (0.5, 0.5), "there": (1.0, 0.0)}
    figure = surfaces.draw_paths(bowl(5), {"one": path, "two": path}, reach=(-1, 2), words=words)
    first, second = (axes for axes in figure.axes if axes.get_title())
    named = {text.get_text(): text.xy for text in first.texts if text.get_text()}
    assert named == words
    assert not any(text.get_text() for text in second.texts)
    for axes in (first, second):
        squares = [tuple(line.get_xydata()[0]) for line in axes.lines if line.get_marker() == "s"]
        assert squares == list(words.values())
