"""Recorded pre-trainings on the built-in reviews: where negatives come from, at equal cost.

    python -m robustlab.study.pretraining.engines --results book/results/pretraining/engines.jsonl

One row a form and seed. All forms learn from the same sentences, no two of them equal, with text views and without
hard negatives, and have as many passes in all, so that the dearer take fewer steps. Rows that the results file holds
are not made again.
"""

from __future__ import annotations

import time
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import typer

from robustlab.study.pretraining import courses, engine_forms, recording
from robustlab.study.pretraining.distances import distances
from robustlab.study.pretraining.geometry import BEFORE
from robustlab.training.held_out import geometry
from robustlab.training.recipe import Recipe

PLAN = courses.Plan(
    corpus="reviews",
    model="tiny",
    texts=4000,
    held_out=200,
    recipe=Recipe(learning_rate=6e-3, max_length=32),
    looks=6,
)
SENTENCES, PASSES = 1024, 18


def measure(
    plan: courses.Plan, form: str, seed: int, *, sentences: int = SENTENCES, passes: float = PASSES
) -> dict[str, Any]:
    """One row without where it comes from; `before` is the encoder that no form has trained."""
    held = courses.held_out(plan)
    began = time.process_time()
    row: dict[str, Any] = {"form": form, "seed": seed, "units": 0, "step": 0, "epochs": 0, "kept": 0}
    if form == BEFORE:
        encoder, looks, steps = courses.fresh(plan, seed=seed), {}, 0
    else:
        own = engine_forms.FORMS[form]
        pace = engine_forms.pace(own, sentences, passes)
        row |= {"units": own.units, "step": own.step, "epochs": pace.epochs, "kept": pace.sentences}
        encoder, looks, steps = engine_forms.course(plan, own, held, sentences=sentences, passes=passes, seed=seed)
    return {
        **row,
        "corpus": plan.corpus,
        "model": plan.model,
        "sentences": sentences,
        "passes": passes,
        "learning_rate": plan.recipe.learning_rate,
        "steps": steps,
        "held_out": len(held),
        "geometry": geometry(encoder, [(one.text, one.view) for one in held])._asdict(),
        "distances": distances(encoder, held)._asdict(),
        "looks": {step: look._asdict() for step, look in looks.items()},
        "cpu_seconds": round(time.process_time() - began, 1),
    }


def main(
    results: Annotated[Path, typer.Option(help="Rows are appended to this file.")],
    seeds: Annotated[str, typer.Option(help="Comma-separated.")] = "0,1,2",
) -> None:
    """Make the rows that are missing."""
    recording.record(results, (BEFORE, *engine_forms.FORMS), seeds, partial(measure, PLAN))


if __name__ == "__main__":
    typer.run(main)
