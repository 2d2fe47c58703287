"""How far the searches of word attacks stay behind the worst case, on reviews where the worst case is known.

    python -m robustlab.study.heuristics_reviews --results book/results/attacks/heuristics-reviews.jsonl

The models are those of `robustlab.study.zoo_reviews`: for each seed a tiny model, trained plainly for some epochs, and
one more epoch with each method. Every search gets the same reviews, the same certified words and the same model; the
exhaustive one reads all variants. Rows that the results file holds are not made again. Needs the extra `attack`.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Annotated, Any

import torch
import typer

from robustlab import models
from robustlab.corpora import reviews
from robustlab.corpora.reviews import Review
from robustlab.evaluation.attack import certified
from robustlab.evaluation.attack.exact import exact_rows
from robustlab.evaluation.attack.rows import Attacked
from robustlab.evaluation.substitution import Predict
from robustlab.study import rows
from robustlab.study.zoo_reviews import Protocol, Start, warmed
from robustlab.study.zoo_settings import build
from robustlab.training import fit

METHODS = ("standard", "pgd")
EXACT, LEFT_TO_RIGHT = "exhaustive", "left-to-right"
SEARCHES = (EXACT, LEFT_TO_RIGHT, *certified.SEARCHES)
REVIEWS = 150
VARIANTS = 512  # of a review at most


def missing(results: Path, seeds: Sequence[int]) -> Iterator[tuple[int, dict[str, list[str]]]]:
    """The seeds that lack rows, each with its methods and the searches that they lack."""
    done = {(row["seed"], row["method"], row["search"]) for row in rows.read(results)}
    for seed in seeds:
        lacking = {name: [one for one in SEARCHES if (seed, name, one) not in done] for name in METHODS}
        if any(lacking.values()):
            yield seed, {name: searches for name, searches in lacking.items() if searches}


def trained(method: str, seed: int, start: Start, protocol: Protocol) -> Predict:
    """Train from the start of a seed, as the study of all methods does."""
    model, tokenizer = start.loaded
    model.load_state_dict(start.state)
    steps = protocol.recipe.steps_an_epoch(len(start.train)) * protocol.recipe.epochs
    built = build(method, start.unit, start.components, steps)
    fit(model, tokenizer, built, start.train.remove_columns("attacked_text"), protocol.recipe, seed=seed)
    return models.predictor(model, tokenizer)


def attacked(search: str, predict: Predict, texts: Sequence[Review], seed: int) -> list[Attacked]:
    """The rows of one search."""
    if search in (EXACT, LEFT_TO_RIGHT):
        return exact_rows(predict, texts, search="exhaustive" if search == EXACT else "greedy")
    return certified.search_rows(predict, texts, search, seed=seed)


def run(search: str, predict: Predict, texts: Sequence[Review], seed: int) -> dict[str, Any]:
    """One search against one model: what is measured, without what tells the cell apart."""
    began = time.process_time()
    made = attacked(search, predict, texts, seed)
    seconds = time.process_time() - began
    tried = [row.queries for row in made if row.outcome != "skipped"]
    clean, robust = ([row.outcome in kinds for row in made] for kinds in (("failed", "succeeded"), ("failed",)))
    return {
        "search": search, "settings": dict(certified.METHODS[search][1]) if search in certified.METHODS else {},
        "clean": {"correct": sum(clean), "n": len(made), "mask": rows.encode(clean)},
        "robust": {"correct": sum(robust), "n": len(made), "mask": rows.encode(robust)},
        "queries": sum(tried) / len(tried) if tried else 0.0, "cpu_seconds": round(seconds, 2),
    }  # fmt: skip


def main(
    results: Annotated[Path, typer.Option(help="JSON-lines file of rows; those that it holds are kept.")],
    seeds: Annotated[str, typer.Option(help="Comma-separated seeds.")] = "0,1,2",
    threads: Annotated[int, typer.Option(help="CPU threads.")] = 1,
) -> None:
    """Run what is missing of every search against every model."""
    torch.set_num_threads(threads)
    protocol = Protocol()
    texts = [reviews.review("dev", number, max_variants=VARIANTS) for number in range(REVIEWS)]
    for seed, lacking in missing(results, [int(seed) for seed in seeds.split(",")]):
        start = warmed(seed, protocol)
        for method, searches in lacking.items():
            predict = trained(method, seed, start, protocol)
            cell: dict[str, Any] = {"study": "heuristics-reviews", "model": "tiny", "method": method, "seed": seed}
            for search in searches:
                row: dict[str, Any] = cell | {"variants": VARIANTS} | run(search, predict, texts, seed)
                made = rows.provenance("cpu")
                made["versions"]["textattack"] = version("textattack")
                rows.append(results, row | made)
                robust, queries = row["robust"]["correct"] / row["robust"]["n"], row["queries"]
                typer.echo(f"[seed {seed}] {method}, {search}: robust {robust:.3f}, {queries:.0f} queries a review")


if __name__ == "__main__":
    typer.run(main)
