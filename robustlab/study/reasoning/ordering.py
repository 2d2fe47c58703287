"""Whether rows put the methods in the order in which the paper prints them: rank correlations, with intervals."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from robustlab.evaluation.reasoning.metrics import MEASURES
from robustlab.papers.negatives import Printed, table1
from robustlab.study.reasoning.lines import Line, per_document

RESAMPLES = 2000
ALIKE = 9  # digits: resampled means of equal columns may differ in the last bits


class Agreement(NamedTuple):
    """Two orders of the same names.

    Attributes:
        measure: Of the metric.
        names: Those that both have, in the paper's order, the worst first.
        tau: Kendall's τ-b between the printed and the measured values; NaN where all measured ones are equal.
        low: Of its 95 % interval over seeds and documents; NaN where there is none.
        high: The same.
        largest: The τ-b that the paper's order itself would have here, where some names answer alike by construction.
    """

    measure: str
    names: tuple[str, ...]
    tau: float
    low: float
    high: float
    largest: float


def agreement(found: Sequence[Line], measure: str, *, alike: Sequence[str] = (), seed: int = 0) -> Agreement | None:
    """How far the rows order the paper's five as the paper does; None where fewer than three have the metric.

    Seeds and documents are drawn again independently, the same ones for every name, and the order is taken anew.

    Args:
        found: Lines.
        measure: One of the paper's four.
        alike: Names whose answers are equal by construction.
        seed: Of the draws.
    """
    printed = {row.method: row for row in table1()}
    by_name = {line.name: line for line in found if line.name in printed and line.measures.get(measure) is not None}
    names = tuple(sorted(by_name, key=lambda name: _reading(printed[name], measure)))
    if len(names) < 3:
        return None
    target = [_reading(printed[name], measure) for name in names]
    sign = 1 if MEASURES[measure].up else -1
    mine = [sign * by_name[name].measures[measure].value for name in names]  # type: ignore[union-attr]  # checked above
    low, high = _interval({name: by_name[name] for name in names}, measure, target, sign, seed)
    ideal = [min(target[names.index(one)] for one in alike) if name in alike else value
             for name, value in zip(names, target, strict=True)] if set(alike) <= set(names) else target  # fmt: skip
    return Agreement(measure, names, float(_tau(target, mine)), low, high, float(_tau(target, ideal)))


def _reading(row: Printed, measure: str) -> float:
    return getattr(row, measure) * (1 if MEASURES[measure].up else -1)


def _tau(one: Sequence[float], other: ArrayLike) -> np.ndarray:
    """τ-b of one order with each of several: (concordant - discordant)/√(pairs untied in one · in the other)."""
    rounded = np.round(np.asarray(other, dtype=float), ALIKE)
    first, second = np.triu_indices(len(one), k=1)
    mine = np.sign(np.asarray(one)[first] - np.asarray(one)[second])
    theirs = np.sign(rounded[..., first] - rounded[..., second])
    untied = np.abs(mine).sum() * np.abs(theirs).sum(-1)
    return np.divide((mine * theirs).sum(-1), np.sqrt(untied), out=np.full(untied.shape, np.nan), where=untied > 0)


def _interval(
    found: Mapping[str, Line], measure: str, target: Sequence[float], sign: int, seed: int
) -> tuple[float, float]:
    """Percentiles over resamples of seeds and documents; seeds alone where documents are not kept."""
    seeds = sorted(set.intersection(*({row["seed"] for row in line.rows} for line in found.values())))
    if not seeds:
        return math.nan, math.nan
    columns = _columns(found, measure, seeds)
    _, k, n = columns.shape
    if k * n < 2:
        return math.nan, math.nan
    rng, means = np.random.default_rng(seed), []
    for _ in range(RESAMPLES):
        drawn = columns[:, rng.integers(k, size=k)][:, :, rng.integers(n, size=n)]
        means.append(sign * drawn.mean((1, 2)))
    taus = _tau(target, means)
    if np.isnan(taus).all():
        return math.nan, math.nan
    low, high = np.nanquantile(taus, [0.025, 0.975])
    return float(low), float(high)


def _columns(found: Mapping[str, Line], measure: str, seeds: Sequence[int]) -> np.ndarray:
    """[names seeds documents], with one column a seed where some row does not keep its documents."""
    chosen = [[row for row in line.rows if row["seed"] in seeds] for line in found.values()]
    kept = [[per_document(row, measure) for row in rows] for rows in chosen]
    if any(one is None or np.isnan(one).any() for rows in kept for one in rows):
        return np.array([[[row[measure]] for row in rows] for rows in chosen])
    return np.array(kept)
