"""The gradient that several processes get together, in one: what it matters whether what is exchanged has gradients."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor

from robustlab.contrastive.losses import info_nce

Exchange = Literal["with gradients", "constants, all anchors", "constants, own anchors"]


class Views(NamedTuple):
    """Two views of each example, as leaves of a graph."""

    one: Float[Tensor, "n d"]
    other: Float[Tensor, "n d"]


def exchanged(views: Views, processes: int, *, temperature: float, how: Exchange) -> Views:
    """The gradient of InfoNCE that is left after the mean over the processes, for each view.

    Each process has a run of the rows, and gets the others' from its neighbours. It takes the mean of the losses of its
    own anchors or, where all anchors are asked for, of all of them.

    Args:
        views: Of the joined batch.
        processes: How many share it.
        temperature: τ.
        how: What another process's rows are.

    Raises: ValueError: If the rows cannot be shared out evenly.
    """
    n = len(views.one)
    if n % processes:
        raise ValueError(f"expected rows that {processes} processes can share evenly, got {n}")
    total = [torch.zeros_like(view) for view in views]
    for first in range(0, n, n // processes):
        own = slice(first, first + n // processes)
        leaves = [view.detach().clone().requires_grad_() for view in views]
        seen = leaves if how == "with gradients" else [_only(leaf, own) for leaf in leaves]
        losses = info_nce(seen[0], seen[1], temperature=temperature)
        loss = losses.mean() if how == "constants, all anchors" else losses[own].mean()
        for sum_, gradient in zip(total, torch.autograd.grad(loss, leaves), strict=True):
            sum_ += gradient / processes
    return Views(*total)


def alone(views: Views, *, temperature: float) -> Views:
    """The gradient of one process that has all of the rows."""
    leaves = [view.detach().clone().requires_grad_() for view in views]
    return Views(*torch.autograd.grad(info_nce(*leaves, temperature=temperature).mean(), leaves))


def pushes(views: Views, *, temperature: float, counts: Callable[[Tensor, Tensor], Tensor]) -> Float[Tensor, "n d"]:
    """The gradient at the second views, pair by pair: (1/n) Σ_i p_ij z_i / τ less z_j / (n τ), on the sphere.

    Args:
        views: On the unit sphere.
        temperature: τ.
        counts: Of the numbers of an anchor and of a second view: whether the pair has a part in it.
    """
    n = len(views.one)
    rows = torch.arange(n)
    shares = (views.one @ views.other.T / temperature).softmax(dim=1) - torch.eye(n, dtype=views.one.dtype)
    shares = shares * counts(rows[:, None], rows[None, :])
    towards = shares.T @ views.one / (n * temperature)
    return towards - (towards * views.other).sum(1, keepdim=True) * views.other


def _only(leaf: Tensor, own: slice) -> Tensor:
    mine = torch.zeros(len(leaf), 1, dtype=torch.bool)
    mine[own] = True
    return torch.where(mine, leaf, leaf.detach())
