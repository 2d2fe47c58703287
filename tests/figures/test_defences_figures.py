"""Masks of one size on a model whose answer hangs on one look; clouds, plans and shares as they are drawn."""

import matplotlib
import pytest
import torch

matplotlib.use("Agg")

from robustlab import methods
from robustlab.figures import defences, masked_attention
from robustlab.landscape import TransformerLandscape
from robustlab.models import tiny_architecture, tiny_batch


@pytest.fixture
def landscape():
    model = tiny_architecture("bert").eval()
    batch = tiny_batch("bert")
    return TransformerLandscape(model, batch)


@pytest.fixture
def adversary(landscape):
    method = methods.asa()
    method.prepare([landscape], learning_rate=1e-3)
    return method.objective


@pytest.mark.parametrize("share", [0.0, 0.25, 1.0])
def test_every_example_and_layer_has_as_many_masked_as_asked_for(landscape, adversary, share):
    here = landscape.inputs["attention_mask"].bool()
    words = here.sum(1)
    free = here[:, :, None] & here[:, None, :] & ~torch.eye(here.shape[1], dtype=torch.bool)
    for scores in (masked_attention.learned(adversary), masked_attention.at_random(3)):
        found = masked_attention.read(adversary, landscape, scores, share=share)
        assert len(found.masks) == len(adversary.attentions)
        for mask in found.masks:
            assert torch.equal(mask.sum((1, 2)), (share * words * (words - 1)).round().long())
            assert not (mask & ~free).any()
    assert len(words.unique()) > 1  # padding was there to be left alone


def test_the_highest_scores_are_masked_and_nothing_masked_changes_nothing(landscape, adversary):
    found = masked_attention.read(adversary, landscape, masked_attention.learned(adversary), share=0.2)
    clean = landscape.clean()
    torch.testing.assert_close(found.clean, clean.loss)
    assert (found.loss - found.clean).abs().max() > 1e-6
    none = masked_attention.read(adversary, landscape, masked_attention.learned(adversary), share=0.0)
    torch.testing.assert_close(none.loss, clean.loss)
    assert none.divergence.abs().max() < 1e-6


def test_the_first_layers_mask_is_that_of_a_sort(landscape, adversary):
    fixed = torch.rand(landscape.shape[0], landscape.shape[1], landscape.shape[1])
    found = masked_attention.read(adversary, landscape, lambda place, states: fixed, share=0.3)
    here = landscape.inputs["attention_mask"]
    for example, words in enumerate(here.sum(1).tolist()):
        units = [(i, j) for i in range(words) for j in range(words) if i != j]
        units.sort(key=lambda unit: -float(fixed[example][unit]))
        expected = torch.zeros_like(found.masks[0][example])
        for unit in units[: round(0.3 * len(units))]:
            expected[unit] = True
        for mask in found.masks:
            assert torch.equal(mask[example], expected)


def test_masks_are_refused_where_they_cannot_be(landscape, adversary):
    scores = masked_attention.at_random(0)
    with pytest.raises(ValueError, match=r"share must be in \[0, 1\], got 1.5"):
        masked_attention.read(adversary, landscape, scores, share=1.5)
    with pytest.raises(ValueError, match="has no heads yet; call method.prepare"):
        masked_attention.read(methods.asa().objective, landscape, scores, share=0.5)
    without = {name: value for name, value in landscape.batch.items() if name != "labels"}
    unlabelled = TransformerLandscape(landscape.model, without)
    with pytest.raises(ValueError, match="no labels"):
        masked_attention.read(adversary, unlabelled, scores, share=0.5)


def clouds():
    generator = torch.Generator().manual_seed(0)
    wide = torch.tensor([5.0, 0.1, 3.0])
    written = torch.randn(30, 3, generator=generator) * wide
    return defences.Clouds(written, written + torch.tensor([0.0, 0.0, 1.0]), torch.arange(30) % 2)


def test_the_plane_is_that_of_the_two_widest_directions():
    one = clouds()
    written, attacked, share = defences.principal(one)
    points = torch.cat([one.written, one.attacked]).double()
    values = torch.linalg.eigvalsh(torch.cov(points.T))
    assert share == pytest.approx(float(values[-2:].sum() / values.sum()))
    flat = torch.cat([written, attacked])
    torch.testing.assert_close(torch.cov(flat.T), torch.diag(values.flip(0)[:2]), atol=1e-8, rtol=1e-8)
    mirrored = defences.Clouds(-one.written, -one.attacked, one.labels)
    torch.testing.assert_close(defences.principal(mirrored)[0].abs(), written.abs())
    assert (flat.gather(0, flat.abs().argmax(0, keepdim=True)) > 0).all()


def test_clouds_have_a_marker_a_label_and_a_line_a_pair():
    one = clouds()
    figure = defences.draw_clouds({"before": one, "after": one}, names=("negative", "positive"))
    left, right = figure.axes
    assert [left.get_title(), right.get_title()] == ["before", "after"]
    assert len([line for line in right.lines if line.get_linewidth() == 0.5]) == 30
    assert [line.get_marker() for line in right.lines[30:]] == ["o", "o", "^", "^"]
    texts = [text.get_text() for text in figure.legends[0].get_texts()]
    assert texts == ["negative", "positive", "written", "attacked"]


def test_masks_are_filled_where_they_are():
    mask = torch.tensor([[False, True], [False, False]])
    figure = defences.draw_masks(["a", "b"], {"learned": [mask, ~mask], "random": [mask, mask]})
    first, _, third, _ = figure.axes
    assert first.get_title() == "learned"
    assert first.collections[0].get_array().ravel().tolist() == [0, 1, 0, 0]
    assert third.collections[0].get_array().ravel().tolist() == [1, 0, 1, 1]
    assert third.get_ylabel() == "query, layer 2"


def test_plans_draw_what_carries_mass():
    points = torch.tensor([[0.0, 0.0], [1.0, 0.0]])
    plan = torch.tensor([[0.5, 0.0], [0.25, 0.25]])
    (axes,) = defences.draw_plans(points, points + 1, {"sharp": plan}).axes
    assert [line.get_alpha() for line in axes.lines[:-2]] == [1.0, 0.5, 0.5]


def test_shares_are_cumulative_and_in_percent():
    figure = defences.draw_shares({"written": [0.25, 0.5], "attacked": [0.75, 1.0]}, of="the attack's adapter")
    first, second = figure.axes[0].lines
    assert max(first.get_xdata()) == 50
    assert max(second.get_xdata()) == 100
    assert list(first.get_ydata()) == [0, 0.5, 1]
