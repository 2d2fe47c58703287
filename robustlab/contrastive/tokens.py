"""Losses at the scale of tokens, masked language modelling included: one value an example, its tokens' mean."""

from __future__ import annotations

from typing import Literal

import torch
import torch.nn.functional as F
from jaxtyping import Bool, Float, Int, Shaped
from torch import Tensor

from robustlab.contrastive.scores import cosines, precise
from robustlab.typing import Hidden, PerExample

NO_LABEL = -100  # what transformers' collators write where no token was masked


def token_contrast(
    one: Hidden,
    other: Hidden,
    mask: Shaped[Tensor, "b l"],
    *,
    temperature: float,
    across: Literal["example", "batch"],
) -> PerExample:
    """Mean over a text's tokens t of -log [ e^{s(h_t, h_t')/τ} / Σ_u e^{s(h_t, h_u')/τ} ], h and h' two views of it.

    A token's positive is the same place in the other view, so that a view must keep every token where it is.

    Args:
        one: States of the first view.
        other: Those of the second.
        mask: 0 at padding.
        temperature: τ.
        across: Whose tokens u runs over: those of the token's own example, or those of all of the batch.

    Shapes: one, other [b l d], mask [b l]; result [b], nats.

    Raises: ValueError: If shapes do not fit, the temperature is not positive, or a token has nothing to be far from.

    Source: robustlab; Su et al. (TaCL, 2022) for tokens of one sentence as each other's negatives.
    Departs: TaCL's anchors are masked words and its other view a frozen copy's; here both views are the model's own.
    """
    if one.dim() != 3 or one.shape != other.shape or mask.shape != one.shape[:2]:
        raise ValueError(
            f"expected two views [b l d] and a mask [b l], got {tuple(one.shape)}, {tuple(other.shape)} and "
            f"{tuple(mask.shape)}; the views of a text must have the same tokens at the same places"
        )
    if across not in ("example", "batch"):
        raise ValueError(f'across must be "example" or "batch", got {across!r}')
    real = mask.ne(0)
    _check_tokens(real, fewest=1 if across == "batch" and len(one) > 1 else 2)
    if across == "batch":
        scores = cosines(one[real], other[real], temperature=temperature)
        target = torch.arange(len(scores), device=scores.device)
    else:
        whole = cosines(one, other, temperature=temperature).masked_fill(~real[:, None, :], -torch.inf)
        scores, target = whole[real], real.nonzero()[:, 1]
    values = F.cross_entropy(scores, target, reduction="none")
    return _mean(values, real)


def replaced_token_detection(
    logits: Float[Tensor, "b l"], replaced: Bool[Tensor, "b l"], mask: Shaped[Tensor, "b l"]
) -> PerExample:
    """Mean over a text's tokens of the binary cross-entropy of "this token was replaced".

    Args:
        logits: Of having been replaced.
        replaced: Which tokens were.
        mask: 0 at padding.

    Shapes: all [b l]; result [b], nats.

    Raises: ValueError: If shapes differ or a row has no tokens.

    Source: Clark et al. (ELECTRA, 2020), Section 2: the discriminator's loss.
    """
    if not logits.shape == replaced.shape == mask.shape or logits.dim() != 2:
        raise ValueError(
            "logits, replaced and mask must all be [b l], got "
            f"{tuple(logits.shape)}, {tuple(replaced.shape)} and {tuple(mask.shape)}"
        )
    real = mask.ne(0)
    _check_tokens(real, fewest=1)
    logits = precise(logits)
    values = F.binary_cross_entropy_with_logits(logits, replaced.to(logits.dtype), reduction="none")
    return _mean(values[real], real)


def masked_tokens(logits: Float[Tensor, "m v"], labels: Int[Tensor, "b l"]) -> PerExample:
    """Mean over a text's masked places of -log p(the word that stood there); 0 for a text without any.

    Args:
        logits: Over the vocabulary at the masked places alone, in the order of `labels[labels != -100]`: a seventh of
            the places is masked, and a row of the vocabulary is long.
        labels: The words that were masked; -100 everywhere else.

    Shapes: logits [m v], labels [b l]; result [b], nats.

    Raises: ValueError: If shapes do not fit.

    Source: Devlin et al. (BERT, 2019), Section 3.1, Task 1.
    Departs: a mean by text and not over all masked places of the batch: a text counts the same beside any other.
    """
    masked = labels.ne(NO_LABEL)
    if logits.dim() != 2 or labels.dim() != 2 or len(logits) != int(masked.sum()):
        raise ValueError(
            f"expected labels [b l] and a row of logits for each of their {int(masked.sum())} masked places, got "
            f"{tuple(labels.shape)} and {tuple(logits.shape)}"
        )
    return _mean(F.cross_entropy(precise(logits), labels[masked], reduction="none"), masked)


def _mean(values: Float[Tensor, "t"], real: Bool[Tensor, "b l"]) -> PerExample:
    """The mean of each row over its real places, whose values are given in order."""
    spread = torch.zeros_like(real, dtype=values.dtype).masked_scatter(real, values)
    return spread.sum(dim=1) / real.sum(dim=1).clamp(min=1)


def _check_tokens(real: Bool[Tensor, "b l"], *, fewest: int) -> None:
    for row, count in enumerate(real.sum(dim=1).tolist()):
        if count < fewest:
            why = " for a token to be far from another: leave such texts out, or contrast across a batch"
            raise ValueError(f"row {row} has {count} tokens and needs at least {fewest}{why if fewest > 1 else ''}")
