"""Recorded costs of every method (`zoo_sst2`): passes that a formula counts beside the time that a processor took."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from robustlab.study.recorded import listed, nothing, origin

Row = Mapping[str, Any]
STANDARD = "standard"


def frame(rows: Sequence[Row]) -> pd.DataFrame:
    """One line a method, the cheapest first; a column of seconds for each precision that the rows have."""
    table = pd.DataFrame([dict(row) for row in rows])
    seconds = table.pivot_table(index="method", columns="precision", values="train_cpu_seconds")
    first = table[table["precision"] == "float32"].set_index("method")
    found = first[["units", "first_loss", "last_loss"]].join(seconds)
    for name, column in (("predicted", "units"), ("measured", "float32")):
        found[name] = found[column] / found.loc[STANDARD, column]
    return found.sort_values(["units", "float32"])


def table(rows: Sequence[Row]) -> pd.DataFrame:
    """Cost in plain trainings, by the passes and by the clock, and how the loss moved."""
    if not rows:
        return pd.DataFrame()
    lines = {}
    for method, line in frame(rows).iterrows():
        lines[method] = {"by passes": f"{line['predicted']:.2f}", "by the clock": f"{line['measured']:.2f}"}
        lines[method] |= {f"{name}, s": f"{line[name]:.0f}" for name in ("float32", "bfloat16") if name in line}
        lines[method]["loss"] = f"{line['first_loss']:.2f} to {line['last_loss']:.2f}"
    return pd.DataFrame.from_dict(lines, orient="index")


def provenance(rows: Sequence[Row]) -> str:
    """Where the rows come from, in one sentence, or that there are none."""
    if not rows:
        return nothing("book/results/zoo/")
    return (
        f"{origin(rows)}: "
        f"{len(rows)} runs of {listed(rows, 'model')}, seed {listed(rows, 'seed')}, each one epoch of "
        f"{listed(rows, 'sentences')} SST-2 sentences in {listed(rows, 'optimiser_steps')} steps, k = "
        f"{listed(rows, 'steps')} where the method says nothing else."
    )


def verdict(rows: Sequence[Row]) -> str:
    """How far the formula is from the clock, in Markdown; empty without rows."""
    if not rows:
        return ""
    found = frame(rows)
    ratio = (found["measured"] / found["predicted"]).drop(STANDARD)
    off = ratio.loc[[ratio.idxmin(), ratio.idxmax()]]
    rose = found.index[found["last_loss"] > found["first_loss"]]
    names = ", ".join(f"`{name}`" for name in rose) or "none"
    return (
        f"- Time divided by what the passes predict, in plain trainings: {ratio.median():.2f} for the median method, "
        f"from {off.iloc[0]:.2f} (`{off.index[0]}`) to {off.iloc[1]:.2f} (`{off.index[1]}`).\n"
        f"- Methods whose own loss is higher at the last step than at the first: {names}."
    )
