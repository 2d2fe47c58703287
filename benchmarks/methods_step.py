"""One training step of every named method, timed in turns, beside its FLOPs and beside wasteful ways to take it.

    OMP_NUM_THREADS=1 python benchmarks/methods_step.py --data-dir DATA --out benchmarks/results/methods_step.json

All methods take their turn on the same batch in every round; every other round runs backwards, and ratios are taken
within a round. The clock counts processor seconds of this process, so that other work on the machine counts little.
"""

from __future__ import annotations

import json
import os
import platform
import random
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Annotated, Any

import torch
import typer
from torch import Tensor

from robustlab import accumulate, corpora, methods, models
from robustlab.landscape import TransformerLandscape
from robustlab.methods import Method
from robustlab.study import cost, wasteful
from robustlab.training.buckets import LengthBuckets

Batch = dict[str, Tensor]
STEP_SIZE, LONG, ROWS = 0.04, 128, 32
PADDED = 3  # batches for the comparison of paddings
WASTEFUL = {"pgd": wasteful.pgd, "fgm": wasteful.fgm, "trades": wasteful.trades}


def step(model: Any, batch: Batch, method: Method) -> None:
    """The gradients of one step of a method."""
    model.zero_grad()
    accumulate(method, cost.with_companion(model, batch))


def wasted(model: Any, batch: Batch, name: str, steps: int) -> None:
    """The same gradients by a loop that spends more."""
    model.zero_grad()
    settings = {"step_size": STEP_SIZE} | ({} if name == "fgm" else {"steps": steps})
    WASTEFUL[name](TransformerLandscape(model, batch), **settings)


def encode(texts: Sequence[str], labels: Sequence[int], tokenizer: Any, rows: Sequence[int], padding: str) -> Batch:
    """Rows as a batch, padded to the longest or to 128."""
    some = [texts[row] for row in rows]
    encoded = tokenizer(some, padding=padding, truncation=True, max_length=LONG, return_tensors="pt")
    return {**encoded, "labels": torch.tensor([labels[row] for row in rows])}


def buckets(texts: Sequence[str], tokenizer: Any) -> list[list[int]]:
    """The rows of an epoch in batches of like length."""
    lengths = [len(ids) for ids in tokenizer(list(texts), truncation=True, max_length=LONG)["input_ids"]]
    order = list(LengthBuckets(lengths, batch_size=ROWS, seed=0))
    return [order[first : first + ROWS] for first in range(0, len(order) - ROWS + 1, ROWS)]


def middle(some: list[Batch], count: int) -> list[Batch]:
    """The batches around the median length, and after them the shortest, to warm up with."""
    some = sorted(some, key=lambda batch: batch["input_ids"].shape[1])
    first = (len(some) - count) // 2
    return [*some[first : first + count], some[0]]


def time_methods(model: Any, some: list[Batch], short: Batch, steps: int) -> dict[str, list[float]]:
    """Seconds by method and round, each round on a batch of its own; `wasteful …` beside them."""
    found: dict[str, list[float]] = {}
    built = {name: cost.build(name, steps) for name in methods.BY_NAME}
    for method in built.values():
        method.prepare([cost.with_companion(model, short) for _ in range(2)], learning_rate=cost.LEARNING_RATE)
    for number, batch in enumerate([short, *some]):
        works: dict[str, Callable[[], object]] = {
            name: partial(step, model, batch, method) for name, method in built.items()
        }
        works |= {f"wasteful {name}": partial(wasted, model, batch, name, steps) for name in WASTEFUL}
        if number % 2:
            works = dict(reversed(works.items()))
        taken = cost.one_round(works)
        for name, seconds in taken.items() if number else ():  # the first makes networks and memory
            found.setdefault(name, []).append(seconds)
        typer.echo(f"round {number} of {len(some)}, {batch['input_ids'].shape[1]} tokens", err=True)
    return found


def count_flops(model: Any, batch: Batch, steps: int) -> dict[str, Any]:
    """FLOPs by method in units, where standard training is 3, and the attention share of this batch."""
    landscape = cost.with_companion(model, batch)
    unit = cost.step_flops(methods.standard(), landscape) / cost.STANDARD
    units = {count.method: count.counted for count in cost.counts(model, batch, steps)}
    for name in WASTEFUL:
        units[f"wasteful {name}"] = cost.count(partial(wasted, model, batch, name, steps)).get_total_flops() / unit
    return {"attention_share": cost.attention_share(landscape), "units": units}


def time_padding(model: Any, cut: dict[str, list[Batch]], rounds: int) -> dict[str, list[float]]:
    """Seconds of standard training on the same rows, by how they are cut into batches and padded."""

    def pass_over(some: list[Batch]) -> None:
        for batch in some:
            step(model, batch, methods.standard())

    works = {name: partial(pass_over, some) for name, some in cut.items()}
    taken = [cost.one_round(works) for _ in range(rounds)]
    return {name: [one[name] for one in taken] for name in works}


def time_optimisers(model: Any, batch: Batch, rounds: int) -> dict[str, list[float]]:
    """Seconds of one step of AdamW by implementation; the gradients are those of `batch`."""
    step(model, batch, methods.standard())
    kinds = {"for-loop": {"foreach": False}, "foreach": {"foreach": True}, "fused": {"fused": True}}
    optimisers = {name: torch.optim.AdamW(model.parameters(), lr=1e-9, **kind) for name, kind in kinds.items()}
    return cost.in_turns({name: optimiser.step for name, optimiser in optimisers.items()}, rounds)


def main(
    data_dir: Annotated[Path | None, typer.Option(help="Data folder with sst2; else the built-in reviews.")] = None,
    out: Annotated[Path | None, typer.Option(help="Where to write the numbers as JSON.")] = None,
    steps: Annotated[int, typer.Option(help="Ascent steps k.")] = 3,
    rounds: Annotated[
        int, typer.Option(help="Rounds, each on a batch of 32; from 6 on, their range is an interval of 95 %.")
    ] = 6,
) -> None:
    """Time and count every method, and print what was found."""
    torch.set_num_threads(1)
    name = "reviews" if data_dir is None and "ROBUSTLAB_DATA" not in os.environ else "sst2"
    dataset = corpora.load(name, split="train", folder=data_dir).shuffle(seed=0).select(range(2000))
    loaded = models.load("minilm", labels=dataset.features["label"].names)
    model = loaded.model.eval()  # without dropout's own time
    batch = partial(encode, list(dataset["text"]), list(dataset["label"]), loaded.tokenizer)
    bucketed = buckets(dataset["text"], loaded.tokenizer)
    *timed, short = middle([batch(rows, "longest") for rows in bucketed], rounds)
    rows = [row for rows in bucketed[:PADDED] for row in rows]
    random.Random(0).shuffle(rows)
    shuffled = [rows[first : first + ROWS] for first in range(0, len(rows), ROWS)]
    cut = {"bucketed": [batch(some, "longest") for some in bucketed[:PADDED]]}
    cut |= {"shuffled": [batch(some, "longest") for some in shuffled]}
    cut |= {"to 128": [batch(some, "max_length") for some in shuffled]}
    found: dict[str, Any] = {"date": datetime.now(UTC).date().isoformat(), "data": name, "model": "all-MiniLM-L6-v2"}
    found |= {"machine": f"{platform.machine()}, 1 thread", "clock": "processor seconds of the process"}
    found |= {"versions": {package: version(package) for package in ("torch", "transformers")}}
    found |= {"batch_size": ROWS, "steps": steps, "rounds": rounds}
    found |= {
        "tokens": [one["input_ids"].shape[1] for one in timed],
        "seconds": time_methods(model, timed, short, steps),
    }
    found |= count_flops(model, timed[rounds // 2], steps)
    found |= {"optimiser_seconds": time_optimisers(model, timed[0], rounds)}
    found |= {"padded_tokens": {kind: sum(one["input_ids"].numel() for one in some) for kind, some in cut.items()}}
    found |= {"padding_seconds": time_padding(model, cut, 2)}
    text = json.dumps(found, indent=2)
    typer.echo(text)
    if out is not None:
        out.write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    typer.run(main)
