"""Contrastive losses of sentences and documents: one value an anchor, for the caller to average or to climb."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from jaxtyping import Bool, Float, Int
from torch import Tensor

from robustlab.contrastive.scores import check_company, check_pair, cosines, hard_scores


def info_nce(
    anchors: Float[Tensor, "n d"],
    positives: Float[Tensor, "n d"],
    negatives: Float[Tensor, "m d"] | None = None,
    *,
    temperature: float,
    hard_weight: float = 1.0,
    there: Bool[Tensor, "m"] | None = None,
) -> Float[Tensor, "n"]:
    """-log [ e^{s(z_i, z_i⁺)/τ} / (Σ_j e^{s(z_i, z_j⁺)/τ} + Σ_j w_ij e^{s(z_i, z_j⁻)/τ}) ] for each i, s the cosine.

    An anchor is near its positive and far from the positives of the others and from all negatives of the batch.

    Args:
        anchors: z.
        positives: z⁺, row by row.
        negatives: z⁻; where there are n of them, row i is the anchor's own.
        temperature: τ.
        hard_weight: w_ii, how often the anchor's own negative counts; the other w are 1.
        there: Which negatives exist; the others count for nobody. All of them by default.

    Shapes: anchors, positives [n d], negatives [m d], there [m]; result [n], nats.

    Raises: ValueError: If shapes do not fit, the temperature or the weight is not positive, there is a single example
        and no negative, or a weight is given for negatives that are not one a row.

    Source: Chen et al. (SimCLR, 2020), Eq. 1; Karpukhin et al. (2020) for a hard negative beside those of the batch;
        Gao et al. (SimCSE, 2021), the supervised objective, for its weight.
    """
    check_pair(anchors, positives, "anchors and positives")
    check_company(len(anchors), negatives, there)
    rows = torch.arange(len(anchors), device=anchors.device)
    scores = cosines(anchors, positives, temperature=temperature)
    if negatives is not None:
        own = rows if len(negatives) == len(anchors) else None
        hard = hard_scores(anchors, negatives, temperature=temperature, hard_weight=hard_weight, own=own, there=there)
        scores = torch.cat([scores, hard], dim=1)
    return F.cross_entropy(scores, rows, reduction="none")


def nt_xent(
    one: Float[Tensor, "n d"],
    other: Float[Tensor, "n d"],
    *,
    temperature: float,
    negatives: Float[Tensor, "m d"] | None = None,
    hard_weight: float = 1.0,
    there: Bool[Tensor, "m"] | None = None,
) -> Float[Tensor, "n2"]:
    """`info_nce` with every view an anchor, and all 2n - 2 views of other examples negatives, whichever view they are.

    Args:
        one: The first view of each example.
        other: The second, row by row.
        temperature: τ.
        negatives: Hard negatives; where there are n of them, row i is that of example i, for both of its views.
        hard_weight: How often an anchor's own hard negative counts.
        there: Which hard negatives exist.

    Shapes: one, other [n d], negatives [m d], there [m]; result [2n], nats: the first views, then the second.

    Raises: ValueError: As `info_nce`.

    Source: Chen et al. (SimCLR, 2020), Eq. 1 and Algorithm 1; Sohn (2016). The weight as in `info_nce`.
    """
    check_pair(one, other, "the two views")
    n = len(one)
    check_company(n, negatives, there)
    views = torch.cat([one, other])
    rows = torch.arange(2 * n, device=views.device)
    scores = cosines(views, views, temperature=temperature)
    scores = scores.masked_fill(torch.eye(2 * n, dtype=torch.bool, device=views.device), -torch.inf)
    if negatives is not None:
        own = rows % n if len(negatives) == n else None
        hard = hard_scores(views, negatives, temperature=temperature, hard_weight=hard_weight, own=own, there=there)
        scores = torch.cat([scores, hard], dim=1)
    return F.cross_entropy(scores, (rows + n) % (2 * n), reduction="none")


def supervised_contrastive(
    features: Float[Tensor, "n d"], labels: Int[Tensor, "n"], *, temperature: float
) -> tuple[Float[Tensor, "n"], Bool[Tensor, "n"]]:
    """-mean_{p∈P(i)} log [ e^{s(z_i, z_p)/τ} / Σ_{a≠i} e^{s(z_i, z_a)/τ} ], P(i) the others of i's label.

    The mean over positives stands outside of the logarithm.

    Args:
        features: z, one row an example or a view of one.
        labels: What they are.
        temperature: τ.

    Shapes: features [n d], labels [n]; results [n], nats, and [n]: which anchors have a positive. The others' value is
        0, and they belong into no mean: `values[there].mean()`.

    Raises: ValueError: If shapes do not fit, the temperature is not positive, or no label occurs twice.

    Source: Khosla et al. (SupCon, 2020), Eq. 2 (L_out).
    """
    if features.dim() != 2 or labels.shape != features.shape[:1]:
        raise ValueError(
            f"expected features [n d] and labels [n], got {tuple(features.shape)} and {tuple(labels.shape)}"
        )
    scores = cosines(features, features, temperature=temperature)
    own = torch.eye(len(features), dtype=torch.bool, device=features.device)
    same = (labels[:, None] == labels[None, :]) & ~own
    there = same.any(dim=1)
    if not there.any():
        raise ValueError(
            f"no label occurs twice among {len(labels)} examples, so that no anchor has a positive; "
            "draw batches that hold several examples of a label"
        )
    log_share = scores - scores.masked_fill(own, -torch.inf).logsumexp(dim=1, keepdim=True)
    positives = same.sum(dim=1).clamp(min=1)
    return -log_share.masked_fill(~same, 0).sum(dim=1) / positives, there
