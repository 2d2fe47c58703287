"""One table of a study's rows, for pandas and for whatever reads CSV or Parquet."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from robustlab import jsonl
from robustlab.study.engine.plan import DONE, Plan
from robustlab.study.engine.store import Row

WRITERS = (".csv", ".parquet", ".jsonl")


def frame(rows: Iterable[Row]) -> pd.DataFrame:
    """A line a row: the cell's parameters, what was measured, and where it was; nested mappings with dots."""
    lines = []
    for row in rows:
        told = {name: value for name, value in row.items() if name not in ("cell", "metrics")}
        lines.append({**row["cell"], **flat(row["metrics"]), **flat(told)})
    return pd.DataFrame(lines)


def plain(row: Row) -> Row:
    """A row without its inner mappings: parameters, measures and where it comes from side by side.

    Recorded rows have this form, which the tables of the book read.
    """
    told = {name: value for name, value in row.items() if name not in ("cell", "metrics")}
    return {**told, **row["cell"], **row["metrics"]}


def standing(plan: Plan, *, stale: bool = False) -> pd.DataFrame:
    """Every cell of a plan: its row, or that it is missing, or why it failed; `state` says which.

    Args:
        plan: Cells and where they stand.
        stale: Take rows of other code where there is none of the present one; `state` calls them so.
    """
    lines = [frame([one.row]).iloc[0].to_dict() | {"state": DONE} for one in plan.standings if one.row is not None]
    others = {_cell(row["cell"]): row for row in plan.stale} if stale else {}
    for one in plan.standings:
        if one.row is None and (row := others.get(_cell(one.cell))) is not None:
            lines.append(frame([row]).iloc[0].to_dict() | {"state": "stale"})
        elif one.row is None:
            lines.append({**one.cell, "state": one.state, "error": one.failure["error"] if one.failure else None})
    return pd.DataFrame(lines)


def save(plan: Plan, file: Path, *, stale: bool = False) -> int:
    """Write a plan's cells as the file's name says; how many lines it has.

    CSV and Parquet have a line a cell, with its state; JSON lines have the rows alone, in the form of `plain`.

    Raises: ValueError: If the name ends otherwise.
    """
    if file.suffix not in WRITERS:
        raise ValueError(f"{file}: expected a name that ends in {', '.join(WRITERS)}")
    file.parent.mkdir(parents=True, exist_ok=True)
    if file.suffix == ".jsonl":
        rows = [one.row for one in plan.standings if one.row is not None] + (list(plan.stale) if stale else [])
        jsonl.replace(file, [plain(row) for row in rows])
        return len(rows)
    table = standing(plan, stale=stale)
    if file.suffix == ".csv":
        table.to_csv(file, index=False)
    else:
        nested = [name for name in table if table[name].map(lambda value: isinstance(value, list | dict)).any()]
        table.assign(**{name: table[name].map(str) for name in nested}).to_parquet(file, index=False)
    return len(table)


def flat(told: Mapping[str, Any], before: str = "") -> dict[str, Any]:
    """Nested mappings as one, with dots between the names."""
    found: dict[str, Any] = {}
    for name, value in told.items():
        if isinstance(value, Mapping):
            found |= flat(value, f"{before}{name}.")
        else:
            found[f"{before}{name}"] = value
    return found


def _cell(cell: Mapping[str, Any]) -> tuple[Any, ...]:
    return tuple(sorted(cell.items(), key=str))
