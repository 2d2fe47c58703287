"""`robustlab reason study`: run what a file of results lacks of a study, and show its rows."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import fmean, stdev
from typing import Any

import torch
import typer

from robustlab import jsonl
from robustlab.cli import reporting
from robustlab.cli.parsing import guess
from robustlab.cli.reporting import INTERRUPTED
from robustlab.evaluation.reasoning.metrics import MEASURES
from robustlab.study import rows
from robustlab.study.reasoning.cells import Cell, cells
from robustlab.study.reasoning.exam import exam
from robustlab.study.reasoning.protocol import Protocol, profile
from robustlab.study.reasoning.run import CACHE, external_encoder, missing
from robustlab.study.reasoning.run import run as run_cell

VARIED = ("method", "inference", "batch_size", "share", "kappa", "invariance", "data", "site")
TOLD = ("clean_accuracy", "consistency", "robust_accuracy", "worst_case_accuracy", "counterfactual_accuracy")


def run(
    study: str,
    name: str,
    results: Path,
    seeds: str | None,
    only: str | None,
    cache: Path | None,
    threads: int,
    *,
    as_json: bool,
) -> None:
    """Run the command.

    Raises:
        ValueError: If a name, a seed or a row of the results is wrong.
        OSError: If a file cannot be read or written.
    """
    with reporting.quiet_stdout(as_json):
        if threads < 1:
            raise ValueError(f"--threads must be at least 1, got {threads}")
        protocol = profile(name)
        chosen = _seeds(seeds, protocol)
        _known(study, chosen, only)
        results = results.expanduser()
        jsonl.mend(results)
        todo = list(missing(results, study, protocol, chosen, only))
        if not as_json:
            _tell(study, protocol, todo)
        torch.set_num_threads(threads)
        _fill(todo, protocol, results, (cache or CACHE).expanduser(), progress=not as_json)
        found = [row for row in rows.read(results) if (row["study"], row["profile"]) == (study, protocol.name)]
        found = [row for row in found if row["seed"] in chosen and only in (None, row["method"], row["inference"])]
    if as_json:
        reporting.as_json_to_stdout(found)
    else:
        show(study, found)


def _seeds(text: str | None, protocol: Protocol) -> list[int]:
    if text is None:
        return list(protocol.seeds)
    try:
        return sorted({int(one) for one in text.split(",")})
    except ValueError:
        raise ValueError(f"--seeds must be whole numbers with commas between them, got {text!r}") from None


def _known(study: str, seeds: Sequence[int], only: str | None) -> None:
    there = cells(study, seeds)
    names = dict.fromkeys(name for cell in there for name in (cell.method, cell.inference))
    if only is not None and only not in names:
        raise ValueError(f"--only {only!r} is not in {study}: {guess(only, names)}")


def _tell(study: str, protocol: Protocol, todo: Sequence[Cell]) -> None:
    """Print what will run, before it does."""
    reporting.say(f"{study}, profile {protocol.name}: {len(todo)} cells to run")
    if not todo:
        return
    started = {"recorded": "the reasoner that the book keeps", "small": "a small reasoner of its seed"}
    start = started.get(protocol.model, protocol.model)
    if protocol.model == "small":
        start += f", taught {protocol.start_steps} steps on up to {protocol.start_sentences} sentences and kept"
    reporting.say(
        f"seeds     {', '.join(str(seed) for seed in sorted({cell.seed for cell in todo}))}",
        f"start     {start}",
        f"training  {protocol.examples} documents of {protocol.sentences} sentences out of {protocol.pool}, "
        f"{protocol.batch_size} a step where the study does not vary it",
        f"asked     {protocol.documents} documents; of each {protocol.draws} x {', '.join(protocol.kinds)} at "
        f"{', '.join(protocol.levels)}, and a counterfactual",
        f"latent    Adversarial Sensitivity of {protocol.sensitive} documents, {protocol.steps} steps from each of "
        f"{protocol.restarts} random points",
    )


def time_left(took: Sequence[float], cells: int) -> str:
    """What so many cells more will take, by those that were run.

    Args:
        took: Seconds of each cell so far, at least one; the first of a seed may have trained its start.
        cells: That are left.
    """
    seconds = fmean(took) * cells
    for unit, size in (("h", 3600), ("min", 60)):
        if seconds >= 2 * size:
            return f"{seconds / size:.0f} {unit}"
    return f"{seconds:.0f} s"


def _fill(todo: Sequence[Cell], protocol: Protocol, results: Path, cache: Path, *, progress: bool) -> None:
    if not todo:
        return
    paper, encoder = exam(protocol), external_encoder()
    took: list[float] = []
    for number, cell in enumerate(todo, start=1):
        began = time.monotonic()
        try:
            row = run_cell(cell, protocol, paper, encoder, cache, progress=progress)
        except KeyboardInterrupt:
            typer.echo(
                f"\ninterrupted: give the same command to go on; {number - 1} of {len(todo)} cells are in {results}",
                err=True,
            )
            raise typer.Exit(INTERRUPTED) from None
        rows.append(results, row | rows.provenance("cpu"))
        if progress:
            clean, robust = (reporting.percent(row[name]) for name in ("clean_accuracy", "robust_accuracy"))
            which = f"[{number}/{len(todo)}] seed {cell.seed}, {cell.method}, {cell.inference}"
            took.append(time.monotonic() - began)
            left = f"; about {time_left(took, len(todo) - number)} left" if number < len(todo) else ""
            reporting.say(f"{which}: clean {clean}, robust {robust}{left}")


def show(study: str, found: Sequence[Mapping[str, Any]]) -> None:
    """Print a line for each cell, over its seeds."""
    groups: dict[tuple[Any, ...], list[Mapping[str, Any]]] = defaultdict(list)
    for row in found:
        groups[tuple(row[name] for name in VARIED)].append(row)
    varied = [name for place, name in enumerate(VARIED) if len({group[place] for group in groups}) > 1] or ["method"]
    lines = []
    for group in groups.values():
        first = group[0]
        told = [_mean([row[metric] for row in group]) for metric in TOLD]
        lines.append([*(_spelled(first[name]) for name in varied), *told, len(group)])
    columns = [*(name.replace("_", " ") for name in varied), *(MEASURES[metric].label for metric in TOLD), "seeds"]
    reporting.table(study, columns, lines, numbers=range(len(varied), len(columns)))
    reporting.say("In per cent, ± is the standard deviation over seeds; intervals over documents are in the file.")


def _spelled(value: Any) -> str:
    return "–" if value is None else f"{value:g}" if isinstance(value, float) else str(value)


def _mean(values: Sequence[float | None]) -> str:
    there = [100 * value for value in values if value is not None]
    if not there:
        return "–"
    return f"{fmean(there):.1f}" + (f" ± {stdev(there):.1f}" if len(there) > 1 else "")
