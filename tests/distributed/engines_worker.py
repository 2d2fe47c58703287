"""One of several gloo processes: train an encoder by an engine on its share of each batch, save what comes out."""

from __future__ import annotations

import sys
from pathlib import Path

import torch
import torch.distributed as dist
from torch import Tensor, nn

from robustlab.contrastive import InBatch, MemoryBank, MomentumEncoder, MomentumQueue, Prototypes, cached_backward
from robustlab.contrastive.engines import Engine
from robustlab.training.distributed import average_gradients

BATCH, STEPS, COUNT, WIDTH = 6, 4, 10, 4


def engine_of(name: str) -> Engine:
    made = {
        "symmetric": lambda: InBatch(0.2, hard_weight=2.0),
        "one-sided": lambda: InBatch(0.2, hard_weight=2.0, symmetric=False),
        "queue": lambda: MomentumQueue(WIDTH, 8, 0.2, hard_weight=2.0),
        "bank": lambda: MemoryBank(COUNT, WIDTH, 0.2, negatives=5, hard_weight=2.0),
        "full bank": lambda: MemoryBank(COUNT, WIDTH, 0.2, negatives=5, hard_weight=2.0, symmetric=True),
        "prototypes": lambda: Prototypes((2, 3), COUNT, WIDTH, 0.2, hard_weight=2.0),
    }
    engine = made[name]().double()
    if name == "full bank":
        stream = torch.Generator().manual_seed(1)
        engine.fit(torch.randn(COUNT, WIDTH, dtype=torch.float64, generator=stream))
    return engine


NAMES = ("symmetric", "one-sided", "queue", "bank", "full bank", "prototypes")


def rows(step: int, view: int) -> Tensor:
    stream = torch.Generator().manual_seed(10 * step + view)
    return torch.randn(BATCH, 5, dtype=torch.float64, generator=stream)


def trained(name: str, rank: int, ranks: int, *, cached: bool = False) -> dict[str, Tensor]:
    """The gradients of every step, and what engine and encoder end with; each process has a run of a batch's rows."""
    torch.manual_seed(0)
    model, engine = nn.Linear(5, WIDTH).double(), engine_of(name)
    slow = MomentumEncoder(model, decay=0.5)
    size = BATCH // ranks
    own = slice(rank * size, (rank + 1) * size)
    found = {}
    for step in range(STEPS):
        if step == 2 and isinstance(engine, Prototypes):
            features = model(torch.cat([rows(8, 0), rows(9, 0)])[:COUNT]).detach()
            engine.fit(features + rank * torch.arange(COUNT)[:, None])  # the first process's are everybody's
        # Examples stand in both shares of the second batch.
        ids = ((torch.arange(BATCH) + 4 * step) % COUNT)[own] if step != 1 else torch.tensor([1, 2, 3, 1, 4, 2])[own]
        there = (torch.arange(BATCH) % 4 != step)[own]
        views = [rows(step, view)[own] for view in range(3)]

        def loss(one: Tensor, other: Tensor, far: Tensor, ids: Tensor = ids, there: Tensor = there) -> Tensor:
            return engine.loss(one, other, examples=ids, negatives=far, there=there).mean()

        def encode(views: list[Tensor]) -> tuple[Tensor, ...]:
            keys = slow.model if engine.needs_momentum else model
            return model(views[0]), keys(views[1]), model(views[2])

        if cached:
            pieces = [[view[start : start + 2] for view in views] for start in range(0, size, 2)]
            cached_backward(encode, pieces, loss)
        else:
            loss(*encode(views)).backward()
        average_gradients(model.parameters())
        found[f"gradient {step}"] = model.weight.grad.clone()
        with torch.no_grad():
            for parameter in model.parameters():
                parameter -= 0.5 * parameter.grad
                parameter.grad = None
        slow.after_step()
        engine.after_step()
    return found | {key: value.double() for key, value in [*engine.state_dict().items(), *slow.state_dict().items()]}


if __name__ == "__main__":
    torch.set_num_threads(1)
    rank, ranks, folder = int(sys.argv[1]), int(sys.argv[2]), Path(sys.argv[3])
    dist.init_process_group("gloo", init_method=f"file://{folder}/meeting", rank=rank, world_size=ranks)
    results = {name: trained(name, rank, ranks) for name in NAMES}
    results["cached"] = trained("symmetric", rank, ranks, cached=True)
    torch.save(results, folder / f"rank{rank}.pt")
    dist.barrier()
    dist.destroy_process_group()
