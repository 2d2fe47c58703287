"""One of several gloo processes: accumulate on its share of a batch, average, save the gradients."""

from __future__ import annotations

import sys
from pathlib import Path

import torch
import torch.distributed as dist

from robustlab import methods
from robustlab.ascent import starts
from robustlab.landscape import TransformerLandscape
from robustlab.models import tiny_architecture, tiny_batch
from robustlab.objective import ProjectedWeights
from robustlab.randomness import ExampleGenerators
from robustlab.training.distributed import average_gradients
from robustlab.training.step import accumulate

BATCH = 6
UNTOUCHED = 1  # so that one process has more attacked texts than the other
ATTACKED = ("augmented", "semrode", "semrode-ot")


def method_of(name: str) -> methods.Method:
    start = starts.freelb(0.3)
    if name == "adaptive-pgd":
        pgd = methods.pgd(steps=3, step_size=0.2, start=start)
        return methods.adaptive(pgd, weights=ProjectedWeights(3)).double()
    if name in ATTACKED:
        return methods.BY_NAME[name](weight=0.5)
    if name == "asa":
        return methods.asa()
    return methods.BY_NAME[name](steps=3, step_size=0.2, start=start)


def landscape_of(model: torch.nn.Module, rank: int, ranks: int) -> TransformerLandscape:
    """Every `ranks`-th example from `rank` on, and its attacked text; the first ones were not attacked."""
    whole = tiny_batch("bert", batch=BATCH)
    other = whole | {"input_ids": whole["input_ids"].clone()}
    other["input_ids"][UNTOUCHED:, 1] += 1
    one, two = ({key: value[rank::ranks] for key, value in batch.items()} for batch in (whole, other))
    return TransformerLandscape(model, one, companions={"attacked": TransformerLandscape(model, two)})


def gradients(name: str, rank: int, ranks: int) -> dict[str, torch.Tensor]:
    """Gradients of model and method on every `ranks`-th example from `rank` on, averaged over the processes."""
    model, method = tiny_architecture("bert").double(), method_of(name)
    model.register_parameter("alone", torch.nn.Parameter(torch.zeros(2, dtype=torch.float64)))
    if rank == 1:  # a parameter that this process has no gradient for counts as 0, and nobody waits for it
        model.alone.grad = None
    else:
        model.alone.grad = torch.ones(2, dtype=torch.float64)
    generator = ExampleGenerators(range(rank, BATCH, ranks), 0, "start")
    accumulate(method, landscape_of(model, rank, ranks), generator=generator)
    parameters = [*model.named_parameters(), *method.named_parameters()]
    average_gradients(parameter for _, parameter in parameters)
    return {key: parameter.grad for key, parameter in parameters}


if __name__ == "__main__":
    torch.set_num_threads(1)
    rank, ranks, folder = int(sys.argv[1]), int(sys.argv[2]), Path(sys.argv[3])
    dist.init_process_group("gloo", init_method=f"file://{folder}/meeting", rank=rank, world_size=ranks)
    torch.save({name: gradients(name, rank, ranks) for name in sys.argv[4:]}, folder / f"rank{rank}.pt")
    dist.barrier()
    dist.destroy_process_group()
