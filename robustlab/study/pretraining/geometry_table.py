"""Recorded pre-trainings, read: a table, values by form and seed, and where they come from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from robustlab.study.recorded import listed, nothing, origin

Row = Mapping[str, Any]
COLUMNS = {
    "alignment ↓": ("geometry", "alignment"),
    "relative ↓": ("geometry", "relative_alignment"),
    "uniformity ↓": ("geometry", "uniformity"),
    "effective rank ↑": ("geometry", "effective_rank"),
    "view before negative, % ↑": ("distances", "told"),
    "neighbour of its label, % ↑": ("distances", "neighbour"),
}
_DIGITS = {"effective_rank": 1, "told": 0, "neighbour": 0}
_SHARES = ("told", "neighbour")


def values(rows: Sequence[Row], part: str, name: str) -> dict[str, dict[int, float]]:
    """Form -> seed -> value, in the order of the rows.

    Args:
        rows: Recorded ones.
        part: "geometry", "distances" or another part of a row.
        name: A field of it.
    """
    found: dict[str, dict[int, float]] = {}
    for row in rows:
        found.setdefault(row["form"], {})[row["seed"]] = row[part][name]
    return found


def table(rows: Sequence[Row]) -> pd.DataFrame:
    """A line a form: means over seeds, with the least and the most of them."""
    columns = {}
    for title, (part, name) in COLUMNS.items():
        scale, digits = 100 if name in _SHARES else 1, _DIGITS.get(name, 2)
        columns[title] = {
            form: spread([scale * value for value in seeds.values()], digits)
            for form, seeds in values(rows, part, name).items()
        }
    return pd.DataFrame(columns)


def spread(found: Sequence[float], digits: int) -> str:
    """The mean, and the least and the most where there are several."""
    mean = f"{sum(found) / len(found):.{digits}f}"
    return mean if len(found) == 1 else f"{mean} ({min(found):.{digits}f} to {max(found):.{digits}f})"


def everywhere(rows: Sequence[Row], part: str, name: str, lower: str, higher: str) -> bool:
    """Whether one form has the lower value on every seed that both have; False where they share none."""
    found = values(rows, part, name)
    one, other = found.get(lower, {}), found.get(higher, {})
    shared = set(one) & set(other)
    return bool(shared) and all(one[seed] < other[seed] for seed in shared)


def provenance(rows: Sequence[Row], study: str = "geometry") -> str:
    """Where the rows of a study come from, in one sentence, or that there are none."""
    if not rows:
        return nothing(f"book/results/pretraining/{study}.jsonl")
    trained = [row for row in rows if row["steps"]] or list(rows)
    first, steps = trained[0], sorted({row["steps"] for row in trained})
    length = (
        f"Every training takes {steps[0]} steps, {first['epochs']} times over {first['texts']} reviews"
        if len(steps) == 1
        else f"Trainings take {steps[0]} to {steps[-1]} steps over {first['texts']} reviews"
    )
    seeds = listed(rows, "seed")
    return f"{origin(rows)}: {len(rows)} rows, seeds {seeds}. {length}; {first['held_out']} sentences are held out."
