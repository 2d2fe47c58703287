"""What an ascent does to a model: how far the loss rises along its paths, and what predicts that rise."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from robustlab.ascent import GradientAscent, cross_entropy, gradient_at
from robustlab.evaluation import white_box
from robustlab.evaluation.white_box import Batch
from robustlab.taylor import curvature, literal_gains, mean_step_cosine

if TYPE_CHECKING:
    from transformers import PreTrainedModel

    from robustlab.landscape import Path, TransformerLandscape


class Paths(NamedTuple):
    """The paths of n examples, in the order of the dataset; losses in nats, lengths in embedding units.

    Attributes:
        clean: L(x).
        rise: L(x + r_k) - L(x + r_0).
        gains: ⟨g_{t-1}, δ_t⟩ of each step: the first-order prediction of the rise, with a fresh gradient a step.
        tangent: ⟨g_0, r_k - r_0⟩: with the first gradient only.
        literal: Σ_t ‖δ_t‖²/α, Eq. 8 of AAT as printed.
        second_order: Σ_t ½ δ_tᵀ H δ_t, or None where not asked for.
        cosine: Mean cosine between different steps; NaN for a single step.
        length: ‖r_k‖₂ over the example.
        correct: Whether the end of the path is classified correctly.
    """

    clean: Float[Tensor, "n"]
    rise: Float[Tensor, "n"]
    gains: Float[Tensor, "k n"]
    tangent: Float[Tensor, "n"]
    literal: Float[Tensor, "n"]
    second_order: Float[Tensor, "n"] | None
    cosine: Float[Tensor, "n"]
    length: Float[Tensor, "n"]
    correct: Bool[Tensor, "n"]


def follow(
    model: PreTrainedModel, batches: Sequence[Batch], ascent: GradientAscent, *, second_order: bool = False
) -> Paths:
    """Climb from every example, without dropout, and compare the rise of the loss with its predictions.

    Args:
        model: A classifier.
        batches: From `white_box.batches`.
        ascent: How to climb; its start takes no randomness.
        second_order: Whether to compute the curvature along the paths, a double backward pass a step.
    """
    found = [_follow(white_box.landscape(model, batch), batch, ascent, second_order) for batch in batches]
    order = torch.cat([batch["row"] for batch in batches]).argsort()
    columns = []
    for values in zip(*found, strict=True):
        columns.append(None if values[0] is None else torch.cat([value.cpu() for value in values], dim=-1)[..., order])
    return Paths(*columns)


def _follow(landscape: TransformerLandscape, batch: Batch, ascent: GradientAscent, second_order: bool) -> Paths:
    path = ascent(landscape)
    assert path.gains is not None  # a gradient ascent takes gradients
    before, gradient = gradient_at(landscape, cross_entropy, path.start)
    with torch.no_grad():
        end = landscape.read(path.end)
        clean = landscape.loss()
    assert end.loss is not None  # the batches have labels
    return Paths(
        clean=clean,
        rise=end.loss - before,
        gains=path.gains,
        tangent=(gradient * (path.end - path.start)).flatten(1).sum(1),
        literal=literal_gains(path, step_size=ascent.step_size).sum(0),
        second_order=_curvature(landscape, path) if second_order else None,
        cosine=mean_step_cosine(path) if ascent.steps > 1 else torch.full_like(clean, torch.nan),
        length=path.end.flatten(1).norm(dim=1),
        correct=end.logits.argmax(-1) == batch["labels"],
    )


def _curvature(landscape: TransformerLandscape, path: Path) -> Float[Tensor, "n"]:
    total, offset = torch.zeros_like(path.gains[0]), path.start
    for step in path.steps:
        total, offset = total + curvature(landscape, offset, step) / 2, offset + step
    return total
