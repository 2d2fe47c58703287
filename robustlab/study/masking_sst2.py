"""Gradient-masking checks of the models behind the recorded SST-2 comparison.

    python -m robustlab.study.masking_sst2 --runs book/results/sst2-minilm.jsonl
        --results book/results/masking/sst2-minilm.jsonl --data-dir DATA

Checkpoints are not kept with the rows, so each model is trained again from its row's settings. Its answers to the dev
sentences are compared with those that the row holds, and how many differ stands in the new row: 0 says that the model
is the recorded one. Models that the results file holds are not checked again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import torch
import typer
from transformers import PreTrainedModel

from robustlab import corpora
from robustlab.evaluation import masking
from robustlab.study import rows
from robustlab.study.main_sst2 import Cell, Row, cells, evaluate, splits, train, warm_start

NAMED = ("method", "seed", "step_size", "steps", "beta")  # what tells the cells of the comparison apart
EXAMPLES = 100
RADIUS = 0.1  # in mean embedding norms, about what kα = .09 reaches: within it the models keep some of their accuracy
STRANGER = 100  # a seed that no cell has


def stranger(cell: Cell, folder: Path | None) -> PreTrainedModel:
    """The surrogate of the transfer check: standard training with other data, order and head than any cell's."""
    own = replace(cell, seed=STRANGER)
    return warm_start(own, splits(own, folder)[0]).model.eval()


def run(cell: Cell, runs: Sequence[Row], folder: Path | None) -> dict[str, Any]:
    """Train one cell's model again and check it."""
    dev = corpora.load(cell.dataset, split="dev", source="local", folder=folder)
    loaded, _, _ = train(cell, runs, folder)
    recorded = find(runs, cell)
    right = (rows.decode(row["clean_mask"], len(dev)) for row in (evaluate(loaded, {"clean": dev}), recorded))
    different = int((next(right) != next(right)).sum())
    chosen = dev.select(range(EXAMPLES))
    other = stranger(cell, folder)
    report = masking.check(*loaded, chosen, radius=RADIUS, surrogate=other, seed=cell.seed)
    row = {
        "study": "masking-sst2",
        "model": cell.model,
        "different_answers": different,
        "commit_of_run": recorded["commit"],
    }
    row |= {name: getattr(cell, name) for name in NAMED}
    row |= {"passed": report.passed, "examples": report.examples, "radius": report.radius}
    row["checks"] = {check.name: {"passed": check.passed, **check.evidence} for check in report.checks}
    return row | rows.provenance(loaded.model.device.type)


def find(found: Sequence[Row], cell: Cell) -> Row | None:
    """The row of a cell, if there is one."""
    wanted = {name: getattr(cell, name) for name in NAMED}
    return next((row for row in found if all(row.get(name) == value for name, value in wanted.items())), None)


def main(
    runs: Annotated[Path, typer.Option(help="JSON-lines file of the comparison.")],
    results: Annotated[Path, typer.Option(help="JSON-lines file of rows; finished rows are kept.")],
    data_dir: Annotated[Path | None, typer.Option(help="Data folder; else ROBUSTLAB_DATA.")] = None,
    seeds: Annotated[str, typer.Option(help="Comma-separated seeds.")] = "0,1,2",
    threads: Annotated[int, typer.Option(help="CPU threads.")] = 1,
) -> None:
    """Check what is missing of the recorded comparison's models, seed by seed."""
    torch.set_num_threads(threads)
    recorded = rows.read(runs)
    for seed in map(int, seeds.split(",")):
        for cell in cells([seed]):
            if find(recorded, cell) is None or find(rows.read(results), cell) is not None:
                continue
            row = run(cell, recorded, data_dir)
            rows.append(results, row)
            failed = [name for name, check in row["checks"].items() if check["passed"] is False]
            typer.echo(f"[seed {seed}] {cell.method} step_size={cell.step_size} beta={cell.beta}: failed {failed}")


if __name__ == "__main__":
    typer.run(main)
