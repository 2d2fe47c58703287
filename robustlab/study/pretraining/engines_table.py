"""Recorded pre-trainings of `engines`, read: tables, curves over passes, differences seed by seed."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from statistics import fmean
from typing import Any

import pandas as pd

from robustlab.evaluation.statistics import Estimate, seed_interval
from robustlab.study.compare import listed
from robustlab.study.pretraining.geometry_table import spread, values

Row = Mapping[str, Any]
COLUMNS = {
    "relative alignment ↓": ("geometry", "relative_alignment", 1, 3),
    "uniformity ↓": ("geometry", "uniformity", 1, 2),
    "view before negative, % ↑": ("distances", "told", 100, 0),
    "neighbour of its label, % ↑": ("distances", "neighbour", 100, 0),
}
"""Title -> part and field of a row, what it is multiplied with, and digits."""
GONE = "collapsed"
DIFFERENCES = (
    ("relative alignment ↓", "geometry", "relative_alignment", 1, 3),
    ("view before negative, points ↑", "distances", "told", 100, 0),
)


def collapsed(rows: Sequence[Row]) -> list[str]:
    """Forms with a run in which all held-out sentences ended as one point."""
    found = values(rows, "geometry", "relative_alignment")
    return [form for form, seeds in found.items() if any(map(math.isnan, seeds.values()))]


def measured(rows: Sequence[Row], part: str, name: str) -> dict[str, list[float]]:
    """Form -> value of each seed; NaN where a form has collapsed and its distances are those of rounding."""
    gone = collapsed(rows)
    return {
        form: [math.nan if form in gone else value for value in seeds.values()]
        for form, seeds in values(rows, part, name).items()
    }


def table(rows: Sequence[Row]) -> pd.DataFrame:
    """A line a form: steps, and means over seeds with the least and the most of them."""
    columns: dict[str, dict[str, Any]] = {"steps": {row["form"]: row["steps"] for row in rows}}
    gone = collapsed(rows)
    for title, (part, name, scale, digits) in COLUMNS.items():
        columns[title] = {
            form: GONE if form in gone else spread([scale * value for value in seeds], digits)
            for form, seeds in measured(rows, part, name).items()
        }
    return pd.DataFrame(columns)


def curves(rows: Sequence[Row], name: str, forms: Sequence[str]) -> dict[str, dict[float, float]]:
    """Form -> passes spent for each sentence -> mean over seeds of a field of the geometry on the way.

    Args:
        rows: Recorded ones.
        name: Of the field.
        forms: Which.
    """
    found: dict[str, dict[float, list[float]]] = {form: {} for form in forms}
    for row in rows:
        for step, look in row["looks"].items() if row["form"] in found else ():
            spent = row["passes"] * int(step) / row["steps"]
            found[row["form"]].setdefault(spent, []).append(look[name])
    return {form: {spent: fmean(seen) for spent, seen in sorted(curve.items())} for form, curve in found.items()}


def difference(rows: Sequence[Row], part: str, name: str, first: str, second: str) -> Estimate:
    """First minus second, seed by seed: the mean and its interval of 95 %.

    Raises: ValueError: If they share fewer than two seeds.
    """
    found = values(rows, part, name)
    one, other = found.get(first, {}), found.get(second, {})
    shared = sorted(set(one) & set(other))
    if len(shared) < 2:
        raise ValueError(f"expected at least 2 seeds of both {first!r} and {second!r}, found {len(shared)}")
    return seed_interval([one[seed] - other[seed] for seed in shared])


def decided(estimate: Estimate) -> bool:
    """Whether an interval leaves out 0."""
    return not estimate.low <= 0 <= estimate.high


def compared(rows: Sequence[Row], pairs: Mapping[str, tuple[str, str]]) -> pd.DataFrame:
    """A line a pair: first minus second with its interval over seeds, and a star where that leaves out 0.

    Args:
        rows: Recorded ones.
        pairs: What is compared -> first and second.
    """
    columns: dict[str, dict[str, str]] = {}
    for title, part, name, scale, digits in DIFFERENCES:
        columns[title] = {}
        for what, (first, second) in pairs.items():
            found = difference(rows, part, name, first, second)
            value, low, high = (f"{scale * number:+.{digits}f}" for number in found)
            columns[title][what] = f"{value} ({low} to {high})" + (" *" if decided(found) else "")
    return pd.DataFrame(columns)


def provenance(rows: Sequence[Row]) -> str:
    """Where the rows come from, in one sentence, or that there are none."""
    if not rows:
        return "**Recorded: nothing yet.** There are no rows in `book/results/pretraining/engines.jsonl`."
    first = rows[0]
    return (
        f"**Recorded** on {listed(rows, 'date')} on {listed(rows, 'device')}, commit {listed(rows, 'commit')}: "
        f"{len(rows)} rows, seeds {listed(rows, 'seed')}. Every form spends {first['passes']} passes on each of "
        f"{first['sentences']} sentences; {first['held_out']} others are held out."
    )
