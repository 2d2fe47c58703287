"""Recorded paths on SST-2: what a step rule does to a real model, over the lengths of a path and over a training.

    python -m robustlab.study.paths_sst2 --data-dir DATA --results book/results/paths/sst2-minilm.jsonl

For each seed MiniLM is trained as in `main_sst2`: an epoch of standard training, then an epoch of PGD. Held-out
sentences are climbed by every step rule at moments of both epochs, and at many lengths after each of them. One row a
measurement. Measurements that the results file holds are not made again.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated, Any

import torch
import typer
from transformers import PreTrainedModel, TrainerCallback

from robustlab import methods, models
from robustlab.ascent import GradientAscent, cross_entropy, directions, gradient_at, zero
from robustlab.evaluation import paths, white_box
from robustlab.evaluation.white_box import Batch
from robustlab.study import main_sst2, rows
from robustlab.study.main_sst2 import SHORT, STEPS, Cell
from robustlab.training import fit

RULES = {
    rule.__name__: rule
    for rule in (directions.raw, directions.unit_l2, directions.token_l2, directions.sign, directions.linf)
}
NOISE = "noise"  # a random direction of the same length: what a perturbation costs that knows nothing
LENGTHS = (0.01, 0.03, 0.1, 0.3, 1.0)  # of the first step, in mean word-embedding norms
EVERY = 25  # optimiser steps between measurements in training
SENTENCES = 64
PLAIN = ("clean", "rise", "tangent", "literal", "cosine", "length")
CURVED = ("raw", "unit_l2")  # a double backward pass a step is dear: the rules of the paper only


@dataclass(frozen=True)
class Moment:
    """When a model is measured: after `step` optimiser steps of `phase`, "standard" or "pgd", which comes after it."""

    seed: int
    phase: str
    step: int


def step_sizes(model: PreTrainedModel, batches: Sequence[Batch], length: float) -> dict[str, float]:
    """The α of each rule whose first step has this L2 length on average, which makes the rules comparable."""
    norms: dict[str, list[torch.Tensor]] = {name: [] for name in RULES}
    for batch in batches:
        where = white_box.landscape(model, batch)
        _, gradient = gradient_at(where, cross_entropy, zero(where))
        for name, rule in RULES.items():
            norms[name].append(rule(gradient).flatten(1).norm(dim=1))
    return {name: length / float(torch.cat(found).mean()) for name, found in norms.items()}


def measure(
    model: PreTrainedModel, batches: Sequence[Batch], sizes: Mapping[str, float], *, curved: Collection[str] = ()
) -> Iterator[dict[str, Any]]:
    """One row a rule: means over the sentences of the rise and of its predictions; curvature for the `curved` rules."""
    for name, size in sizes.items():
        ascent = GradientAscent(steps=STEPS, step_size=size, direction=RULES[name])
        found = paths.follow(model, batches, ascent, second_order=name in curved)
        first = found.gains.sum(0)
        values = {"gains": first, "error_gains": (found.rise - first).abs()}
        values |= {
            field: getattr(found, field) for field in ("clean", "rise", "tangent", "literal", "cosine", "length")
        }
        values |= {"error_literal": (found.rise - found.literal).abs()}
        if found.second_order is not None:
            rest = (found.rise - first - found.second_order).abs()
            values |= {"second_order": found.second_order, "error_second_order": rest}
        row = {"rule": name, "step_size": size, "n": len(first), "correct": int(found.correct.sum())}
        yield row | {field: float(value.mean()) for field, value in values.items()}


def measure_noise(model: PreTrainedModel, batches: Sequence[Batch], radius: float) -> dict[str, Any]:
    """The row of one random offset a sentence, as long as the paths with unit steps are at most."""
    shaken, clean = white_box.noise(model, batches, radius=radius), white_box.clean(model, batches)
    rise = float((shaken.loss - clean.loss).mean())
    row = {"rule": NOISE, "step_size": None, "n": len(shaken.loss), "correct": int(shaken.correct.sum())}
    return row | {"clean": float(clean.loss.mean()), "rise": rise, "length": radius}


class Watch(TrainerCallback):
    """Measures every rule at its first step's length SHORT, with each rule's α fixed when the training begins."""

    def __init__(self, seed: int, phase: str, batches: Sequence[Batch], unit: float, sizes: Mapping[str, float]):
        self.seed, self.phase, self.batches, self.unit, self.sizes = seed, phase, batches, unit, sizes
        self.found: list[dict[str, Any]] = []

    def look(self, model: PreTrainedModel, step: int) -> None:
        """Add the rows of one moment."""
        training = model.training
        model.eval()
        for row in measure(model, self.batches, self.sizes):
            self.found.append(asdict(Moment(self.seed, self.phase, step)) | {"kind": "training"} | row)
        model.train(training)

    def on_step_end(self, args: Any, state: Any, control: Any, **known: Any) -> None:
        """Called by the trainer after each optimiser step."""
        if state.global_step % EVERY == 0:
            self.look(known["model"], state.global_step)


def sweep(model: PreTrainedModel, batches: Sequence[Batch], moment: Moment, unit: float) -> Iterator[dict[str, Any]]:
    """The rows of every rule at every length, and of noise."""
    for length in LENGTHS:
        shared = asdict(moment) | {"kind": "sweep", "relative_length": length}
        for row in measure(model, batches, step_sizes(model, batches, length * unit), curved=CURVED):
            yield shared | row
        yield shared | measure_noise(model, batches, STEPS * length * unit)


def run(seed: int, folder: Path | None) -> Iterator[dict[str, Any]]:
    """Train the models of one seed and measure them."""
    cell = Cell("pgd", seed, SHORT, STEPS)
    train, held_out = main_sst2.splits(cell, folder)
    loaded = models.load(cell.model, labels=train.features["label"].names, seed=seed)
    chosen = held_out.select(range(SENTENCES))
    batches = white_box.batches(chosen, loaded.tokenizer, device=loaded.model.device)
    unit = white_box.embedding_norm(loaded.model, batches)
    trainings = {"standard": (methods.standard(), cell.warm_start_epochs)}
    trainings["pgd"] = (methods.pgd(steps=STEPS, step_size=SHORT), cell.epochs)
    for phase, (method, epochs) in trainings.items():
        loaded.model.eval()
        watch = Watch(seed, phase, batches, unit, step_sizes(loaded.model, batches, SHORT * unit))
        watch.look(loaded.model, 0)
        fit(*loaded, method, train, cell.recipe(epochs), seed=seed, callbacks=[watch])
        yield from watch.found
        last = Moment(seed, phase, epochs * cell.recipe(epochs).steps_an_epoch(len(train)))
        yield from sweep(loaded.model.eval(), batches, last, unit)


def main(
    results: Annotated[Path, typer.Option(help="JSON-lines file of rows; the seeds it holds are kept.")],
    data_dir: Annotated[Path | None, typer.Option(help="Data folder; else ROBUSTLAB_DATA.")] = None,
    seeds: Annotated[str, typer.Option(help="Comma-separated seeds.")] = "0,1,2",
    threads: Annotated[int, typer.Option(help="CPU threads.")] = 1,
) -> None:
    """Run what is missing of the recorded paths on SST-2."""
    torch.set_num_threads(threads)
    for seed in map(int, seeds.split(",")):
        if any(row["seed"] == seed for row in rows.read(results)):
            continue
        made = []
        for row in run(seed, data_dir):
            made.append({"study": "paths-sst2", "model": "minilm", "steps": STEPS} | row)
            typer.echo(f"[seed {seed}] {row['phase']} step {row['step']}: {row['rule']} rise {row['rise']:.3g}")
        provenance = rows.provenance("cpu")
        for row in made:  # whole seeds only: half of one would look like a finished one
            rows.append(results, row | provenance)


if __name__ == "__main__":
    typer.run(main)
