"""Rows of Table 1 put together: a line a method or a way to answer, with intervals over seeds and documents."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from statistics import fmean
from typing import Any, NamedTuple

import numpy as np

from robustlab.evaluation.reasoning.metrics import MEASURES
from robustlab.evaluation.statistics import Estimate, bootstrap_interval, paired_difference, with_seeds
from robustlab.study.compare import holm
from robustlab.study.reasoning.cells import CONTROL, INFERENCE, TABLE_1

Row = Mapping[str, Any]
SHOWN = (
    "consistency",
    "robust_accuracy",
    "worst_case_accuracy",
    "semantic_deviation",
    "adversarial_sensitivity",
    "clean_accuracy",
    "counterfactual_accuracy",
)
"""The metrics of the table: the paper's four, the worst case, and the two that it lacks."""
TESTED = ("robust_accuracy", "clean_accuracy", "consistency", "counterfactual_accuracy", "adversarial_sensitivity")
"""Metrics that are tested against the control. Of each a row keeps what every document has, and none of them is at its
floor for all methods, as the worst of many variants is."""
ORDER = (CONTROL, *INFERENCE, *(name for name in TABLE_1 if name != CONTROL))
LEVEL = 0.05


class Line(NamedTuple):
    """The runs of one method or way to answer.

    Attributes:
        name: Of the way where it is not greedy, else of the method.
        rows: One a seed, by seed.
        measures: Metric -> mean over seeds with its interval, as a share; None where no row has it.
        units: Passes of a training for each step that its protocol gives, whether or not it takes more.
        seconds: Of processor time a training, mean over the seeds.
    """

    name: str
    rows: Sequence[Row]
    measures: Mapping[str, Estimate | None]
    units: float
    seconds: float


class Against(NamedTuple):
    """A line minus the control on one metric, in its share, over the seeds that both have.

    Attributes:
        name: Of the line.
        measure: Of the metric.
        differences: One a seed.
        estimate: Their mean, with an interval over seeds and documents.
        p_value: Wilcoxon's signed ranks of what the documents have on average over the seeds; None where the rows do
            not keep it.
        adjusted: The same after Holm's correction for all tests of the table.
    """

    name: str
    measure: str
    differences: Sequence[float]
    estimate: Estimate
    p_value: float | None
    adjusted: float | None

    @property
    def survives(self) -> bool:
        """Whether the test stays below .05 after the correction and every seed has the same sign."""
        one_sign = all(x > 0 for x in self.differences) or all(x < 0 for x in self.differences)
        return self.adjusted is not None and self.adjusted < LEVEL and one_sign

    @property
    def better(self) -> bool:
        """Whether the line is ahead, in the direction in which the metric is read."""
        return (self.estimate.value > 0) == MEASURES[self.measure].up and self.estimate.value != 0


def name_of(row: Row) -> str:
    """What a line is called."""
    return row["method"] if row["inference"] == "greedy" else row["inference"]


def lines(rows: Iterable[Row]) -> list[Line]:
    """One line for each method and way to answer that has rows, in the order of the study; the last row of a seed.

    Raises: ValueError: If the rows are of several profiles, which were asked other documents.
    """
    found: dict[str, dict[int, Row]] = {}
    profiles = set()
    for row in rows:
        profiles.add(row["profile"])
        found.setdefault(name_of(row), {})[row["seed"]] = row
    if len(profiles) > 1:
        raise ValueError(f"expected rows of one profile, got {', '.join(sorted(profiles))}; choose those of one")
    known = [name for name in ORDER if name in found] + sorted(set(found) - set(ORDER))
    return [_line(name, [found[name][seed] for seed in sorted(found[name])]) for name in known]


def _line(name: str, rows: Sequence[Row]) -> Line:
    measures = {measure: estimate(rows, measure) for measure in SHOWN}
    return Line(name, rows, measures, rows[0]["units"], fmean(row["train_cpu_seconds"] for row in rows))


def estimate(rows: Sequence[Row], measure: str) -> Estimate | None:
    """Mean over seeds of a metric, as a share, with an interval for other seeds and other documents.

    The documents are the same for all seeds. The two sources are independent, so that their half-widths add in squares:
    Student's over the seeds, and the bootstrap's over the documents, the mean of those of the single seeds. One seed
    leaves the documents alone.
    """
    parts = [_with_documents(row, measure) for row in rows if row.get(measure) is not None]
    if not parts:
        return None
    values, lows, highs = zip(*parts, strict=True)
    value, low, high = with_seeds(Estimate(fmean(values), fmean(lows), fmean(highs)), values)
    return Estimate(value, max(0.0, low), min(1.0, high))


def _with_documents(row: Row, measure: str) -> Estimate:
    value = row[measure]
    low, high = row.get(f"{measure}_low"), row.get(f"{measure}_high")
    if low is not None and high is not None:
        return Estimate(value, low, high)
    documents = per_document(row, measure)
    if documents is None or len(documents) < 2:
        return Estimate(value, value, value)
    return bootstrap_interval(documents, resamples=2000)


def per_document(row: Row, measure: str) -> np.ndarray | None:
    """What each document has in a metric, in the order of the exam; None where the row does not keep it."""
    if measure == "adversarial_sensitivity":
        kept = row.get("sensitivity_by_document")
    else:
        kept = row["by_document"].get(measure)
    return None if kept is None else np.array([math.nan if one is None else one for one in kept], dtype=float)


def paired(one: Line, other: Line) -> list[tuple[Row, Row]]:
    """The rows of two lines, seed by seed, for the seeds that both have."""
    by_seed = {row["seed"]: row for row in other.rows}
    return [(row, by_seed[row["seed"]]) for row in one.rows if row["seed"] in by_seed]


def against(found: Sequence[Line], measures: Sequence[str] = SHOWN, *, control: str = CONTROL) -> list[Against]:
    """Every line minus the control, on every metric that both have; p-values corrected for all of them together.

    Args:
        found: Lines, the control among them; without it there is nothing to compare.
        measures: Of `MEASURES`; those of `TESTED` get a test.
        control: The name of the line that the others are compared with.

    Raises: ValueError: If two rows of a seed tell of different numbers of documents.
    """
    plain = next((line for line in found if line.name == control), None)
    if plain is None:
        return []
    raw = []
    for line in found:
        pairs = paired(line, plain) if line is not plain else []
        for measure in measures:
            both = [(a, b) for a, b in pairs if a.get(measure) is not None and b.get(measure) is not None]
            if both:
                raw.append(_against(line.name, measure, both))
    tested = [one for one in raw if one.p_value is not None]
    adjusted = iter(holm([one.p_value for one in tested if one.p_value is not None]))
    return [one if one.p_value is None else one._replace(adjusted=next(adjusted)) for one in raw]


def beside_control(found: Sequence[Line], tests: Sequence[Against], measure: str) -> dict[str, Estimate]:
    """The value of every line with the interval of its difference to the control around it; the control has its own.

    Args:
        found: Lines.
        tests: From `against`.
        measure: One of `MEASURES`.
    """
    gaps = {one.name: one.estimate for one in tests if one.measure == measure}
    shown = {}
    for line in found:
        own = line.measures.get(measure)
        if own is not None:
            gap = gaps.get(line.name)
            ends = own[1:] if gap is None else (own.value + gap.low - gap.value, own.value + gap.high - gap.value)
            shown[line.name] = Estimate(own.value, *ends)
    return shown


def _against(name: str, measure: str, pairs: Sequence[tuple[Row, Row]]) -> Against:
    differences = [a[measure] - b[measure] for a, b in pairs]
    value = fmean(differences)
    columns = [tuple(per_document(row, measure) for row in pair) for pair in pairs] if measure in TESTED else []
    if not columns or any(column is None for pair in columns for column in pair):
        none = Estimate(value, value, value) if len(differences) > 1 else Estimate(value, math.nan, math.nan)
        return Against(name, measure, differences, with_seeds(none, differences), None, None)
    for a, b in columns:
        if len(a) != len(b):
            raise ValueError(f"{name}: expected the documents of the control, got {len(a)} and {len(b)}; run one anew")
    first, second = (np.mean(side, axis=0) for side in zip(*columns, strict=True))
    there = np.isfinite(first) & np.isfinite(second)
    _, low, high = paired_difference(first[there], second[there], resamples=2000)
    mean = float((first - second)[there].mean())
    found = with_seeds(Estimate(value, value - (mean - low), value + (high - mean)), differences)
    return Against(name, measure, differences, found, _signed_ranks(first[there] - second[there]), None)


def _signed_ranks(differences: np.ndarray) -> float:
    from scipy.stats import wilcoxon

    rounded = np.round(differences, 9)  # what is kept has four digits; a last bit is no difference
    return float(wilcoxon(rounded).pvalue) if rounded.any() else 1.0
