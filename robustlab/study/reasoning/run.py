"""Run the cells of a study: fine-tune from the start of the seed, ask, write the row.

    python -m robustlab.study.reasoning.run table1 --profile laptop --results book/results/reasoning/table1.jsonl

Rows that the results file holds are not made again, so that the command can be killed and repeated.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict
from functools import cache
from pathlib import Path
from typing import Annotated, Any

import torch
import typer

from robustlab import text
from robustlab.corpora import reasoning
from robustlab.corpora.documents import PERTURBATIONS, Document
from robustlab.evaluation.reasoning.encoders import Encoder, hashed_ngrams, minilm
from robustlab.models.reasoner import Reasoner, SentenceReasoner
from robustlab.resources import MissingResourceError
from robustlab.study import rows
from robustlab.study.reasoning import starts
from robustlab.study.reasoning.cells import Cell, cells
from robustlab.study.reasoning.exam import Exam, exam, take
from robustlab.study.reasoning.methods import DROPOUT, build, dropping, longer, passes, site_of
from robustlab.study.reasoning.protocol import Protocol, profile
from robustlab.study.reasoning.twins import twin
from robustlab.study.reasoning.ways import NULL_CONTROLS, WAYS
from robustlab.training.lessons import Lessons, Stage, cycle
from robustlab.training.reasoning import teach

CACHE = Path.home() / ".cache" / "robustlab" / "reasoning"
TRAINING_SEED = 104729  # of the variants that a method is trained on: other than those of the exam
WARM_UP = 0.1
_LAST: dict[tuple, tuple[Reasoner, dict[str, Any]]] = {}
"""The model of the last cell: the ways to answer of Table 1 follow each other and share one."""


def run(
    cell: Cell, protocol: Protocol, paper: Exam, encoder: Encoder, folder: Path, *, progress: bool
) -> dict[str, Any]:
    """One cell: its row, without provenance."""
    start = starts.start(protocol, cell.seed, folder, progress=progress)
    trained, told = _LAST.get((cell.training, protocol.name), (None, {}))
    if trained is None:
        _LAST.clear()
        trained, told = _LAST[cell.training, protocol.name] = fine_tuned(cell, protocol, folder, progress=progress)
    answerer = WAYS[cell.inference](trained, start, protocol, cell.seed)
    latent = trained if cell.inference == "greedy" or cell.inference in NULL_CONTROLS else None
    row = asdict(cell) | {"profile": protocol.name, "protocol": asdict(protocol)} | told
    return row | take(paper, answerer, latent, protocol, encoder, sites=cell.measured_at)


def fine_tuned(
    cell: Cell, protocol: Protocol, folder: Path, *, progress: bool = False
) -> tuple[Reasoner, dict[str, Any]]:
    """The model of a cell, and what its training was: its last weights, whatever they are worth."""
    return go_on(starts.start(protocol, cell.seed, folder), cell, protocol, progress=progress)


def go_on(
    reasoner: Reasoner, cell: Cell, protocol: Protocol, *, progress: bool = False
) -> tuple[Reasoner, dict[str, Any]]:
    """The same from a start that is given: its own weights are trained further."""
    began, own = time.perf_counter(), time.process_time()
    size = cell.batch_size or protocol.batch_size
    by_unit = isinstance(reasoner.model, SentenceReasoner)
    method, usual = build(cell, by_unit=by_unit), protocol.optimiser_steps(size)
    steps = round(usual * longer(cell, by_unit=by_unit))
    length = (protocol.sentences, protocol.sentences)
    lessons = Lessons(
        stages=(Stage(steps, length),),
        batch_size=size,
        learning_rate=protocol.rate(size),
        warmup=round(WARM_UP * steps),
        fall=1 - WARM_UP,
        validate_every=steps,
    )
    with dropping(reasoner.model, DROPOUT.get(cell.method, 0.0)):
        taught = teach(
            reasoner,
            method,
            cycle(starts.pool(protocol, cell.seed, cell.data), seed=cell.seed),
            lessons,
            others={name: OTHERS[name] for name in method.objective.needs},
            site=site_of(reasoner.model, cell),
            seed=cell.seed,
            progress=progress,
        )
    last = taught.history[-max(1, steps // 4) :]
    names = [name for name in last[0] if name not in ("step", "learning_rate")]
    told = {name: sum(log[name] for log in last) / len(last) for name in names if all(name in log for log in last)}
    return taught.reasoner, {
        "units": passes(method) * steps / usual,
        "optimiser_steps": steps,
        "learning_rate": lessons.learning_rate,
        "last_quarter": told,
        "train_seconds": round(time.perf_counter() - began, 1),
        "train_cpu_seconds": round(time.process_time() - own, 1),
    }


@cache
def _counterfactual(document: Document) -> Document:
    return reasoning.counterfactual(document, seed=TRAINING_SEED)


@cache
def _attacked(document: Document) -> Document:
    """One variant a document, of each kind in turn."""
    kind = PERTURBATIONS[document.example_id // 4 % len(PERTURBATIONS)]  # tasks change with the number, too
    return text.perturb(document, kind=kind, level="medium", seed=TRAINING_SEED)


OTHERS: dict[str, Callable[[Document], Document]] = {"counterfactual": _counterfactual, "attacked": _attacked}
"""The companions of a training document, each made once."""


def external_encoder() -> Encoder:
    """MiniLM where this machine has it, else hashed n-grams: the row says which."""
    try:
        return minilm()
    except MissingResourceError:
        return hashed_ngrams()


def missing(results: Path, study: str, protocol: Protocol, seeds: Sequence[int], only: str | None) -> Iterator[Cell]:
    """The cells that the results file lacks."""
    done = rows.read(results)
    for cell in cells(study, seeds):
        wanted = asdict(cell) | {"profile": protocol.name}
        if only not in (None, cell.method, cell.inference):
            continue
        if not any(all(row.get(name) == value for name, value in wanted.items()) for row in done):
            yield cell


def main(
    study: Annotated[str, typer.Argument(help="table1, batch, ratio, difficulty, scale, layer or weight.")],
    results: Annotated[Path, typer.Option(help="JSON-lines file of rows; those that it holds are kept.")],
    profile_name: Annotated[str, typer.Option("--profile", help="smoke, laptop or gpu.")] = "smoke",
    seeds: Annotated[str | None, typer.Option(help="Comma-separated; the profile's where not given.")] = None,
    only: Annotated[str | None, typer.Option(help="Only this method, or this way to answer.")] = None,
    cache_folder: Annotated[Path, typer.Option("--cache", help="Folder of the models that cells start from.")] = CACHE,
    threads: Annotated[int, typer.Option(help="CPU threads.")] = 1,
    progress: Annotated[bool, typer.Option(help="Show a bar for each training.")] = True,
) -> None:
    """Run what is missing of a study."""
    torch.set_num_threads(threads)
    protocol = profile(profile_name)
    chosen = [int(seed) for seed in seeds.split(",")] if seeds else list(protocol.seeds)
    todo = list(missing(results, study, protocol, chosen, only))
    typer.echo(f"{study}, profile {protocol.name}: {len(todo)} cells to run")
    paper, encoder = exam(protocol), external_encoder()
    for number, cell in enumerate(todo, start=1):
        row = twin(results, cell, protocol)
        if row is None:
            made = run(cell, protocol, paper, encoder, cache_folder, progress=progress)
            row = made | rows.provenance("cpu")
        rows.append(results, row)
        told = ", ".join(f"{name.replace('_', ' ')} {row[name]:.3f}" for name in ("clean_accuracy", "robust_accuracy"))
        typer.echo(f"[{number}/{len(todo)}] seed {cell.seed}, {cell.method}, {cell.inference}: {told}")


if __name__ == "__main__":
    typer.run(main)
