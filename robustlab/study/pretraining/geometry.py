"""Recorded pre-trainings on the built-in reviews: what views and hard negatives do to the geometry.

    python -m robustlab.study.pretraining.geometry --results book/results/pretraining/geometry.jsonl

One row a form and seed: the geometry of held-out sentences on the way, and how far they are in the end from what says
the same and from what does not. Rows that the results file holds are not made again.
"""

from __future__ import annotations

import time
from pathlib import Path
from typing import Annotated, Any

import typer

from robustlab.study.pretraining import courses, recording
from robustlab.study.pretraining.distances import distances
from robustlab.training.held_out import geometry
from robustlab.training.recipe import Recipe

BEFORE = "before"
LONG = courses.Plan(
    corpus="reviews",
    model="tiny",
    texts=4000,
    held_out=200,
    recipe=Recipe(epochs=2, batch_size=32, learning_rate=1e-3, max_length=32, log_every=5),
)


def measure(plan: courses.Plan, form: str, seed: int) -> dict[str, Any]:
    """One row without where it comes from; `before` is the encoder that no form has trained."""
    held = courses.held_out(plan)
    began = time.process_time()
    if form == BEFORE:
        encoder, looks, steps = courses.fresh(plan, seed=seed), {}, 0
    else:
        encoder, looks, steps = courses.course(plan, form, held, seed=seed)
    return {
        "form": form,
        "seed": seed,
        **settings(plan),
        "steps": steps,
        "held_out": len(held),
        "geometry": geometry(encoder, [(one.text, one.view) for one in held])._asdict(),
        "distances": distances(encoder, held)._asdict(),
        "looks": {step: look._asdict() for step, look in looks.items()},
        "cpu_seconds": round(time.process_time() - began, 1),
    }


def settings(plan: courses.Plan) -> dict[str, Any]:
    """What a row says of its plan."""
    return {
        "corpus": plan.corpus,
        "model": plan.model,
        "texts": plan.texts,
        "epochs": plan.recipe.epochs,
        "batch_size": plan.recipe.batch_size,
        "learning_rate": plan.recipe.learning_rate,
    }


def main(
    results: Annotated[Path, typer.Option(help="Rows are appended to this file.")],
    seeds: Annotated[str, typer.Option(help="Comma-separated.")] = "0,1,2",
) -> None:
    """Make the rows that are missing."""
    recording.record(results, (BEFORE, *courses.FORMS), seeds, lambda form, seed: measure(LONG, form, seed))


if __name__ == "__main__":
    typer.run(main)
