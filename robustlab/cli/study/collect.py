"""`robustlab study collect`: one table of a study's rows, and what is missing of them."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd

from robustlab.cli import reporting
from robustlab.cli.study.telling import counted
from robustlab.cli.study.wanted import Wanted
from robustlab.study.engine import collecting
from robustlab.study.engine.plan import Plan

SHOWN = 8  # measures on the screen; a file has all


def run(wanted: Wanted, out: Path | None, *, stale: bool, as_json: bool) -> None:
    """Run the command.

    Raises:
        ValueError: If a name or a value is wrong.
        OSError: If the file cannot be written.
    """
    order, study = wanted.order()
    plan = order.looked_up(study)
    if out is not None:
        lines = collecting.save(plan, out.expanduser(), stale=stale)
        reporting.say(f"{study.name}, {plan.profile}: {counted(plan)}; {lines} lines in {out}")
    elif as_json:
        reporting.as_json_to_stdout(json.loads(collecting.standing(plan, stale=stale).to_json(orient="records")))
    else:
        _show(plan, collecting.standing(plan, stale=stale))
    for damaged in [] if as_json else plan.damaged:
        reporting.say(f"damaged and left out: {damaged.file}: {damaged.why}")


def _show(plan: Plan, table: pd.DataFrame) -> None:
    varied = [name for name in ("seed", *plan.study.defaults) if table[name].astype(str).nunique() > 1]
    numbers = [name for name in table.select_dtypes("number") if name not in (*plan.study.defaults, "seed", "error")]
    measures = [name for name in plan.study.metrics if name in table] or [n for n in numbers if "seconds" not in n]
    columns = [*varied, *measures[:SHOWN], "state"]
    lines = [["–" if pd.isna(value) else _short(value) for value in row] for row in table[columns].to_numpy()]
    reporting.table(f"{plan.study.name}, {plan.profile}", columns, lines)
    reporting.say(f"{counted(plan)}. All {len(table.columns)} columns: --out FILE.csv, .parquet or .jsonl.")


def _short(value: object) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)
