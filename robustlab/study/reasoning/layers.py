"""Recorded rows of the layer study: what perturbing one place buys at every place, and against text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
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
            site: over_seeds([measured_at(row)[site] for row in by_seed.values() if site in measured_at(row)])
            for site in SITES
            if any(site in measured_at(row) for row in by_seed.values())
        }
        for name, by_seed in trained_at(rows).items()
    }


def changes(rows: Sequence[Row]) -> dict[str, dict[str, Estimate]]:
    """Trained at -> measured at -> sensitivity minus that of standard training with the same seed."""
    models = trained_at(rows)
    control = {seed: measured_at(row) for seed, row in models.get(CONTROL, {}).items()}
    found: dict[str, dict[str, Estimate]] = {}
    for name, by_seed in models.items():
        for site in SITES if name != CONTROL else ():
            apart = [
                measured_at(row)[site] - control[seed][site]
                for seed, row in by_seed.items()
                if site in measured_at(row) and site in control.get(seed, {})
            ]
            if apart:
                found.setdefault(name, {})[site] = over_seeds(apart)
    return found


def against_text(rows: Sequence[Row], measures: Sequence[str] = TEXT) -> dict[str, dict[str, Estimate]]:
    """Trained at -> metric -> metric minus that of standard training with the same seed."""
    models = trained_at(rows)
    control = models.get(CONTROL, {})
    return {
        name: {
            measure: over_seeds([row[measure] - control[seed][measure] for seed, row in by_seed.items()])
            for measure in measures
        }
        for name, by_seed in models.items()
        if name != CONTROL and by_seed.keys() <= control.keys()
    }


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
    latent, text = changes(rows), against_text(rows, ("robust_accuracy",))
    lines = []
    for site in SITES:
        there = {name: found[site] for name, found in latent.items() if site in found}
        if len(there) < 2:
            continue
        best = min(there, key=lambda name: there[name].value)
        own = "the one trained there" if best == site else f"the one trained at {SPOKEN[best]}"
        lower = [name for name, one in there.items() if one.high < 0]
        lines.append(
            f"- Attacked at {SPOKEN[site]}, the least sensitive model on average is {own} "
            f"({difference(there[best], LATENT)} beside standard training). Below standard training, by an interval "
            f"that excludes 0: {_named(lower)}."
        )
    for word, chosen in (("above", lambda one: one.low > 0), ("below", lambda one: one.high < 0)):
        some = [name for name, found in text.items() if chosen(found["robust_accuracy"])]
        lines.append(
            f"- Robust Accuracy under changes of the text {word} standard training, by such an interval: "
            f"{_named(some)}."
        )
    return "\n".join(lines) if latent else ""


def _named(names: Sequence[str]) -> str:
    return ", ".join(f"`{name}`" for name in names) or "none"


def described(found: Mapping[str, Mapping[str, Estimate]]) -> str:
    """What a figure of `sensitivities` or `changes` shows, in words."""
    parts = [
        f"{'standard training' if name == CONTROL else f'trained at {name}'}: "
        + ", ".join(f"{one.value:.3f} attacked at {site}" for site, one in by_site.items())
        for name, by_site in found.items()
    ]
    return "; ".join(parts) + "."
