"""Is the setting that SCN calls best the best here? Sentences and a table, written from the rows."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import pandas as pd

from robustlab.evaluation.reasoning.metrics import MEASURES
from robustlab.evaluation.statistics import Estimate
from robustlab.study.reasoning.cells import CONTROL, OURS
from robustlab.study.reasoning.curves import Varying, curve, first_places

Row = Mapping[str, Any]


class Verdict(NamedTuple):
    """What the rows say of one metric in one figure.

    Attributes:
        measure: One of `metrics.MEASURES`.
        best: The setting with the best mean here.
        place: Of the paper's best, from 1.
        settings: How many were run.
        below: Settings that the paper's best beats, by an interval over seeds that excludes 0.
        above: Settings that beat it.
        differences: Other setting -> that setting minus the paper's best.
        control: The setting where standard training has its best mean; None where it has one run a seed.
    """

    measure: str
    best: float
    place: int
    settings: int
    below: Sequence[float]
    above: Sequence[float]
    differences: Mapping[float, Estimate]
    control: float | None

    @property
    def answer(self) -> str:
        """Whether the paper's best is the best here: "yes" and "no" only if intervals say so."""
        if self.above:
            return "no"
        if self.place == 1:
            return "yes" if len(self.below) == self.settings - 1 else "first, not decided"
        return "not first, not decided"


def verdict(rows: Sequence[Row], varying: Varying, measure: str, method: str = OURS) -> Verdict | None:
    """Judge one metric; None where the rows lack the paper's best setting or have nothing beside it."""
    found = curve(rows, varying, measure, method)
    if found is None or varying.best not in found.values or len(found.values) < 2:
        return None
    sign = 1 if MEASURES[measure].up else -1
    ranked = sorted(found.values, key=lambda setting: -sign * found.mean(setting))
    differences = found.against(varying.best)
    control = curve(rows, varying, measure, CONTROL)
    return Verdict(
        measure=measure,
        best=ranked[0],
        place=ranked.index(varying.best) + 1,
        settings=len(ranked),
        below=[setting for setting, one in differences.items() if _surely(one, -sign)],
        above=[setting for setting, one in differences.items() if _surely(one, sign)],
        differences=differences,
        control=None
        if control is None or len(control.values) < 2
        else max(control.values, key=lambda setting: sign * control.mean(setting)),
    )


def _surely(one: Estimate, sign: int) -> bool:
    """Whether the interval of a difference lies on the side of `sign`; never for a single seed, which has none."""
    return one.low > 0 if sign > 0 else one.high < 0


def table(rows: Sequence[Row], varying: Varying, measures: Sequence[str], method: str = OURS) -> pd.DataFrame:
    """A line a metric: the best here, the place of the paper's best, and which differences exclude 0."""
    lines = []
    for measure in measures:
        one = verdict(rows, varying, measure, method)
        if one is None:
            continue
        first = first_places(rows, varying, measure, up=MEASURES[measure].up, method=method)
        lines.append(
            {
                "": MEASURES[measure].label,
                "best in SCN": varying.printed.best if measure in varying.printed.measures else "–",
                "best here": varying.written(one.best),
                f"place of {varying.printed.best} here": f"{one.place} of {one.settings}",
                "worse by an interval": _settings(varying, one.below),
                "better by an interval": _settings(varying, one.above),
                "comes first in": "–" if first is None else f"{100 * first[varying.best]:.0f} %",
                "best for standard": "–" if one.control is None else varying.written(one.control),
            }
        )
    return pd.DataFrame(lines).set_index("") if lines else pd.DataFrame()


def _settings(varying: Varying, settings: Sequence[float]) -> str:
    return ", ".join(varying.written(setting) for setting in settings) or "none"


def spoken(rows: Sequence[Row], varying: Varying, measures: Sequence[str], method: str = OURS) -> str:
    """A line of Markdown a metric, with the difference of every setting to the paper's best."""
    lines = []
    for measure in measures:
        one = verdict(rows, varying, measure, method)
        if one is None:
            continue
        best, shown = varying.printed.best, MEASURES[measure]
        apart = "; ".join(
            f"{varying.written(setting)}: {difference(estimate, measure)}"
            for setting, estimate in one.differences.items()
        )
        where = f"is the best of {one.settings}" if one.place == 1 else f"is number {one.place} of {one.settings}"
        tail = "" if one.place == 1 else f", and {varying.written(one.best)} the best"
        lines.append(
            f"- **{shown.label}**: by the mean, {best} {where}{tail}. Minus {best}: {apart}. Is {best} the best? "
            f"**{one.answer.capitalize()}.**"
        )
    return "\n".join(lines)


def difference(one: Estimate, measure: str) -> str:
    """A difference of a metric with its interval, in points where the metric is in percent."""
    scale = MEASURES[measure].scale
    digits = 1 if scale == 100 else 3
    value, low, high = (f"{scale * part:+.{digits}f}".replace("-", "−") for part in one)
    return value if math.isnan(one.low) else f"{value} ({low} to {high})"


def spread(rows: Sequence[Row], varying: Varying, measure: str) -> str:
    """How far the settings lie apart, for the method and for standard training, as Markdown."""
    parts = []
    scale = MEASURES[measure].scale
    for method in dict.fromkeys(row["method"] for row in rows):
        found = curve(rows, varying, measure, method)
        if found is not None and len(found.values) > 1:
            means = [scale * found.mean(setting) for setting in found.values]
            digits = 1 if scale == 100 else 3
            parts.append(f"{max(means) - min(means):.{digits}f} for `{method}`")
    unit = " points" if scale == 100 else ""
    return f"{MEASURES[measure].label}, best minus worst setting by their means{unit and ', in' + unit}: " + (
        ", ".join(parts) + "."
    )


def summary(studies: Sequence[tuple[Varying, Sequence[Row]]]) -> pd.DataFrame:
    """A line for every metric of every figure that SCN judges: its best, the best here, and whether rows decide it."""
    lines = []
    for varying, rows in studies:
        for measure in varying.printed.measures:
            if (one := verdict(rows, varying, measure)) is not None:
                lines.append(
                    {
                        "figure": varying.printed.figure,
                        "metric": MEASURES[measure].label,
                        "best in SCN": varying.printed.best,
                        "best here": varying.written(one.best),
                        "is SCN's best the best here?": one.answer,
                    }
                )
    return pd.DataFrame(lines).set_index("figure") if lines else pd.DataFrame()


def resolution(rows: Sequence[Row], varying: Varying, measure: str) -> str:
    """Half of the median interval of the differences: what these rows can tell apart; empty where they have none."""
    one = verdict(rows, varying, measure)
    halves = sorted((d.high - d.low) / 2 for d in one.differences.values() if not math.isnan(d.low)) if one else []
    if not halves:
        return ""
    scale = MEASURES[measure].scale
    half = f"{scale * halves[len(halves) // 2]:.{1 if scale == 100 else 3}f}{' points' if scale == 100 else ''}"
    return f"The intervals of {MEASURES[measure].label} are ± {half} wide in the median: smaller effects escape them."
