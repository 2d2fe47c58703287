"""Recorded mixtures of adapters (`adapters_reviews`) as a table, and in words that follow the rows."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import pandas as pd

from robustlab.evaluation.statistics import Estimate, McNemar, mcnemar, seed_interval
from robustlab.study.compare import LEVEL, holm
from robustlab.study.recorded import listed, nothing, origin
from robustlab.study.rows import decode

Row = Mapping[str, Any]
MIXTURE = "mixture"
MEASURES = {"clean": "clean %", "robust": "worst case %"}


class Against(NamedTuple):
    """The mixture minus another of the study's models, one entry a seed.

    Attributes:
        other: Which one.
        differences: In points of exact worst-case accuracy.
        tests: McNemar's, on the same reviews.
        adjusted: P-values of these tests after Holm's correction for all models and seeds.
    """

    other: str
    differences: Sequence[float]
    tests: Sequence[McNemar]
    adjusted: Sequence[float]


def against(rows: Sequence[Row]) -> dict[str, Against]:
    """The mixture beside each of the others, seed by seed, by its worst-case accuracy.

    Raises: ValueError: If two models of a seed were measured on different numbers of reviews.
    """
    runs = {(row["method"], row["seed"]): row for row in rows}
    found: dict[str, list[tuple[float, McNemar]]] = {}
    for (method, seed), row in runs.items():
        mixture = runs.get((MIXTURE, seed))
        if method != MIXTURE and mixture is not None:
            found.setdefault(method, []).append(_compared(mixture, row))
    adjusted = iter(holm([test.p_value for pairs in found.values() for _, test in pairs]))
    return {
        method: Against(method, [gap for gap, _ in pairs], [test for _, test in pairs], [next(adjusted) for _ in pairs])
        for method, pairs in found.items()
    }


def _compared(mixture: Row, other: Row) -> tuple[float, McNemar]:
    if mixture["n"] != other["n"]:
        raise ValueError(
            f"{other['method']}, seed {other['seed']}: expected {mixture['n']} reviews as for the mixture, got "
            f"{other['n']}; remove one of the rows to run its seed again"
        )
    first, second = (decode(row["robust_mask"], row["n"]) for row in (mixture, other))
    return 100 * float(first.mean() - second.mean()), mcnemar(first, second)


def table(rows: Sequence[Row]) -> pd.DataFrame:
    """Means over seeds in percent, in the order of the rows, and what the mixture is better by in the worst case."""
    differences = against(rows)
    lines = []
    for method in dict.fromkeys(row["method"] for row in rows):
        runs = [row for row in rows if row["method"] == method]
        line: dict[str, object] = {"model": method, "seeds": len(runs)}
        for measure, title in MEASURES.items():
            line[title] = _spelled(_mean([100 * row[f"{measure}_accuracy"] for row in runs]), "")
        line["mixture minus it"] = line["p, each seed"] = "–"
        if (one := differences.get(method)) is not None:
            line["mixture minus it"] = _spelled(_mean(one.differences), "+")
            line["p, each seed"] = " / ".join(f"{p:.2g}" for p in one.adjusted)
        lines.append(line)
    return pd.DataFrame(lines).set_index("model").rename_axis(None) if lines else pd.DataFrame()


def _mean(values: Sequence[float]) -> Estimate:
    return seed_interval(values) if len(values) > 1 else Estimate(values[0], math.nan, math.nan)


def _spelled(estimate: Estimate, sign: str) -> str:
    value, low, high = (f"{part:{sign}.1f}" for part in estimate)
    return f"{value} (one seed)" if math.isnan(estimate.low) else f"{value} ({low} to {high})"


def provenance(rows: Sequence[Row]) -> str:
    """Where the rows come from, in one sentence, or that there are none."""
    if not rows:
        return nothing("book/results/adapters/")
    return (
        f"{origin(rows)}: seeds "
        f"{listed(rows, 'seed')}, {listed(rows, 'train_size')} training reviews, {listed(rows, 'base_epochs')} epochs "
        f"of the base and {listed(rows, 'epochs')} of each adapter; measured on all variants of {listed(rows, 'n')} "
        "held-out reviews."
    )


def verdict(rows: Sequence[Row]) -> str:
    """What the mixture is worth beside each of the others, in Markdown; no claim without runs."""
    differences = against(rows)
    if not differences:
        return "No seed has runs of both the mixture and another model: there is nothing to compare yet."
    lines = []
    for one in differences.values():
        split = ", ".join(f"{test.only_first}:{test.only_second}" for test in one.tests)
        lines.append(
            f"- mixture minus **{one.other}**: {_spelled(_mean(one.differences), '+')} points; right in only one of "
            f"the two: {split}"
        )
    return "\n".join([*lines, "", _tested(differences), "", _profiled(rows)])


def _tested(differences: Mapping[str, Against]) -> str:
    pairs = [pair for one in differences.values() for pair in zip(one.adjusted, one.differences, strict=True)]
    better, worse = (sum(p < LEVEL and sign * gain > 0 for p, gain in pairs) for sign in (1, -1))
    named = [one.other for one in differences.values() if any(p < LEVEL for p in one.adjusted)]
    where = f" (against {', '.join(named)})" if named else ""
    return (
        f"Of {len(pairs)} McNemar tests, {better + worse} stay below {LEVEL} after Holm's correction{where}: the "
        f"mixture is ahead in {better} of them and behind in {worse}."
    )


def _profiled(rows: Sequence[Row]) -> str:
    mixtures = [row for row in rows if row["method"] == MIXTURE]
    seen = "; ".join(f"{100 * row['share_written']:.0f} and {100 * row['share_attacked']:.0f}" for row in mixtures)
    return f"Mean share of the attack's adapter on written and on attacked texts, in percent, seed by seed: {seen}."
