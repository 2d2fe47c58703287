"""Table 1 as tables to read: the paper's four metrics, what they need beside them, and differences to the control."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from statistics import fmean

import pandas as pd

from robustlab.corpora import reasoning
from robustlab.corpora.documents import PERTURBATIONS
from robustlab.evaluation.reasoning.asking import ask
from robustlab.evaluation.reasoning.constant import CONSTANT, constant, constant_rows
from robustlab.evaluation.reasoning.metrics import MEASURES
from robustlab.evaluation.statistics import Estimate, proportion
from robustlab.papers.negatives import MEASURES as PRINTED
from robustlab.papers.negatives import table1
from robustlab.study.reasoning.cells import CONTROL
from robustlab.study.reasoning.lines import SHOWN, Against, Line
from robustlab.study.reasoning.protocol import Protocol

BESIDE = ("clean_accuracy", "worst_case_accuracy", "counterfactual_accuracy")
SHORT = {
    "consistency": "Consistency ↑",
    "robust_accuracy": "Robust Acc. ↑",
    "worst_case_accuracy": "worst of K ↑",
    "semantic_deviation": "Sem. Dev. ↓",
    "adversarial_sensitivity": "Adv. Sens. ↓",
    "clean_accuracy": "clean ↑",
    "counterfactual_accuracy": "counterfactual ↑",
}
"""Heads of columns, short enough for a phone."""
NONE = "–"
LOGGED = {"clean_loss": "clean loss", "divergence": "D", "sensitivity": "S", "contrast": "InfoNCE"}
"""What a training may log -> the head of its column."""


def told(measure: str, value: Estimate | None) -> str:
    """A value with its interval, in the units of the metric."""
    if value is None:
        return NONE
    scale = MEASURES[measure].scale
    digits = 1 if scale == 100 else 3
    mean, low, high = (f"{scale * part:.{digits}f}" for part in value)
    return mean if math.isnan(value.low) else f"{mean} ({low} to {high})"


def four(found: Sequence[Line]) -> pd.DataFrame:
    """The paper's four metrics with intervals over seeds and documents, and how many seeds there are."""
    return _frame(
        {
            line.name: {SHORT[one]: told(one, line.measures.get(one)) for one in PRINTED}
            | {"seeds": len(line.rows) or NONE}
        }
        for line in found
    )


def beside(found: Sequence[Line]) -> pd.DataFrame:
    """What the paper's table lacks: clean accuracy, the worst of K, counterfactuals, and what a training costs."""
    return _frame(
        {
            line.name: {SHORT[one]: told(one, line.measures.get(one)) for one in BESIDE}
            | {"passes a step": f"{line.units:g}", "CPU s": f"{line.seconds:.0f}"}
        }
        for line in found
    )


def values(found: Sequence[Line], measures: Sequence[str]) -> pd.DataFrame:
    """Some metrics of every line, with intervals."""
    return _frame({line.name: {SHORT[one]: told(one, line.measures.get(one)) for one in measures}} for line in found)


def trainings(found: Sequence[Line], *, control: str = CONTROL) -> pd.DataFrame:
    """What the last quarter of a training logs, mean over seeds, and its cost in plain trainings.

    Args:
        found: Lines of methods.
        control: The plain training.
    """
    plain = next((line for line in found if line.name == control), None)
    rows = []
    for line in found:
        logs = [row["last_quarter"] for row in line.rows]
        cells = {
            shown: f"{fmean(log[name] for log in logs):.3f}" if all(name in log for log in logs) else NONE
            for name, shown in LOGGED.items()
        }
        passes = NONE if plain is None else f"{line.units / plain.units:.1f}"
        clock = NONE if plain is None or not plain.seconds else f"{line.seconds / plain.seconds:.1f}"
        rows.append({line.name: cells | {"cost, passes": passes, "cost, clock": clock, "seeds": len(logs)}})
    return _frame(rows)


def sensitivities(found: Sequence[Line]) -> pd.DataFrame:
    """Adversarial Sensitivity at the sites that all lines have, and that to random offsets as long; over seeds."""
    kept = {line.name: [row["sensitivity_at"] for row in line.rows if "sensitivity_at" in row] for line in found}
    kept = {name: rows for name, rows in kept.items() if rows}
    every = [row for rows in kept.values() for row in rows]
    sites = [site for site in every[0] if all(site in row for row in every)] if every else []
    heads = [
        (site, name, f"{site}, {shown}")
        for site in sites
        for name, shown in (("mean", "found"), ("noise", "at random"))
    ]
    return _frame(
        {model: {head: f"{fmean(row[site][name] for row in rows):.3f}" for site, name, head in heads}}
        for model, rows in kept.items()
    )


def printed() -> pd.DataFrame:
    """The paper's Table 1 as it stands."""
    rows = {row.printed: {SHORT[one]: getattr(row, one) for one in PRINTED} for row in table1()}
    return pd.DataFrame.from_dict(rows, orient="index")


def differences(tests: Sequence[Against], measures: Sequence[str]) -> pd.DataFrame:
    """Every line minus the control, with intervals; a star where the difference survives, see `Against.survives`."""
    names = dict.fromkeys(one.name for one in tests)
    cells = {(one.name, one.measure): _difference(one) for one in tests}
    return _frame({name: {SHORT[one]: cells.get((name, one), NONE) for one in measures}} for name in names)


def _difference(one: Against) -> str:
    scale = MEASURES[one.measure].scale
    digits = 1 if scale == 100 else 3
    value, low, high = (f"{scale * part + 0.0:+.{digits}f}" for part in one.estimate)
    shown = value if math.isnan(one.estimate.low) else f"{value} ({low} to {high})"
    return f"{shown} *" if one.survives else shown


def by_kind(found: Sequence[Line], *, worst: bool = False) -> pd.DataFrame:
    """Robust Accuracy in percent for each kind of perturbation, the mean over levels and seeds.

    Args:
        found: Lines.
        worst: Of K draws, not their average.
    """
    lines = []
    for line in found:
        kinds = [kind for kind in PERTURBATIONS if any(key.startswith(f"{kind}/") for key in line.rows[0]["by_kind"])]
        lines.append({line.name: {kind: f"{100 * _kind(line, kind, worst):.1f}" for kind in kinds}})
    return _frame(lines)


def _kind(line: Line, kind: str, worst: bool) -> float:
    return fmean(pair[worst] for row in line.rows for key, pair in row["by_kind"].items() if key.startswith(f"{kind}/"))


def constant_line(protocol: Protocol) -> Line:
    """The model that says the commonest answer to everything, on the documents of a profile's exam.

    The variants of a document keep its answer and its counterfactual changes it, so that the originals say it all.
    """
    documents = reasoning.load("dev", protocol.documents, sentences=protocol.sentences)
    rows = constant_rows(ask(constant(""), documents, progress=False))
    right = proportion(sum(row.correct for row in rows), len(rows))
    sure = Estimate(1.0, math.nan, math.nan)
    never = Estimate(0.0, math.nan, math.nan)
    known = dict.fromkeys(("clean_accuracy", "robust_accuracy", "worst_case_accuracy"), right)
    known |= {"consistency": sure}
    known |= dict.fromkeys(("semantic_deviation", "adversarial_sensitivity", "counterfactual_accuracy"), never)
    return Line(CONSTANT, [], {name: known[name] for name in SHOWN}, 0, 0.0)


def _frame(lines: Iterable[Mapping[str, Mapping[str, object]]]) -> pd.DataFrame:
    merged: dict[str, Mapping[str, object]] = {}
    for line in lines:
        merged |= line
    return pd.DataFrame.from_dict(merged, orient="index")
