"""Who is pushed in a batch: others that say the same, an own hard negative, and all the rest."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from robustlab.contrastive.scores import cosines
from robustlab.models.encoders import Encoder, represent
from robustlab.study.pretraining.meanings import same


class Pushes(NamedTuple):
    """Shares of the push on all anchors together, and how large it is.

    Attributes:
        false: On views of other sentences that say the same as the anchor.
        hard: On hard negatives, the anchor's own.
        total: Mean weight of all pushes on an anchor, 1 - p of its view; that of the pull is the same.
    """

    false: float
    hard: float
    total: float


def shared_out(
    anchors: Float[Tensor, "n d"],
    views: Float[Tensor, "n d"],
    negatives: Float[Tensor, "n d"],
    alike: Bool[Tensor, "n n"],
    *,
    temperature: float,
    weight: float = 1.0,
) -> Pushes:
    """How InfoNCE shares out its push: p_ij ∝ e^{s(z_i, z_j⁺)/τ} of the views and β e^{s(z_i, z_i⁻)/τ} of a negative.

    An anchor meets no hard negatives but its own.

    Args:
        anchors: z.
        views: z⁺, row by row.
        negatives: z⁻, row by row.
        alike: Which pairs of examples say the same; nothing on the diagonal.
        temperature: τ.
        weight: β, how often a hard negative counts; 0 for none.
    """
    scores = cosines(anchors, views, temperature=temperature)
    own = cosines(anchors, negatives, temperature=temperature).diagonal()[:, None]
    p = torch.cat([scores, own + torch.tensor(weight, dtype=own.dtype).log()], dim=1).softmax(dim=1)
    among, hard = p[:, :-1], p[:, -1]
    total = (1 - among.diagonal()).sum()
    false = among.masked_fill(~alike, 0).sum()
    return Pushes(float(false / total), float(hard.sum() / total), float(total / len(p)))


def pushed(
    encoder: Encoder,
    texts: Sequence[str],
    views: Sequence[str],
    negatives: Sequence[str],
    *,
    temperatures: Sequence[float],
    weight: float = 1.0,
    batch_size: int = 64,
) -> dict[float, Pushes]:
    """The same for sentences in batches, by temperature; means over whole batches.

    Args:
        encoder: In evaluation mode.
        texts: Sentences in the order of their batches; a short last batch is left out.
        views: Of each.
        negatives: Of each.
        temperatures: τ.
        weight: β.
        batch_size: Sentences of a batch.

    Raises: ValueError: If there is no whole batch.
    """
    if len(texts) < batch_size:
        raise ValueError(f"expected at least one batch of {batch_size} sentences, got {len(texts)}")
    z, near, far = (represent(encoder, side) for side in (texts, views, negatives))
    starts = range(0, len(texts) - batch_size + 1, batch_size)
    alike = {first: same(texts[first : first + batch_size]) for first in starts}
    found = {}
    for temperature in temperatures:
        each = [
            shared_out(*(x[i : i + batch_size] for x in (z, near, far)), pairs, temperature=temperature, weight=weight)
            for i, pairs in alike.items()
        ]
        found[temperature] = Pushes(*(sum(values) / len(each) for values in zip(*each, strict=True)))
    return found
