"""Recorded runs of every method (`zoo_reviews`) as a table, and in words that follow the rows."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from statistics import fmean
from typing import Any, NamedTuple

import pandas as pd

from robustlab.evaluation.statistics import Estimate, McNemar, mcnemar, seed_interval
from robustlab.study.compare import LEVEL, holm
from robustlab.study.recorded import listed, nothing, origin
from robustlab.study.rows import decode

Row = Mapping[str, Any]
STANDARD = "standard"
TITLES = {"clean": "clean", "worst": "worst case", "pgd": "under PGD"}
SPOKEN = {"clean": "clean accuracy", "worst": "worst-case accuracy", "pgd": "accuracy under PGD"}


class Result(NamedTuple):
    """The runs of one method.

    Attributes:
        method: Its name.
        seeds: How many runs.
        units: Passes of a training step.
        seconds: Of processor time a training, mean over the runs.
        measures: "clean", "worst" and "pgd" -> share of right answers, with its interval over seeds.
    """

    method: str
    seeds: int
    units: float
    seconds: float
    measures: Mapping[str, Estimate]


class Against(NamedTuple):
    """A method minus standard training on the same examples, one entry a seed.

    Attributes:
        method: Its name.
        seeds: Those that both have.
        differences: In points.
        tests: McNemar's, of the two models of a seed.
        adjusted: P-values of these tests after Holm's correction for all methods and seeds.
    """

    method: str
    seeds: Sequence[int]
    differences: Sequence[float]
    tests: Sequence[McNemar]
    adjusted: Sequence[float]

    def significant(self, sign: int) -> int:
        """Seeds in which the two models differ after the correction, the method better (1) or worse (-1)."""
        outcomes = zip(self.differences, self.adjusted, strict=True)
        return sum(p < LEVEL and sign * difference > 0 for difference, p in outcomes)


def results(rows: Iterable[Row]) -> list[Result]:
    """One result a method, the cheapest first, standard training before others of its cost."""
    runs: dict[str, list[Row]] = {}
    for row in rows:
        runs.setdefault(row["method"], []).append(row)
    found = [_result(method, members) for method, members in runs.items()]
    return sorted(found, key=lambda one: (one.units, one.method != STANDARD, one.method))


def _result(method: str, members: Sequence[Row]) -> Result:
    measures = {name: _share(members, name) for name in TITLES}
    units, seconds = (fmean(row[name] for row in members) for name in ("units", "train_cpu_seconds"))
    return Result(method, len(members), units, seconds, measures)


def _share(members: Sequence[Row], measure: str) -> Estimate:
    value, low, high = _mean([row[measure]["correct"] / row[measure]["n"] for row in members])
    return Estimate(value, max(low, 0.0), min(high, 1.0))  # a NaN comes first in both, and stays


def _mean(values: Sequence[float]) -> Estimate:
    return seed_interval(values) if len(values) > 1 else Estimate(values[0], math.nan, math.nan)


def against_standard(rows: Iterable[Row], measure: str) -> dict[str, Against]:
    """Every method but the standard one against it, seed by seed.

    Raises: ValueError: If two runs of a seed were measured on different numbers of examples.
    """
    runs = {(row["method"], row["seed"]): row for row in rows}
    pairs: dict[str, list[tuple[int, float, McNemar]]] = {}
    for (method, seed), row in sorted(runs.items()):
        other = runs.get((STANDARD, seed))
        if method != STANDARD and other is not None:
            pairs.setdefault(method, []).append((seed, *_compared(row, other, measure)))
    adjusted = iter(holm([test.p_value for tests in pairs.values() for _, _, test in tests]))
    found = {}
    for method, tests in pairs.items():
        seeds, differences, outcomes = zip(*tests, strict=True)
        found[method] = Against(method, seeds, differences, outcomes, [next(adjusted) for _ in tests])
    return found


def _compared(row: Row, other: Row, measure: str) -> tuple[float, McNemar]:
    if row[measure]["n"] != other[measure]["n"]:
        raise ValueError(
            f"{row['method']} and {other['method']}, seed {row['seed']}: expected the same examples, got "
            f"{row[measure]['n']} and {other[measure]['n']}; remove one of the rows to run it again"
        )
    first, second = (decode(one[measure]["mask"], one[measure]["n"]) for one in (row, other))
    return 100 * float(first.mean() - second.mean()), mcnemar(first, second)


def beside_standard(rows: Sequence[Row], measure: str) -> dict[str, Estimate]:
    """Mean accuracy of every method, with the interval of its difference to standard training around it.

    All methods of a seed go on from one start, so that most of what differs between seeds is common to them.
    """
    differences = against_standard(rows, measure)
    found = {}
    for one in results(rows):
        value, low, high = one.measures[measure]
        if one.method in differences:
            mean, below, above = (part / 100 for part in _mean(differences[one.method].differences))
            low, high = value + below - mean, value + above - mean
        found[one.method] = Estimate(value, low, high)
    return found


def table(rows: Sequence[Row], measure: str) -> pd.DataFrame:
    """Means over seeds in percent, the difference to standard training on a measure, and what the method costs."""
    differences = against_standard(rows, measure)
    lines = []
    for one in sorted(results(rows), key=lambda one: -one.measures[measure].value):
        line = {"method": one.method} | {f"{TITLES[name]} %": _percent(value) for name, value in one.measures.items()}
        line["minus standard"] = line["p, each seed"] = "–"
        if (other := differences.get(one.method)) is not None:
            line["minus standard"] = _points(other.differences)
            line["p, each seed"] = " / ".join(f"{p:.2g}" for p in other.adjusted)
        line |= {"passes": f"{one.units:g}", "seconds": f"{one.seconds:.0f}"}
        lines.append(line)
    return pd.DataFrame(lines).set_index("method").rename_axis(None) if lines else pd.DataFrame()


def _percent(estimate: Estimate) -> str:
    value, low, high = (100 * part for part in estimate)
    return f"{value:.1f} (one seed)" if math.isnan(low) else f"{value:.1f} ({low:.1f} to {high:.1f})"


def _points(values: Sequence[float]) -> str:
    value, low, high = _mean(values)
    return f"{value:+.1f} (one seed)" if math.isnan(low) else f"{value:+.1f} ({low:+.1f} to {high:+.1f})"


def provenance(rows: Sequence[Row]) -> str:
    """Where the rows come from, in one sentence, or that there are none."""
    if not rows:
        return nothing("book/results/zoo/")
    return (
        f"{origin(rows)}: "
        f"{len(rows)} runs of {len({row['method'] for row in rows})} methods, seeds {listed(rows, 'seed')}. Clean "
        f"and worst-case accuracy are on {_sizes(rows, 'worst')} held-out reviews, that under PGD on "
        f"{_sizes(rows, 'pgd')} of them."
    )


def _sizes(rows: Sequence[Row], measure: str) -> str:
    return " or ".join(str(n) for n in sorted({row[measure]["n"] for row in rows}))


def verdict(rows: Sequence[Row], measure: str) -> str:
    """What the paired tests and the costs show, in Markdown; no claim without runs."""
    differences = against_standard(rows, measure)
    found = results(rows)
    if not differences:
        return f"No seed has runs of both {STANDARD} and another method: there is nothing to compare yet."
    lines = [_best(found, measure), *_told_apart(differences), _held_over_seeds(differences)]
    if len({one.units for one in found}) > 1:
        lines.append(_cost(found, measure))
    return "\n".join(f"- {line}" for line in lines)


def _best(found: Sequence[Result], measure: str) -> str:
    ranked = sorted(found, key=lambda one: -one.measures[measure].value)
    standard = next(one for one in found if one.method == STANDARD).measures[measure].value
    top = ", ".join(f"`{one.method}` {_percent(one.measures[measure])}" for one in ranked[:3])
    return f"Highest {SPOKEN[measure]}, in percent: {top}. Standard training has {100 * standard:.1f}."


def _told_apart(differences: Mapping[str, Against]) -> list[str]:
    number = sum(len(one.tests) for one in differences.values())
    lines = []
    for which, sign in (("better", 1), ("worse", -1)):
        counts = {one.method: (one.significant(sign), len(one.seeds)) for one in differences.values()}
        names = ", ".join(f"`{method}` ({some} of {seeds})" for method, (some, seeds) in counts.items() if some)
        lines.append(
            f"{which.capitalize()} than standard training in how many seeds, by McNemar's tests below {LEVEL} after "
            f"Holm's correction for all {number}: {names or 'none'}."
        )
    return lines


def _held_over_seeds(differences: Mapping[str, Against]) -> str:
    intervals = {one.method: _mean(one.differences) for one in differences.values()}
    above = [method for method, (_, low, _) in intervals.items() if low > 0]
    below = [method for method, (_, _, high) in intervals.items() if high < 0]
    return (
        f"The 95 % interval over seeds of the difference, not corrected for the {len(intervals)} methods, is above 0 "
        f"for {_named(above)} and below 0 for {_named(below)}."
    )


def _named(methods: Sequence[str]) -> str:
    return ", ".join(f"`{method}`" for method in methods) or "none"


def _cost(found: Sequence[Result], measure: str) -> str:
    from scipy.stats import spearmanr

    rank = spearmanr([one.units for one in found], [one.measures[measure].value for one in found]).statistic
    cheap = [one for one in found if one.units <= 6]
    best = max(cheap, key=lambda one: one.measures[measure].value)
    return (
        f"Rank correlation of {SPOKEN[measure]} with passes over {len(found)} methods: {rank:+.2f}. The best "
        f"of those with at most 6 passes, twice a plain step, is `{best.method}` "
        f"({_percent(best.measures[measure])})."
    )
