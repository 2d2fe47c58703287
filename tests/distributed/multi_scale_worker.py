"""One of several gloo processes: the gradients of multi-scale pre-training on its documents of a batch."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

import torch
import torch.distributed as dist
from torch import Tensor

from robustlab.methods import multi_scale
from robustlab.randomness import ExampleGenerators
from robustlab.training.distributed import average_gradients
from robustlab.training.sentence_batches import sentences_of

# By its path: a process of its own does not find the tests as a package.
_SPEC = importlib.util.spec_from_file_location("sentences", Path(__file__).parents[1] / "contrastive" / "sentences.py")
sentences = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(sentences)

LENGTHS = (5, 7, 4, 6, 7, 3, 6, 5)
DOCUMENTS = {"two sentences each": (0, 0, 1, 1, 2, 2, 3, 3), "none in one share": (0, 0, 1, 1, 2, 3, 4, 5)}
CASES = {name: {"documents": name} for name in DOCUMENTS} | {"chunks": {"documents": "two sentences each", "chunk": 3}}


def batch(documents: str) -> dict[str, Tensor]:
    found = sentences.text(0, LENGTHS) | {
        "document": torch.tensor(DOCUMENTS[documents]),
        "example_id": torch.arange(8),
        "negative_there": torch.tensor([True, False, True, True, False, True, True, True]),
    }
    for seed, name in ((1, "view"), (2, "negative")):
        found |= {f"{name}_{column}": value for column, value in sentences.text(seed, LENGTHS).items()}
    return found


def gradients(case: str, rank: int, ranks: int) -> dict[str, Tensor]:
    """Of the encoder and the heads, each process with a run of the sentences."""
    given = dict(CASES[case])
    size = 8 // ranks
    own = slice(rank * size, (rank + 1) * size)
    share = {name: value[own] for name, value in batch(given.pop("documents")).items()}
    generator = ExampleGenerators(share["example_id"].tolist(), 0)
    place = sentences_of(
        sentences.encoder().eval(),
        share,
        masking=sentences.MASKING,
        temperature=0.1,
        noise="same",
        seed=0,
        generator=generator,
    )
    # Replaced words are drawn by the part of a batch, so that they would be others.
    method = multi_scale(view="text", temperature=0.1, replaced=0.0, tokens=0.3, **given)
    method.prepare([place], learning_rate=1e-3)
    method.double()
    for term in method.terms(place):
        term.backward()
    parameters = dict(place.model.named_parameters()) | dict(method.named_parameters())
    average_gradients(parameters.values())
    return {name: p.grad for name, p in parameters.items() if p.grad is not None}


if __name__ == "__main__":
    torch.set_num_threads(1)
    rank, ranks, folder = int(sys.argv[1]), int(sys.argv[2]), Path(sys.argv[3])
    dist.init_process_group("gloo", init_method=f"file://{folder}/meeting", rank=rank, world_size=ranks)
    torch.save({case: gradients(case, rank, ranks) for case in CASES}, folder / f"rank{rank}.pt")
    dist.barrier()
    dist.destroy_process_group()
