"""What the processes of a run tell each other: the mean of their gradients, and whether one of them has failed."""

from __future__ import annotations

from collections.abc import Iterable

import torch
import torch.distributed as dist
from torch import nn

from robustlab.gather import processes


def average_gradients(parameters: Iterable[nn.Parameter]) -> None:
    """Replace each gradient by its mean over the processes, in one flat reduction a dtype; does nothing in one process.

    Terms and ascents read the bare module, because DDP would reduce at every one of them; so the reduction that DDP
    would have made is made here, once a step. A parameter that got no gradient in this process counts as 0.

    Args:
        parameters: The parameters, in the same order in every process.
    """
    if processes() == 1:
        return
    by_dtype: dict[torch.dtype, list[nn.Parameter]] = {}
    for parameter in parameters:
        if parameter.requires_grad:
            by_dtype.setdefault(parameter.dtype, []).append(parameter)
    for group in by_dtype.values():
        for parameter in group:
            if parameter.grad is None:
                parameter.grad = torch.zeros_like(parameter)
        gradients = [parameter.grad for parameter in group if parameter.grad is not None]
        flat = torch.cat([gradient.flatten() for gradient in gradients])
        dist.all_reduce(flat)
        flat /= processes()
        for gradient, mean in zip(gradients, flat.split([g.numel() for g in gradients]), strict=True):
            gradient.copy_(mean.view_as(gradient))


def first_failure(problem: str | None, device: torch.device) -> tuple[int, str] | None:
    """Tell every process of a problem that one of them has, so that none waits for it in the next reduction.

    Costs one reduction of one number; words travel only when there are any. Every process must call it.

    Args:
        problem: What went wrong in this process, if anything did.
        device: Where the processes reduce.

    Returns:
        The lowest rank with a problem and its words, the same in every process; None where all is well.
    """
    if processes() == 1:
        return None if problem is None else (0, problem)
    failed = torch.tensor(float(problem is not None), device=device)
    dist.all_reduce(failed)
    if not failed:
        return None
    told: list[str | None] = [None] * processes()
    dist.all_gather_object(told, problem)
    return next((rank, words) for rank, words in enumerate(told) if words is not None)
