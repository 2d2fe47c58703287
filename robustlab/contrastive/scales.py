"""Sentences of one batch put together into spans of their documents."""

from __future__ import annotations

from typing import NamedTuple

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from robustlab.typing import Pooled


class Spans(NamedTuple):
    """Two halves of each document that has them, as means of their sentences' representations.

    Attributes:
        first: Of the first half.
        second: Of the second half.
        contradicted: The second half with its first sentence that has a hard negative put in that one's place.
        there: Whether a document has such a sentence.
    """

    first: Float[Tensor, "m d"]
    second: Float[Tensor, "m d"]
    contradicted: Float[Tensor, "m d"] | None
    there: Bool[Tensor, "m"] | None


def halves(
    features: Pooled,
    document: Int[Tensor, "n"],
    negatives: Pooled | None = None,
    there: Bool[Tensor, "n"] | None = None,
) -> Spans:
    """Cut the sentences of every document that has two or more in two, and average each half.

    Args:
        features: Of the sentences.
        document: Which document a sentence is from; those of one stand together, in their order.
        negatives: Of each sentence's hard negative.
        there: Which sentences have one.

    Source: Giorgi et al. (DeCLUTR, 2021), for spans of a document as each other's positives.
    Departs: a span is the mean of its sentences, each read by itself, so that it costs no further forward; the hard
        negative is the same span with one sentence contradicted.
    """
    _, place, counts = torch.unique_consecutive(document, return_inverse=True, return_counts=True)
    begins = counts.cumsum(0) - counts
    within = torch.arange(len(document), device=document.device) - begins[place]
    kept = counts >= 2
    late = within >= (counts // 2)[place]  # of an odd number the second half has one more
    second = _means(features, place, late, len(counts))
    spans = _means(features, place, ~late, len(counts))[kept], second[kept]
    if negatives is None or there is None:
        return Spans(*spans, None, None)
    candidates = there & late
    order = torch.where(candidates, within, len(document))
    first = torch.full_like(counts, len(document)).scatter_reduce(0, place, order, "amin")
    chosen = candidates & (within == first[place])
    lengths = torch.zeros_like(counts).index_add(0, place, late.to(counts.dtype)).clamp_min(1)
    change = torch.where(chosen[:, None], negatives - features, 0) / lengths[place][:, None]
    contradicted = second.index_add(0, place, change)
    return Spans(*spans, contradicted[kept], (first < len(document))[kept])


def _means(features: Pooled, place: Int[Tensor, "n"], inside: Bool[Tensor, "n"], count: int) -> Float[Tensor, "m d"]:
    weight = inside.to(features.dtype)
    total = features.new_zeros(count, features.shape[1]).index_add(0, place, features * weight[:, None])
    return total / features.new_zeros(count).index_add(0, place, weight).clamp_min(1)[:, None]
