"""The recorded comparison on SST-2: standard, PGD, FreeLB and adaptive PGD, on both sides of where w can matter.

    python -m robustlab.study.main_sst2 --data-dir DATA --results book/results/sst2-minilm.jsonl

Rows that the results file holds are not run again, so that the command can be killed and repeated.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated, Any

import torch
import typer
from datasets import Dataset
from torch import Tensor

from robustlab import corpora, methods, models
from robustlab.ascent import GradientAscent
from robustlab.landscape import TransformerLandscape
from robustlab.methods import Method
from robustlab.objective import Tableau
from robustlab.study import rows
from robustlab.training import Fitted, Recipe, fit

# Mean word-embedding norm of MiniLM is about 1.1. At kα = .09 the steps are nearly collinear, so that w cannot matter.
# At kα = .3 they are not; but with β = k the offset is then so long that training may collapse to a constant, so that
# the same steps are also weighted within a third of that radius (β = 1), beside two controls of the same length.
SHORT, LONG, STEPS = 0.03, 0.1, 3
FIXED = "pgd-fixed-w"
MATCHED = "pgd-radius-matched"
Row = Mapping[str, Any]
_WARM: dict[tuple, dict[str, torch.Tensor]] = {}


@dataclass(frozen=True)
class Cell:
    """One training run: a standard warm start, then the method. Everything that changes its numbers is in here."""

    method: str
    seed: int
    step_size: float | None
    steps: int | None
    beta: float | None = None  # None: the method's own, k for adaptive PGD
    model: str = "minilm"
    dataset: str = "sst2"
    train_size: int = 4000
    held_out_size: int = 500
    warm_start_epochs: int = 1
    epochs: int = 1
    batch_size: int = 32
    learning_rate: float = 1e-4
    weights_learning_rate: float = 0.01
    study: str = "main-sst2"

    def recipe(self, epochs: int) -> Recipe:
        """Of the warm start and of the method alike."""
        return Recipe(epochs=epochs, batch_size=self.batch_size, learning_rate=self.learning_rate, validations=2)


def cells(seeds: Sequence[int]) -> list[Cell]:
    """The grid, seed by seed; a control that needs another row's numbers comes after it."""
    names = ("adaptive-pgd", "pgd", "freelb")
    grid = []
    for seed in seeds:
        grid.append(Cell("standard", seed, None, None))
        grid += [Cell(name, seed, SHORT, STEPS) for name in names]
        grid += [Cell(name, seed, LONG, STEPS, beta=1.0) for name in ("adaptive-pgd", FIXED, MATCHED)]
    return grid + [Cell(name, seed, LONG, STEPS) for seed in seeds for name in names]


def build(cell: Cell, done: Sequence[Row]) -> tuple[Method, float | None]:
    """The cell's method, and the step size that it really takes."""
    k, step_size, beta = cell.steps, cell.step_size, cell.beta
    if k is None or step_size is None:
        return methods.BY_NAME[cell.method](), None
    if beta is None:
        return methods.BY_NAME[cell.method](steps=k, step_size=step_size), step_size
    if cell.method == FIXED:  # the same paths, w = 1/k for good: is it learning w, or β?
        row = torch.full((1, k), beta / k, dtype=torch.float64)
        return Method(methods.pgd(steps=k, step_size=step_size).ascent, Tableau(torch.ones(1), row)), step_size
    if cell.method == MATCHED:  # an own path to the mean ‖D‖ of adaptive training: is it w, or the radius?
        wanted = {"method": "adaptive-pgd", "seed": cell.seed, "step_size": step_size, "beta": beta}
        norm = next(row["offset_norm"] for row in done if all(row.get(name) == wanted[name] for name in wanted))
        return methods.pgd(steps=k, step_size=norm / k), norm / k
    return methods.adaptive_pgd(steps=k, step_size=step_size, beta=beta), step_size


def run(cell: Cell, done: Sequence[Row], folder: Path | None, *, progress: bool) -> dict[str, Any]:
    """Train and evaluate one cell."""
    sets = {
        "clean": corpora.load(cell.dataset, split="dev", source="local", folder=folder),
        "advglue": corpora.load(f"advglue-{cell.dataset}", split="dev", source="local", folder=folder),
    }
    loaded, fitted, step_size = train(cell, done, folder, progress=progress)
    row = {**asdict(cell), "actual_step_size": step_size}
    row |= {"held_out_accuracy": fitted.best_metric, "best_step": fitted.best_step} | _dynamics(fitted.history)
    row |= evaluate(loaded, sets)
    row["pgd_accuracy"] = attacked_accuracy(loaded, sets["clean"].select(range(200)))
    last = max(int(log["step"]) for log in fitted.history)
    if fitted.best_step != last:
        loaded.model.load_state_dict(fitted.last_state)
        row |= {f"last_{name}": value for name, value in evaluate(loaded, sets).items()}
    return row | rows.provenance(loaded.model.device.type)


def train(
    cell: Cell, done: Sequence[Row], folder: Path | None, *, progress: bool = False
) -> tuple[models.Loaded, Fitted, float | None]:
    """The trained model of a cell, how it was fitted, and the step size that was really taken."""
    some, held_out = splits(cell, folder)
    loaded = warm_start(cell, some)
    method, step_size = build(cell, done)
    recipe = cell.recipe(cell.epochs)
    fitted = fit(*loaded, method, some, recipe, validation=held_out, seed=cell.seed, progress=progress)
    return loaded, fitted, step_size


def warm_start(cell: Cell, some: Dataset) -> models.Loaded:
    """The seed's model after standard training: from a fresh head, adversarial training does not leave the constant."""
    loaded = models.load(cell.model, labels=some.features["label"].names, seed=cell.seed)
    start = (cell.model, cell.dataset, cell.seed, cell.train_size, cell.warm_start_epochs, cell.learning_rate)
    if start not in _WARM:
        recipe = cell.recipe(cell.warm_start_epochs)
        fitted = fit(*loaded, methods.standard(), some, recipe, seed=cell.seed)
        _WARM[start] = fitted.last_state
    loaded.model.load_state_dict(_WARM[start])
    return loaded


def splits(cell: Cell, folder: Path | None) -> tuple[Dataset, Dataset]:
    """Train and held-out rows of a seed: disjoint, both from the corpus's train split."""
    whole = corpora.load(cell.dataset, split="train", source="local", folder=folder).shuffle(seed=cell.seed)
    some = whole.select(range(cell.train_size + 2 * cell.held_out_size))
    rest, held_out = corpora.hold_out(some, cell.held_out_size / len(some), seed=cell.seed)
    return rest.select(range(cell.train_size)), held_out


def evaluate(loaded: models.Loaded, sets: Mapping[str, Dataset]) -> dict[str, Any]:
    """Accuracy on each set, and which examples were right, as hexadecimal, for paired tests."""
    predict = models.predictor(loaded.model, loaded.tokenizer)
    row: dict[str, Any] = {}
    for name, dataset in sets.items():
        row |= scored(name, predict(list(dataset["text"])).argmax(1).eq(torch.tensor(dataset["label"])))
    return row


def attacked_accuracy(loaded: models.Loaded, dataset: Dataset) -> float:
    """Accuracy at the end of PGD-5 with α = .05 at the word embeddings, dropout off."""
    ascent = GradientAscent(steps=5, step_size=0.05)
    correct = []
    for first in range(0, len(dataset), 50):
        chosen = dataset.select(range(first, min(first + 50, len(dataset))))
        batch = loaded.tokenizer(list(chosen["text"]), padding=True, truncation=True, return_tensors="pt")
        inputs = {name: value.to(loaded.model.device) for name, value in batch.items()}
        labels = torch.tensor(chosen["label"], device=loaded.model.device)
        landscape = TransformerLandscape(loaded.model, {**inputs, "labels": labels}, noise="off")
        with torch.no_grad():
            correct.append(landscape.logits(ascent(landscape).end).argmax(1).eq(labels))
    return float(torch.cat(correct).double().mean())


def scored(name: str, correct: Tensor) -> dict[str, Any]:
    """The fields of a row that say which examples a measure found right."""
    found = {"accuracy": float(correct.double().mean()), "correct": int(correct.sum()), "n": len(correct)}
    return {f"{name}_{field}": value for field, value in (found | {"mask": rows.encode(correct.tolist())}).items()}


def _dynamics(history: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    logs = [log for log in history if "loss" in log]
    second_half = logs[len(logs) // 2 :]
    names = ("offset_norm", "step_cosine", "clean_loss", "w_entropy")
    row: dict[str, Any] = {
        name: sum(log[name] for log in second_half) / len(second_half) for name in names if name in second_half[0]
    }
    k = sum(name.startswith("w_") for name in logs[-1]) - ("w_entropy" in logs[-1])
    row["weights"] = [logs[-1][f"w_{i}"] for i in range(1, k + 1)] or None
    row["weights_by_step"] = [[round(log[f"w_{i}"], 5) for i in range(1, k + 1)] for log in logs[::10]] if k else None
    return row


def main(
    results: Annotated[Path, typer.Option(help="JSON-lines file of rows; finished rows are kept.")],
    data_dir: Annotated[Path | None, typer.Option(help="Data folder; else ROBUSTLAB_DATA.")] = None,
    seeds: Annotated[str, typer.Option(help="Comma-separated seeds.")] = "0,1,2",
    threads: Annotated[int, typer.Option(help="CPU threads.")] = 1,
    progress: Annotated[bool, typer.Option(help="Show a bar for each cell.")] = True,
) -> None:
    """Run what is missing of the recorded SST-2 comparison."""
    torch.set_num_threads(threads)
    grid = cells([int(seed) for seed in seeds.split(",")])
    for number, cell in enumerate(grid, start=1):
        done = rows.read(results)
        if any(all(row.get(name) == value for name, value in asdict(cell).items()) for row in done):
            continue
        typer.echo(f"[{number}/{len(grid)}] {cell.method} seed={cell.seed} step_size={cell.step_size}")
        row = run(cell, done, data_dir, progress=progress)
        rows.append(results, row)
        typer.echo(f"    clean {row['clean_accuracy']:.3f}  advglue {row['advglue_accuracy']:.3f}")


if __name__ == "__main__":
    typer.run(main)
