"""Recorded rows as curves: a metric against what a study varies, and whether the setting that SCN calls best is."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from statistics import fmean
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np

from robustlab.corpora.documents import LEVELS
from robustlab.evaluation.reasoning.metrics import MEASURES
from robustlab.evaluation.statistics import Estimate, seed_interval
from robustlab.papers.negatives import Varied, figures
from robustlab.study.reasoning.cells import CONTROL, OURS

Row = Mapping[str, Any]
RESAMPLES = 2000
PER_DOCUMENT = {"adversarial_sensitivity": "sensitivity_by_document"}
"""Where a row keeps what each document contributes, if not in `by_document`."""


class Varying(NamedTuple):
    """A figure of SCN and the study that repeats it.

    Attributes:
        printed: What the paper's text says of the figure.
        study: A name of `cells.GRIDS`.
        name: The field of a cell that differs.
        label: Of the axis.
        settings: As the paper writes them -> as a cell has them.
    """

    printed: Varied
    study: str
    name: str
    label: str
    settings: Mapping[str, float]

    @property
    def best(self) -> float:
        """The setting that the paper calls the best."""
        return self.settings[self.printed.best]

    def written(self, setting: float) -> str:
        """A setting as the paper writes it, or as a number."""
        names = {value: name for name, value in self.settings.items()}
        return names.get(setting, f"{setting:g}")


_FIELDS = {
    "batch_size": ("batch", "batch_size", "examples in a batch"),
    "adversarial_share": ("ratio", "share", "share of steps with negatives"),
    "difficulty": ("difficulty", "kappa", "difficulty of the negatives"),
    "data_share": ("scale", "data", "share of the training documents"),
}
VARYING: Mapping[int, Varying] = MappingProxyType(
    {
        one.figure: Varying(
            one,
            *_FIELDS[one.varied],
            {name: LEVELS[name] if one.varied == "difficulty" else float(name) for name in one.settings},
        )
        for one in figures()
    }
)
"""Number of a figure -> what it varies."""


class Curve(NamedTuple):
    """One metric of one method against a setting.

    Attributes:
        method: Its name.
        values: Setting -> seed -> value, settings ascending.
    """

    method: str
    values: Mapping[float, Mapping[int, float]]

    def mean(self, setting: float) -> float:
        """Over the seeds that the setting has."""
        return fmean(self.values[setting].values())

    def against(self, setting: float) -> dict[float, Estimate]:
        """Every other setting minus this one, over the seeds that both have."""
        here = self.values[setting]
        return {
            other: over_seeds([value - here[seed] for seed, value in there.items() if seed in here])
            for other, there in self.values.items()
            if other != setting and here.keys() & there.keys()
        }


def over_seeds(values: Sequence[float]) -> Estimate:
    """Mean with Student's interval; without bounds for a single seed."""
    return seed_interval(values) if len(values) > 1 else Estimate(values[0], math.nan, math.nan)


def curve(rows: Iterable[Row], varying: Varying, measure: str, method: str = OURS) -> Curve | None:
    """The curve of a method over the settings that the rows have; None where there are no such rows.

    Standard training that was run once, because nothing that varies touches it, is no curve: see `level`.
    """
    found: dict[float, dict[int, float]] = {}
    for row in rows:
        value = row.get(measure)
        if row["method"] == method and value is not None:
            found.setdefault(float(row[varying.name]), {})[row["seed"]] = value
    return Curve(method, dict(sorted(found.items()))) if found else None


def level(rows: Iterable[Row], measure: str, method: str = CONTROL) -> dict[int, float]:
    """The metric of standard training by seed, where the study has one such run a seed."""
    return {row["seed"]: row[measure] for row in rows if row["method"] == method and row.get(measure) is not None}


def first_places(
    rows: Iterable[Row], varying: Varying, measure: str, *, up: bool, method: str = OURS, resamples: int = RESAMPLES
) -> dict[float, float] | None:
    """How often each setting comes first when documents and seeds are drawn again; ties are shared.

    Only seeds that every setting has count. None where rows do not keep the metric by document.

    Args:
        rows: Of the study.
        varying: What differs.
        measure: One of `metrics.MEASURES`.
        up: Whether more is better.
        method: Whose rows.
        resamples: How often to draw.
    """
    kept = {
        (float(row[varying.name]), row["seed"]): by_document(row, measure) for row in rows if row["method"] == method
    }
    settings, seeds = sorted({setting for setting, _ in kept}), sorted({seed for _, seed in kept})
    seeds = [seed for seed in seeds if all((setting, seed) in kept for setting in settings)]
    if not seeds or not all(kept[setting, seed] for setting in settings for seed in seeds):
        return None
    values = np.array([[kept[setting, seed] for seed in seeds] for setting in settings], dtype=float)
    values = values if up else -values
    rng = np.random.default_rng(0)
    # A resample is a weight for each seed and one for each document: how often it was drawn.
    seeds_drawn, documents_drawn = (rng.multinomial(n, np.full(n, 1 / n), size=resamples) / n for n in values.shape[1:])
    means = np.einsum("ksn,rs,rn->rk", values, seeds_drawn, documents_drawn, optimize=True)
    best = np.isclose(means, means.max(1, keepdims=True), rtol=0, atol=1e-9)
    return dict(zip(settings, (best / best.sum(1, keepdims=True)).mean(0).tolist(), strict=True))


def by_document(row: Row, measure: str) -> Sequence[float] | None:
    """What each document contributes to a metric of a row; None where it is not kept."""
    if measure in PER_DOCUMENT:
        return row.get(PER_DOCUMENT[measure])
    return row.get("by_document", {}).get(measure)


def panels(rows: Sequence[Row], varying: Varying, measures: Sequence[str]) -> dict[str, list[Curve]]:
    """The curves of every method under each metric; standard training only where it was run at several settings."""
    methods = [name for name in dict.fromkeys(row["method"] for row in rows) if not _once(rows, varying, name)]
    found = {measure: [curve(rows, varying, measure, name) for name in methods] for measure in measures}
    return {measure: [one for one in some if one is not None] for measure, some in found.items()}


def levels(rows: Sequence[Row], varying: Varying, measures: Sequence[str]) -> dict[str, dict[int, float]]:
    """Metric -> standard training by seed, if it does not depend on the setting; else empty."""
    return {measure: level(rows, measure) for measure in measures if _once(rows, varying, CONTROL)}


def _once(rows: Sequence[Row], varying: Varying, method: str) -> bool:
    return method == CONTROL and len({row[varying.name] for row in rows if row["method"] == method}) == 1


def described(rows: Sequence[Row], varying: Varying, measures: Sequence[str]) -> str:
    """The curves in words, for those who cannot see them."""
    parts = []
    for measure, found in panels(rows, varying, measures).items():
        scale = MEASURES[measure].scale
        lines = [
            f"{one.method} " + ", ".join(f"{scale * one.mean(s):.3g} at {varying.written(s)}" for s in one.values)
            for one in found
        ]
        across = levels(rows, varying, measures).get(measure)
        lines += [f"{CONTROL} {scale * fmean(across.values()):.3g} throughout"] if across else []
        parts.append(f"{MEASURES[measure].label}: {'; '.join(lines)}")
    return f"Means over seeds against the {varying.label}. " + ". ".join(parts) + "."
