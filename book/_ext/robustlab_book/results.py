"""Recorded runs: read, checked and summarised over seeds. Nothing here knows of Sphinx."""

from __future__ import annotations

import csv
import json
import math
import statistics
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from scipy.stats import t

Row = dict[str, Any]

MEASURES = ("clean", "advglue")
REQUIRED = (
    "study", "method", "seed", "model", "train_size", "epochs", "batch_size", "learning_rate", "steps", "step_size",
    "device", "date", "commit", *(f"{m}_{part}" for m in MEASURES for part in ("accuracy", "correct", "n")),
)  # fmt: skip
# What defines a run besides its seed and its method: two runs that differ here are not repetitions of each other.
SHARED = ("study", "model", "train_size", "epochs", "batch_size", "learning_rate", "clean_n", "advglue_n")
OWN = ("method", "steps", "step_size", "beta")
# What a row may say besides: shown as means over seeds.
DYNAMICS = ("pgd_accuracy", "step_cosine", "offset_norm")


class Interval(NamedTuple):
    """A mean over seeds in percent, and its 95 % interval where there are two seeds or more."""

    mean: float
    low: float | None
    high: float | None


class Summary(NamedTuple):
    """The runs of one method with one setting."""

    settings: Row
    seeds: tuple[int, ...]
    accuracy: dict[str, Interval]
    examples: dict[str, int]
    dynamics: dict[str, float]
    weights: tuple[float, ...] | None


def read(folder: Path) -> list[Row]:
    """Return the rows of every .jsonl and .csv file of a folder, in the order of file names and lines.

    Raises: ValueError: If a row cannot be read, lacks a field, or states an accuracy that its counts do not give.
    """
    rows = []
    for path in sorted([*folder.glob("*.jsonl"), *folder.glob("*.csv")]):
        for place, row in _parse(path):
            _check(row, place)
            rows.append(row)
    return rows


def summarise(rows: Iterable[Row]) -> dict[tuple, list[Summary]]:
    """Return, for each group of runs that share their settings, one summary a method and step size.

    Raises: ValueError: If a seed was recorded twice with the same settings.
    """
    runs: dict[tuple, dict[tuple, list[Row]]] = {}
    for row in rows:
        group = runs.setdefault(tuple(row[name] for name in SHARED), {})
        group.setdefault(tuple(row.get(name) for name in OWN), []).append(row)
    return {shared: [_summary(repeats) for repeats in group.values()] for shared, group in runs.items()}


def interval(values: Sequence[float]) -> Interval:
    """Return the mean and the 95 % interval of Student's t for its expectation, within 0 and 100."""
    mean = statistics.fmean(values)
    if len(values) < 2:
        return Interval(mean, None, None)
    half = t.ppf(0.975, len(values) - 1) * statistics.stdev(values) / math.sqrt(len(values))
    return Interval(mean, max(0.0, mean - half), min(100.0, mean + half))


def sampling_error(percent: float, examples: int) -> float:
    """Return the half-width, in points, of the 95 % interval that drawing the examples alone leaves."""
    share = percent / 100
    return 100 * 1.96 * math.sqrt(share * (1 - share) / examples)


def _summary(repeats: list[Row]) -> Summary:
    seeds = tuple(row["seed"] for row in repeats)
    if len(set(seeds)) < len(seeds):
        row = repeats[0]
        raise ValueError(
            f"each seed must be recorded once, got seeds {sorted(seeds)} for method {row['method']!r} at step size "
            f"{row['step_size']} in study {row['study']!r}; remove the older rows"
        )
    learned = [row["weights"] for row in repeats if row.get("weights")]
    return Summary(
        settings=repeats[0],
        seeds=tuple(sorted(seeds)),
        accuracy={m: interval([100 * row[f"{m}_correct"] / row[f"{m}_n"] for row in repeats]) for m in MEASURES},
        examples={m: repeats[0][f"{m}_n"] for m in MEASURES},
        dynamics={
            name: statistics.fmean(row[name] for row in repeats)
            for name in DYNAMICS
            if all(row.get(name) is not None for row in repeats)
        },
        weights=tuple(map(statistics.fmean, zip(*learned, strict=True))) if learned else None,
    )


def _parse(path: Path) -> Iterator[tuple[str, Row]]:
    with path.open(encoding="utf-8", newline="") as file:
        if path.suffix == ".csv":
            for number, cells in enumerate(csv.DictReader(file), start=2):
                yield f"{path.name}, line {number}", {name: _value(text) for name, text in cells.items()}
            return
        for number, line in enumerate(file, start=1):
            if line.strip():
                place = f"{path.name}, line {number}"
                try:
                    yield place, json.loads(line)
                except json.JSONDecodeError as problem:
                    raise ValueError(
                        f"{place}: expected one JSON object a line, got {line.strip()[:40]!r}"
                    ) from problem


def _value(text: str) -> Any:
    try:
        return json.loads(text)
    except json.JSONDecodeError:
        return text or None


def _check(row: Row, place: str) -> None:
    missing = [name for name in REQUIRED if name not in row]
    if missing:
        raise ValueError(f"{place}: a recorded run must have the fields {', '.join(missing)}")
    for measure in MEASURES:
        stated, correct, n = (row[f"{measure}_{part}"] for part in ("accuracy", "correct", "n"))
        if not isinstance(n, int) or n < 1:
            raise ValueError(f"{place}: {measure}_n must be the number of sentences evaluated, got {n!r}")
        if abs(stated - correct / n) > 5e-4:  # rounding to three digits
            raise ValueError(
                f"{place}: {measure}_accuracy must be {measure}_correct / {measure}_n = {correct / n:.4f}, got {stated}"
            )
