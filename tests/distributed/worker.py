"""One of several gloo processes: accumulate on its share of a batch, average, save the gradients."""

from __future__ import annotations

import inspect
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
SIZES = {"steps": 3, "step_size": 0.2, "radius": 0.3, "noise": 0.05, "magnitude": 0.3, "weight": 0.5, "level": 0.9}


def method_of(name: str) -> methods.Method:
    factory = methods.BY_NAME[name]
    takes = inspect.signature(factory).parameters
    given = {size: value for size, value in SIZES.items() if size in takes}
    if name == "adaptive-pgd":
        pgd = methods.pgd(steps=3, step_size=0.2, start=starts.freelb(0.3))
        return methods.adaptive(pgd, weights=ProjectedWeights(3)).double()
    if "start" in takes:
        given["start"] = starts.freelb(0.3)
    return factory(**given).double()


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
    found = {key: parameter.grad for key, parameter in parameters if parameter.grad is not None}
    method.after_step()  # what a method writes into its buffers must be the same everywhere too
    kept = {key: value.double() for key, value in method.named_buffers() if "inner" not in key}
    return found | kept


if __name__ == "__main__":
    torch.set_num_threads(1)
    rank, ranks, folder = int(sys.argv[1]), int(sys.argv[2]), Path(sys.argv[3])
    dist.init_process_group("gloo", init_method=f"file://{folder}/meeting", rank=rank, world_size=ranks)
    torch.save({name: gradients(name, rank, ranks) for name in sys.argv[4:]}, folder / f"rank{rank}.pt")
    dist.barrier()
    dist.destroy_process_group()
