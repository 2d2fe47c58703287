"""The recorded attacks on words: the models of the SST-2 comparison under TextFooler, TextBugger and AdvGLUE.

    python -m robustlab.study.attacks_sst2 --runs book/results/sst2-minilm.jsonl
        --results book/results/attacks/sst2-minilm.jsonl --data-dir DATA

Checkpoints are not kept with the comparison's rows, so each model is trained again from its row's settings, and how
many of its answers to the dev sentences differ from the recorded ones stands in the new rows: 0 says that it is the
recorded model. Attacks that the results file holds are not run again.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import torch
import typer

from robustlab import corpora
from robustlab.study import rows
from robustlab.study.attacking import attacked
from robustlab.study.main_sst2 import SHORT, Cell, Row, cells, evaluate, train
from robustlab.study.masking_sst2 import NAMED, find

STUDY = "attacks-sst2"
METHODS = ("standard", "pgd")
RECIPES = ("textfooler+minilm+neighbours", "textbugger+minilm+neighbours")
STATIC = "advglue-sst2"


def run(cell: Cell, runs: Sequence[Row], recipes: Sequence[str], folder: Path | None) -> Iterator[dict[str, Any]]:
    """Train one cell's model again and attack it; a row an attack, as it is finished."""
    dev = corpora.load(cell.dataset, split="dev", source="local", folder=folder)
    static = corpora.load(STATIC, split="dev", source="local", folder=folder)
    loaded, _, _ = train(cell, runs, folder)
    found = evaluate(loaded, {"clean": dev, "static": static})
    recorded = find(runs, cell)
    again, before = (rows.decode(row["clean_mask"], len(dev)) for row in (found, recorded))
    common = {
        "study": STUDY,
        "model": cell.model,
        **{name: getattr(cell, name) for name in NAMED},
        "different_answers": int((again != before).sum()),
        "commit_of_run": recorded["commit"],
        **{f"{STATIC}_{name}": found[f"static_{name}"] for name in ("accuracy", "correct", "n", "mask")},
    }
    for recipe in recipes:
        yield common | attacked(loaded, recipe, dev) | rows.provenance(loaded.model.device.type)


def grid(seeds: Sequence[int], methods: Sequence[str]) -> list[Cell]:
    """The comparison's cells that are attacked."""
    return [cell for cell in cells(seeds) if cell.method in methods and cell.step_size in (None, SHORT)]


def missing(done: Sequence[Row], cell: Cell, recipes: Sequence[str]) -> list[str]:
    """The recipes that a model has not been attacked with."""
    wanted = {name: asdict(cell)[name] for name in NAMED}
    mine = [row for row in done if all(row.get(name) == value for name, value in wanted.items())]
    return [recipe for recipe in recipes if not any(row["recipe"] == recipe for row in mine)]


def main(
    runs: Annotated[Path, typer.Option(help="JSON-lines file of the comparison.")],
    results: Annotated[Path, typer.Option(help="JSON-lines file of rows; finished rows are kept.")],
    data_dir: Annotated[Path | None, typer.Option(help="Data folder; else ROBUSTLAB_DATA.")] = None,
    seeds: Annotated[str, typer.Option(help="Comma-separated seeds.")] = "0,1,2",
    methods: Annotated[str, typer.Option(help="Comma-separated methods.")] = ",".join(METHODS),
    recipes: Annotated[str, typer.Option(help="Comma-separated recipes.")] = ",".join(RECIPES),
    threads: Annotated[int, typer.Option(help="CPU threads.")] = 1,
) -> None:
    """Run what is missing of the recorded attacks, seed by seed."""
    torch.set_num_threads(threads)
    recorded = rows.read(runs)
    for cell in grid([int(seed) for seed in seeds.split(",")], methods.split(",")):
        if not (left := missing(rows.read(results), cell, recipes.split(","))):
            continue
        for row in run(cell, recorded, left, data_dir):
            rows.append(results, row)
            value = row["summary"]["robust_accuracy"]["value"]
            typer.echo(f"{cell.method} seed {cell.seed}, {row['recipe']}: robust accuracy {value:.3f}")


if __name__ == "__main__":
    typer.run(main)
