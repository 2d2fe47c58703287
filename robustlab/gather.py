"""Tensors of all processes in each of them, with gradients: what a loss needs that couples the examples of a batch."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import torch
import torch.distributed as dist
from jaxtyping import Float
from torch import Tensor


def processes() -> int:
    """How many processes share the run."""
    return dist.get_world_size() if dist.is_available() and dist.is_initialized() else 1


def is_first() -> bool:
    """Whether this is the first of the processes, or the only one."""
    return processes() == 1 or dist.get_rank() == 0


def gathered(rows: Float[Tensor, "b *d"]) -> Float[Tensor, "n *d"]:
    """The rows of all processes, in the order of the ranks; the rows themselves where there is one process.

    Every process must call it, and must differentiate what it makes of the result. A loss J over all rows is computed
    alike in each of R processes. Backward adds their gradients up, so that a process's own rows get R·∂J/∂rows; the
    mean over the processes that training takes (`robustlab.training.distributed.average_gradients`) divides by R, and
    what is left is the gradient that one process with all of the rows would have.

    Args:
        rows: This process's rows; their number may differ between processes.
    """
    if processes() == 1:
        return rows
    counts = [torch.zeros(1, dtype=torch.long, device=rows.device) for _ in range(processes())]
    dist.all_gather(counts, torch.tensor([len(rows)], device=rows.device))
    return _Gather.apply(rows, [int(count) for count in counts])


def own_rows(count: int, device: torch.device) -> slice:
    """Where this process's rows stand among the gathered ones.

    Every process must call it.

    Args:
        count: How many rows this process has.
        device: Where the processes exchange tensors.
    """
    if processes() == 1:
        return slice(0, count)
    counts = gathered(torch.tensor([count], device=device)).tolist()
    start = sum(counts[: dist.get_rank()])
    return slice(start, start + count)


def from_first(tensors: Iterable[Tensor]) -> None:
    """Overwrite each tensor with that of the first process, so that all processes hold the same.

    Args:
        tensors: Of the same shapes and dtypes in every process.
    """
    if processes() == 1:
        return
    for tensor in tensors:
        dist.broadcast(tensor, src=0)


def summed(tensors: Sequence[Tensor]) -> list[Tensor]:
    """The sum of each tensor over the processes, without gradients, in one exchange; themselves where there is one.

    Args:
        tensors: Of one dtype; the same shapes in every process.
    """
    if processes() == 1:
        return list(tensors)
    flat = torch.cat([tensor.detach().flatten() for tensor in tensors])
    dist.all_reduce(flat)
    parts = flat.split([tensor.numel() for tensor in tensors])
    return [part.view_as(tensor) for part, tensor in zip(parts, tensors, strict=True)]


class _Gather(torch.autograd.Function):
    """Concatenate over the processes; backward sums over them and hands each its own part."""

    @staticmethod
    def forward(context: Any, rows: Tensor, counts: list[int]) -> Tensor:
        context.counts = counts
        # Padded to one length, because a collective takes tensors of one shape.
        own = rows.new_zeros(max(counts), *rows.shape[1:])
        own[: len(rows)] = rows
        parts = [torch.empty_like(own) for _ in counts]
        dist.all_gather(parts, own)
        return torch.cat([part[:count] for part, count in zip(parts, counts, strict=True)])

    @staticmethod
    def backward(context: Any, gradient: Tensor) -> tuple[Tensor, None]:  # type: ignore[override]
        total = gradient.contiguous().clone()
        dist.all_reduce(total)
        return total.split(context.counts)[dist.get_rank()], None
