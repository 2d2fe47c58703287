"""Attacks that were just run, as tables: every model under every attack, and each model against one of them."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import pandas as pd

from robustlab.evaluation.attack.comparison import Comparison, compare
from robustlab.evaluation.attack.rows import Attacked
from robustlab.evaluation.attack.summary import summarise
from robustlab.evaluation.statistics import Estimate
from robustlab.study.compare import holm

Found = Mapping[str, Mapping[str, Sequence[Attacked]]]
"""Model -> attack -> rows."""


class Tested(NamedTuple):
    """One model against another under one attack; the p-value is corrected for all tests made with it."""

    model: str
    attack: str
    comparison: Comparison
    adjusted: float


def table(found: Found) -> pd.DataFrame:
    """A line a model and attack, in percent with intervals over examples."""
    lines = []
    for model, attacks in found.items():
        for attack, rows in attacks.items():
            made = summarise(rows)
            line = {"model": model, "attack": attack, "clean %": _percent(made.clean_accuracy)}
            line |= {"robust %": _percent(made.robust_accuracy), "attack success %": _percent(made.attack_success)}
            line["words changed %"] = _percent(made.perturbed_words)
            line["queries"] = "–" if made.queries is None else f"{made.queries.value:.0f}"
            lines.append(line)
    return pd.DataFrame(lines).set_index(["model", "attack"]) if lines else pd.DataFrame()


def _percent(estimate: Estimate | None) -> str:
    if estimate is None:
        return "–"
    value, low, high = (100 * part for part in estimate)
    return f"{value:.0f}" if math.isnan(low) else f"{value:.0f} ({low:.0f} to {high:.0f})"


def against(found: Found, base: str) -> list[Tested]:
    """Every other model against the base, attack by attack; the p-values are Holm's, over all of them."""
    made = [
        (model, attack, compare(rows, found[base][attack]))
        for model, attacks in found.items()
        for attack, rows in attacks.items()
        if model != base
    ]
    adjusted = holm([comparison.robust.p_value for _, _, comparison in made])
    return [Tested(*one, p) for one, p in zip(made, adjusted, strict=True)]


def differences(tests: Sequence[Tested]) -> pd.DataFrame:
    """A line a test: the difference in points, who is right alone, and the corrected p-value."""
    lines = []
    for one in tests:
        value, low, high = (100 * part for part in one.comparison.difference)
        line = {"model": one.model, "attack": one.attack, "points": f"{value:+.0f} ({low:+.0f} to {high:+.0f})"}
        line["right in one only"] = f"{one.comparison.robust.only_first}:{one.comparison.robust.only_second}"
        lines.append(line | {"p": f"{one.adjusted:.2g}"})
    return pd.DataFrame(lines).set_index(["model", "attack"]) if lines else pd.DataFrame()
