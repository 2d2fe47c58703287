"""Recorded rows of the layer study: what perturbing one place buys at every place, and against text."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import pandas as pd

from robustlab.evaluation.reasoning.metrics import MEASURES
from robustlab.evaluation.statistics import Estimate
from robustlab.study.reasoning.cells import CONTROL, SITES
from robustlab.study.reasoning.curves import over_seeds
from robustlab.study.reasoning.verdicts import difference

Row = Mapping[str, Any]
LATENT = "adversarial_sensitivity"
TEXT = ("robust_accuracy", "worst_case_accuracy", "consistency", "counterfactual_accuracy", "clean_accuracy")
SPOKEN = {"words": "the word embeddings", "encoder.0": "the first block", "encoder": "the encoder's output"}


def trained_at(rows: Sequence[Row]) -> dict[str, dict[int, Row]]:
    """Where a model was perturbed -> seed -> its row; standard training under its own name, first."""
    found: dict[str, dict[int, Row]] = {name: {} for name in (CONTROL, *SITES)}
    for row in rows:
        found.setdefault(CONTROL if row["method"] == CONTROL else row["site"], {})[row["seed"]] = row
    return {name: by_seed for name, by_seed in found.items() if by_seed}


def measured_at(row: Row) -> dict[str, float]:
    """Adversarial Sensitivity of a model at every site that its row has."""
    there = row.get("sensitivity_at") or {"encoder": {"mean": row[LATENT]}}
    return {site: there[site]["mean"] for site in SITES if site in there}


def sensitivities(rows: Sequence[Row]) -> dict[str, dict[str, Estimate]]:
    """Trained at -> measured at -> sensitivity, mean over seeds with its interval."""
    return {
        name: {
            site: _inside(over_seeds([measured_at(row)[site] for row in by_seed.values() if site in measured_at(row)]))
            for site in SITES
            if any(site in measured_at(row) for row in by_seed.values())
        }
        for name, by_seed in trained_at(rows).items()
    }


def _inside(one: Estimate) -> Estimate:
    return Estimate(one.value, max(one.low, 0.0), min(one.high, 1.0))  # a NaN comes first in both, and stays


def apart(rows: Sequence[Row], measures: Sequence[str] = TEXT) -> dict[str, dict[str, list[float]]]:
    """Trained at -> place or metric -> what standard training with the same seed has less of it, one a seed.

    A place stands for the sensitivity that is measured there.
    """
    models = trained_at(rows)
    control = {seed: _all(row, measures) for seed, row in models.pop(CONTROL, {}).items()}
    found: dict[str, dict[str, list[float]]] = {}
    for name, by_seed in models.items():
        for seed, row in by_seed.items():
            for what, value in _all(row, measures).items() if seed in control else ():
                if what in control[seed]:
                    found.setdefault(name, {}).setdefault(what, []).append(value - control[seed][what])
    return found


def _all(row: Row, measures: Sequence[str]) -> dict[str, float]:
    return measured_at(row) | {measure: row[measure] for measure in measures}


def changes(rows: Sequence[Row]) -> dict[str, dict[str, Estimate]]:
    """Trained at -> measured at -> sensitivity minus that of standard training with the same seed."""
    return {
        name: {what: over_seeds(values) for what, values in found.items() if what in SITES}
        for name, found in apart(rows).items()
    }


def against_text(rows: Sequence[Row], measures: Sequence[str] = TEXT) -> dict[str, dict[str, Estimate]]:
    """Trained at -> metric -> metric minus that of standard training with the same seed."""
    return {name: {what: over_seeds(found[what]) for what in measures} for name, found in apart(rows, measures).items()}


def table(rows: Sequence[Row]) -> pd.DataFrame:
    """A line a place of training: change of the sensitivity at every place, and of what is asked of text."""
    latent, text = changes(rows), against_text(rows)
    lines = []
    for name in text:
        line = {"trained at": name}
        line |= {f"sensitivity at {site}": difference(one, LATENT) for site, one in latent.get(name, {}).items()}
        line |= {MEASURES[measure].label: difference(one, measure) for measure, one in text[name].items()}
        lines.append(line)
    return pd.DataFrame(lines).set_index("trained at").rename_axis(None).T if lines else pd.DataFrame()


def verdict(rows: Sequence[Row]) -> str:
    """What the rows say of the three places, as lines of Markdown."""
    by_seed, lines = apart(rows), []
    for site in SITES:
        there = {name: found[site] for name, found in by_seed.items() if site in found}
        if len(there) < 2:
            continue
        means = {name: over_seeds(values) for name, values in there.items()}
        best = min(means, key=lambda name: means[name].value)
        own = "the one trained there" if best == site else f"the one trained at {SPOKEN[best]}"
        lines.append(
            f"- Attacked at {SPOKEN[site]}, the least sensitive model on average is {own} "
            f"({difference(means[best], LATENT)} beside standard training). Lower than standard training in every "
            f"seed: {_named(name for name, values in there.items() if max(values) < 0)}; by an interval that excludes "
            f"0: {_named(name for name, one in means.items() if one.high < 0)}."
        )
    for measure in ("robust_accuracy", "clean_accuracy") if by_seed else ():
        there = {name: found[measure] for name, found in by_seed.items()}
        higher = _named(name for name, values in there.items() if min(values) > 0)
        lower = _named(name for name, values in there.items() if max(values) < 0)
        lines.append(
            f"- {MEASURES[measure].label}, beside standard training: higher in every seed for {higher}, lower in every "
            f"seed for {lower}."
        )
    return "\n".join(lines)


def _named(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in names) or "none"


def described(found: Mapping[str, Mapping[str, Estimate]]) -> str:
    """What a figure of `sensitivities` or `changes` shows, in words."""
    parts = [
        f"{'standard training' if name == CONTROL else f'trained at {name}'}: "
        + ", ".join(f"{one.value:.3f} attacked at {site}" for site, one in by_site.items())
        for name, by_site in found.items()
    ]
    return "; ".join(parts) + "."
