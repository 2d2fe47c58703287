"""Rows put together: a line a task and model, with drops and their intervals, and each line against a control."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from robustlab.evaluation.drop import Drop, drop, drop_difference
from robustlab.evaluation.statistics import LEVEL, Estimate, bootstrap_interval, with_seeds
from robustlab.study.recorded import listed, nothing, origin
from robustlab.study.rows import decode

Row = Mapping[str, Any]
RESAMPLES = 2000


class Line(NamedTuple):
    """The runs of one model on one task.

    Attributes:
        task: The task.
        name: The model, with how it was fine-tuned.
        rows: One a seed, by seed.
        drop: On the attacked examples.
        dev: Accuracy on all dev rows that were asked.
        advglue: Accuracy on each of AdvGLUE's sets of the task; there are no originals beside them, so no drop.
    """

    task: str
    name: str
    rows: Sequence[Row]
    drop: Drop
    dev: Estimate
    advglue: Mapping[str, Estimate]


class Against(NamedTuple):
    """A line minus another of its task, on the seeds that both have.

    Attributes:
        task: The task.
        name: The first.
        control: The second.
        seeds: How many seeds both have.
        drop: The differences; positive is more for the first.
        advglue: The same on each of AdvGLUE's sets.
    """

    task: str
    name: str
    control: str
    seeds: int
    drop: Drop
    advglue: Mapping[str, Estimate]


def lines(rows: Iterable[Row]) -> list[Line]:
    """One line a task and model, in the order in which they appear; the last row of a seed counts.

    Raises: ValueError: If the rows of a task were attacked in different ways or on different examples.
    """
    found: dict[tuple[str, str], dict[int, Row]] = {}
    asked: dict[str, tuple[Any, ...]] = {}
    for row in rows:
        how = (row["recipe"], tuple(row["example_ids"]), row["dev"]["n"])
        if asked.setdefault(row["task"], how) != how:
            raise ValueError(
                f"{row['task']}: expected one attack on the same examples in all rows, got "
                f"{asked[row['task']][0]} on {len(asked[row['task']][1])} and {how[0]} on {len(how[1])}; keep rows of "
                "other settings in a file of their own"
            )
        found.setdefault((row["task"], row["name"]), {})[row["seed"]] = row
    return [_line(*of, [seeds[seed] for seed in sorted(seeds)]) for of, seeds in found.items()]


def learned(found: Iterable[Line]) -> list[Line]:
    """The lines without the runs that ended as a constant, of which no attack can take anything: for differences.

    A line that has no other run is left out.
    """
    rows = [row for line in found for row in line.rows if row["seed"] not in constants(line)]
    return lines(rows)


def collapsed(found: Iterable[Line]) -> str:
    """How many of the classifiers are constants and which, in a sentence."""
    every = list(found)
    there = [f"{line.name} on {line.task}, seed {seed}" for line in every for seed in constants(line)]
    runs = sum(len(line.rows) for line in every)
    return f"{len(there)} of {runs} classifiers give one answer to everything" + (
        f": {'; '.join(there)}." if there else "."
    )


def constants(line: Line) -> list[int]:
    """Seeds whose classifier gives one answer to all dev rows: nothing can be taken from it."""
    return [row["seed"] for row in line.rows if row["dev"]["constant"]]


def _line(task: str, name: str, rows: Sequence[Row]) -> Line:
    sets = {kind: estimate(_static(rows, kind)) for kind in rows[0]["advglue"]}
    dev = estimate(np.stack([_decoded(row["dev"]) for row in rows]))
    return Line(task, name, rows, drop(*masks(rows), resamples=RESAMPLES), dev, sets)


def masks(rows: Sequence[Row]) -> tuple[np.ndarray, np.ndarray]:
    """Whether each attacked example is right as written, and whether it is so under attack, [s n] each."""
    clean, robust = (
        np.stack([decode(row[f"{name}_mask"], row["examples"]) for row in rows]) for name in ("clean", "robust")
    )
    return clean, robust


def _static(rows: Sequence[Row], kind: str) -> np.ndarray:
    return np.stack([_decoded(row["advglue"][kind]) for row in rows])


def _decoded(told: Mapping[str, Any]) -> np.ndarray:
    return decode(told["mask"], told["n"])


def estimate(values: np.ndarray, *, level: float = LEVEL) -> Estimate:
    """Mean over seeds and examples with an interval over both.

    Args:
        values: One a seed and example.
        level: Coverage of the interval.

    Shapes: values [s n].
    """
    examples = bootstrap_interval(values.mean(0), level=level, resamples=RESAMPLES)
    return with_seeds(examples, values.mean(1).tolist(), level=level)


def paired(found: Sequence[Line], task: str, *names: str) -> list[Line]:
    """Lines of a task by their names, each on the seeds that all of them have.

    Raises: ValueError: If there is no such line.
    """
    mine = {line.name: line for line in found if line.task == task}
    if lacking := [name for name in names if name not in mine]:
        raise ValueError(f"{task} has no line {', '.join(lacking)}; it has {'; '.join(mine)}")
    seeds = set.intersection(*({row["seed"] for row in mine[name].rows} for name in names))
    return lines(row for name in names for row in mine[name].rows if row["seed"] in seeds)


def against(found: Sequence[Line], name: str, control: str, *, level: float = LEVEL) -> list[Against]:
    """One model minus another, on every task where they have seeds in common.

    Args:
        found: Lines.
        name: The first, as its rows call it.
        control: The second.
        level: Coverage of the intervals.
    """
    by_name = {(line.task, line.name): line for line in found}
    made = []
    for task in dict.fromkeys(line.task for line in found):
        one, other = by_name.get((task, name)), by_name.get((task, control))
        if one is None or other is None:
            continue
        theirs = {row["seed"]: row for row in other.rows}
        first = [row for row in one.rows if row["seed"] in theirs]
        second = [theirs[row["seed"]] for row in first]
        if first:
            difference = drop_difference(masks(first), masks(second), level=level, resamples=RESAMPLES)
            sets = {
                kind: estimate(_static(first, kind).astype(float) - _static(second, kind), level=level)
                for kind in one.advglue.keys() & other.advglue.keys()
            }
            made.append(Against(task, name, control, len(first), difference, sets))
    return made


def provenance(rows: Sequence[Row]) -> str:
    """Where the rows come from, in one sentence, or that there are none."""
    if not rows:
        return nothing("book/results/glue/")
    sizes = rows[0]["sizes"]
    return (
        f"{origin(rows)}: {len(rows)} fine-tunings of {listed(rows, 'model')}, seeds {listed(rows, 'seed')}. Each "
        f"reads {sizes['train']:,} rows of its task in {sizes['warm'] + sizes['epochs']} epochs; "
        f"{rows[0]['examples']} dev rows are attacked by `{listed(rows, 'recipe')}`."
    )


def table(found: Sequence[Line]) -> pd.DataFrame:
    """The lines in per cent with their intervals."""
    told = []
    for line in found:
        shown = {"task": line.task, "model": line.name, "seeds": len(line.rows), "dev %": percent(_share(line.dev))}
        shown |= {heading: percent(_share(getattr(line.drop, name))) for name, heading in HEADINGS.items()}
        static = "; ".join(
            percent(_share(one))
            if len(line.advglue) == 1
            else f"{kind.removeprefix('advglue-')} {percent(_share(one))}"
            for kind, one in line.advglue.items()
        )
        told.append(shown | {"AdvGLUE %": static or "–"})
    return pd.DataFrame(told).set_index(["task", "model"]) if told else pd.DataFrame()


def _share(estimate: Estimate | None) -> Estimate | None:
    """An interval of a share, cut off where no share can be: Student's does not know that there are bounds."""
    return estimate and Estimate(estimate.value, max(0.0, estimate.low), min(1.0, estimate.high))


HEADINGS: Mapping[str, str] = {
    "clean": "clean %",
    "robust": "robust %",
    "absolute": "drop, points",
    "relative": "relative drop %",
}
"""What a line's `drop` holds -> the heading of its column."""


def percent(estimate: Estimate | None) -> str:
    """A share in per cent with its interval; – where there is none."""
    if estimate is None:
        return "–"
    value, low, high = (100 * part for part in estimate)
    return f"{value:.1f} ({low:.1f} to {high:.1f})"
