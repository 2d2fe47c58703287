"""What an ascent climbs, against torch's own losses."""

import pytest
import torch
import torch.nn.functional as F

from robustlab.ascent import GradientAscent, cross_entropy, gradient_at, kl, normal, zero
from robustlab.landscape import TransformerLandscape
from robustlab.models import tiny_architecture, tiny_batch


def landscape() -> TransformerLandscape:
    return TransformerLandscape(tiny_architecture("bert", labels=3).double().eval(), tiny_batch("bert", labels=3))


def test_cross_entropy_is_the_loss() -> None:
    place = landscape()
    offset = torch.randn(place.shape, dtype=torch.float64)
    expected = F.cross_entropy(place.logits(offset), place.labels, reduction="none")
    torch.testing.assert_close(cross_entropy(place, offset), expected)


def test_kl_is_torch_s_with_the_clean_output_first() -> None:
    place = landscape()
    offset = torch.randn(place.shape, dtype=torch.float64)
    clean, moved = place.logits().log_softmax(-1), place.logits(offset).log_softmax(-1)
    expected = F.kl_div(moved, clean, log_target=True, reduction="none").sum(-1)
    torch.testing.assert_close(kl(place, offset), expected)


def test_kl_is_flat_at_the_clean_input_and_detached_from_it() -> None:
    place = landscape()
    value, gradient = gradient_at(place, kl, torch.zeros(place.shape, dtype=torch.float64))
    assert value.abs().max() < 1e-14
    assert gradient.abs().max() < 1e-14
    assert not place.clean().logits.detach().requires_grad


def test_kl_is_not_climbed_from_where_it_is_flat() -> None:
    said = r"goal kl needs a start away from 0.*got start zero: pass a small random one.*starts\.normal\(1e-3\)"
    with pytest.raises(ValueError, match=said):
        GradientAscent(steps=3, step_size=0.1, goal=kl)
    assert GradientAscent(steps=3, step_size=0.1, goal=kl, start=normal(1e-3)).goal is kl
    assert GradientAscent(steps=3, step_size=0.1, goal=cross_entropy).start is zero


def test_kl_needs_no_label_and_survives_underflow() -> None:
    place = landscape()
    place.labels = None
    with torch.no_grad():
        place.model.classifier.weight.mul_(1e6)
    value, gradient = gradient_at(place, kl, 0.01 * torch.randn(place.shape, dtype=torch.float64))
    assert value.isfinite().all()
    assert gradient.isfinite().all()


def test_an_ascent_climbs_its_goal() -> None:
    place = landscape()
    path = GradientAscent(steps=5, step_size=0.02, goal=kl, start=normal(0.1))(place)
    values = [kl(place, path.at(torch.tensor([1.0] * t + [0.0] * (5 - t)))) for t in range(6)]
    assert all((after > before).all() for before, after in zip(values, values[1:], strict=False))
