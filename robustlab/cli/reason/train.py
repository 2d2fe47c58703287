"""`robustlab reason train`: check everything, say what will run, teach, look, save."""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from pathlib import Path
from typing import Any

from robustlab.cli import carrying, cost, device, parsing, reporting, run_folder
from robustlab.cli.reason import documents, reasoners, supported
from robustlab.cli.reason.lessons import Material, lessons, material
from robustlab.cli.reason.measuring import Measured
from robustlab.cli.reason.method import build, cell
from robustlab.cli.reason.settings import Changes, Train
from robustlab.corpora.documents import Document
from robustlab.corpora.reasoning_sets import NAMES
from robustlab.evaluation.reasoning.asking import ask
from robustlab.landscape import Site
from robustlab.methods import Method
from robustlab.models.reasoner import Reasoner
from robustlab.models.reasoner.vocabulary import split as words_of
from robustlab.study.reasoning.exam import EVALUATION_SEED
from robustlab.study.reasoning.methods import site_of
from robustlab.training.lessons import Lessons
from robustlab.training.reasoning import Taught, teach

LOOK = Changes((), ("medium",), 1, counterfactual=True, uncertified=False, seed=EVALUATION_SEED)
WORDS, ANSWER = 48, 64  # of a fresh model's longest sentence and answer, where its documents have no longer ones
BATCH = 64


@dataclass(frozen=True, eq=False)
class Run:
    """All that a run needs, loaded and checked."""

    settings: Train
    method: Method
    device: str
    lessons: Lessons
    material: Material
    reasoner: Reasoner
    site: Site
    look: documents.Exam | None
    cut: int

    def plan(self) -> dict[str, Any]:
        """What will run and what it costs."""
        settings, units = self.settings, cost.units(self.method)
        stages = [
            f"{sum(stage.steps for stage in alike)} steps of {'-'.join(map(str, dict.fromkeys(lengths)))} sentences"
            for lengths, alike in groupby(self.lessons.stages, key=lambda stage: stage.sentences)
        ]
        made = not self.material.documents
        return {
            "data": settings.source.data,
            "train_documents": "made as they are read" if made else len(self.material.documents),
            "held_out_documents": len(self.material.held_out),
            "left_out": self.material.left_out,
            "cut": self.cut,
            "model": settings.model,
            "parameters": self.reasoner.model.num_parameters(),
            "method": settings.named.method,
            "method_parameters": parsing.describe(self.method),
            "learns_from": list(self.method.objective.needs),
            "device": self.device,
            "stages": stages if made else [],
            "batch_size": self.lessons.batch_size,
            "learning_rate": self.lessons.learning_rate,
            "optimiser_steps": self.lessons.steps,
            "documents_seen": self.lessons.steps * self.lessons.batch_size,
            "cost_units_a_step": units,
            "cost_of_standard": round(units / cost.STANDARD, 2),
            "output": str(settings.output),
        }


def run(settings: Train, *, dry_run: bool, as_json: bool) -> None:
    """Run the command."""
    looks: list[Measured] = []

    def carry_out(ready: Run, plan: dict[str, Any], progress: bool) -> dict[str, Any]:
        return _carry_out(ready, plan, looks, progress=progress)

    def show_results(record: dict[str, Any]) -> None:
        for measured in looks:
            measured.show(Path(settings.model).name, "A quick look")
        reporting.say(f"Saved to {settings.output}; next: robustlab reason evaluate --model {settings.output}")

    steps = carrying.Steps(_show_plan, carry_out, show_results)
    carrying.run(lambda: load(settings), steps, dry_run=dry_run, as_json=as_json)


def load(settings: Train) -> Run:
    """Check the settings, cheapest first, and load what they name."""
    _check(settings)
    settings, by_unit = supported.settled(settings), reasoners.by_unit(settings.model)
    method = build(settings.named, by_unit=by_unit)
    supported.check_model(settings, by_unit=by_unit)
    place = cell(settings.named)
    chosen = device.choose(settings.fit.device)
    plan = lessons(settings)
    run_folder.check(settings)
    found = material(settings, method.objective.needs)
    look = _look(settings)
    companions = [make(one) for make in found.others.values() for one in found.documents]
    read = [*found.held_out, *found.documents, *companions]
    shown = look.asked if look is not None else []
    reasoner = _reasoner(settings, found, [*found.words, *read, *shown])
    supported.check(settings, reasoner, found.documents)
    reasoner.model.to(chosen)  # type: ignore[arg-type]  # transformers' annotation is of another method
    site = site_of(reasoner.model, place)
    cut = reasoners.fitting(reasoner, read, answers=True) + reasoners.fitting(reasoner, shown, answers=False)
    return Run(settings, method, chosen, plan, found, reasoner, site, look, cut)


def _check(settings: Train) -> None:
    documents.check(settings.source)
    reasoners.check_overlong(settings.fit.overlong)
    for name in ("steps", "examples", "batch_size", "every"):
        value = getattr(settings.fit, name)
        if value is not None and value < 1:
            raise ValueError(f"--{name.replace('_', '-')} must be at least 1, got {value}")
    for name in ("hold_out", "look"):
        if getattr(settings.fit, name) < 0:
            raise ValueError(f"--{name.replace('_', '-')} must not be negative, got {getattr(settings.fit, name)}")
    rate = settings.fit.learning_rate
    if rate is not None and not (math.isfinite(rate) and rate > 0):
        raise ValueError(f"--learning-rate must be positive, got {rate}")
    if settings.fit.chain is not None and not settings.fresh:
        raise ValueError(
            "--chain and --no-chain are for a fresh model, --model small; an earlier one writes what it has learned to"
        )


def _reasoner(settings: Train, found: Material, read: Sequence[Document]) -> Reasoner:
    """The model; a fresh one is made for the longest of what it is to read."""
    fit = settings.fit
    if not settings.fresh:
        return reasoners.load(settings.model, overlong=fit.overlong)
    chain = fit.chain is not False
    answers = [[*one.chain, one.answer] if chain else [one.answer] for one in read]
    sizes = {
        "max_words": max(WORDS, *(len(words_of(text)) for one in read for text in (*one.sentences, one.instruction))),
        "max_answer": max(ANSWER, *(sum(len(words_of(step)) + 1 for step in steps) + 1 for steps in answers)),
    }
    overlong = "truncate" if fit.overlong == "truncate" else "error"
    return Reasoner.small(found.words, seed=fit.seed, chain=chain, overlong=overlong, **sizes)


def _look(settings: Train) -> documents.Exam | None:
    """Documents of the dev split, which play no part in the training, and one variant of each kind."""
    source = settings.source
    if not settings.fit.look or documents.is_file(source) or source.data not in NAMES:
        return None
    try:
        found = documents.load(replace(source, split="dev"), settings.fit.look)
    except ValueError as error:
        if "has no split" not in str(error):
            raise
        return None
    return documents.exam(found, LOOK)


def _carry_out(ready: Run, plan: dict[str, Any], looks: list[Measured], *, progress: bool) -> dict[str, Any]:
    began, often = time.monotonic(), f"every {ready.lessons.validate_every} steps"
    with carrying.kept(ready.settings, plan, checkpoints=often, command="reason train") as (folder, record):
        taught = _teach(ready, progress=progress)
        measured = _measure(taught.reasoner, ready.look, progress=progress)
        looks += [] if measured is None else [measured]
        record |= {"finished": True, "seconds": round(time.monotonic() - began, 1)}
        record |= {"best_step": taught.best_step, "held_out_exact_match": taught.best_match}
        record |= {"last_step": taught.history[-1], "look": None if measured is None else measured.plain()}
        taught.reasoner.save(folder)
    return record


def _teach(ready: Run, *, progress: bool) -> Taught:
    settings = ready.settings
    checkpoints = settings.output / run_folder.CHECKPOINTS
    return teach(
        ready.reasoner,
        ready.method,
        ready.material.source,
        ready.lessons,
        validation=ready.material.held_out,
        others=ready.material.others,
        site=ready.site,
        seed=settings.fit.seed,
        output=checkpoints,
        resume=settings.place.resume and any(checkpoints.glob("step-*/state.json")),
        progress=progress,
    )


def _measure(reasoner: Reasoner, look: documents.Exam | None, *, progress: bool) -> Measured | None:
    if look is None:
        return None

    def answer(some: list[Document]) -> list[str]:
        return reasoner.answer(some, batch_size=BATCH)

    return Measured(ask(answer, look.asked, batch_size=BATCH, progress=progress))  # type: ignore[arg-type]


def _show_plan(plan: dict[str, Any]) -> None:
    parameters = [f"{name} {value}" for name, value in plan["method_parameters"].items()]
    units, times = plan["cost_units_a_step"], plan["cost_of_standard"]
    told = plan | {
        "method_parameters": ", ".join(parameters) or "none",
        "cost_units_a_step": f"{units:g} passes, {times:g} times a standard step",
        "parameters": f"{plan['parameters']:,}",
        "learns_from": ", ".join(plan["learns_from"]),
        "stages": ", then ".join(plan["stages"]),
    }
    del told["cost_of_standard"]
    lines = [[name.replace("_", " "), value] for name, value in told.items() if value not in ("", 0)]
    reporting.table("Plan", ["", ""], lines)
    if plan["left_out"]:
        reporting.say(f"{plan['left_out']} training documents are left out: no companion can be made of them.")
    if plan["cut"]:
        reporting.say(f"{plan['cut']} documents are longer than the model reads, and are cut.")
