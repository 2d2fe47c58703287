"""Recorded paths (`paths_sst2`) for the chapters: curves over seeds, tables, and sentences written from the numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from robustlab.evaluation.statistics import seed_interval
from robustlab.figures.recorded_paths import Curve
from robustlab.study import compare
from robustlab.study.recorded import listed, origin

Row = Mapping[str, Any]
RULES = ("raw", "unit_l2", "token_l2", "sign", "linf")
PHASES = {"standard": "standard training", "pgd": "PGD training"}
PREDICTIONS = {"literal Eq. 8": "literal", "true change": "rise", "sum of gains": "gains"}
ERRORS = {"literal Eq. 8": "error_literal", "sum of gains": "error_gains", "gains and curvature": "error_second_order"}


def provenance(rows: Sequence[Row]) -> str:
    """Where the rows come from, in one sentence, or that there are none."""
    if not rows:
        return compare.provenance(())

    return (
        f"{origin(rows)}: "
        f"{len(rows)} rows from {listed(rows, 'model')} on SST-2, seeds {listed(rows, 'seed')}. A row holds means over "
        f"{listed(rows, 'n')} held-out sentences, climbed by k = {listed(rows, 'steps')} steps without dropout. In "
        "the figures, lines are means over seeds and bands reach from the smallest to the largest seed."
    )


def frame(rows: Sequence[Row], kind: str) -> pd.DataFrame:
    """The rows of a kind, "training" or "sweep"; `accuracy` is that at the ends of the paths."""
    table = pd.DataFrame([row for row in rows if row["kind"] == kind])
    return table.assign(accuracy=table["correct"] / table["n"])


def curve(table: pd.DataFrame, over: str, field: str) -> Curve:
    """A field against the column `over`: mean and range of the seeds."""
    found = table.groupby(over)[field].agg(["mean", "min", "max"])
    return Curve(list(found.index), *(list(found[name]) for name in ("mean", "min", "max")))


def trainings(rows: Sequence[Row]) -> tuple[dict[str, dict[str, list[Curve]]], int]:
    """For each rule the rise of the loss and its predictions, one curve a phase; and the step that parts the phases."""
    table = frame(rows, "training")
    change = int(table.loc[table["phase"] == "standard", "step"].max())
    table["at"] = table["step"] + change * (table["phase"] == "pgd")
    return {
        rule: {
            name: [curve(table[(table["rule"] == rule) & (table["phase"] == phase)], "at", field) for phase in PHASES]
            for name, field in PREDICTIONS.items()
        }
        for rule in RULES
    }, change


def errors(rows: Sequence[Row], rules: Sequence[str] = ("raw", "unit_l2")) -> dict[str, dict[str, Curve]]:
    """For each rule and phase the mean errors of the predictions against the length of the first step."""
    table = frame(rows, "sweep")
    return {
        f"{rule}, {words}": {
            name: curve(table[(table["rule"] == rule) & (table["phase"] == phase)], "relative_length", field)
            for name, field in ERRORS.items()
        }
        for phase, words in PHASES.items()
        for rule in rules
    }


def effects(rows: Sequence[Row], field: str) -> dict[str, dict[str, Curve]]:
    """For each phase a field of every rule, and of noise, against the length of the first step."""
    table = frame(rows, "sweep")
    return {
        words: {
            rule: curve(table[(table["rule"] == rule) & (table["phase"] == phase)], "relative_length", field)
            for rule in (*RULES, "noise")
        }
        for phase, words in PHASES.items()
    }


def table_of_training(rows: Sequence[Row]) -> pd.DataFrame:
    """The PGD epoch's first and last moment of each rule: the rise, and its predictions relative to it."""
    table = frame(rows, "training").query("phase == 'pgd'")
    lines = {}
    for rule in RULES:
        for words, step in (("start", 0), ("end", table["step"].max())):
            found = table[(table["rule"] == rule) & (table["step"] == step)]
            lines[f"{rule}, {words}"] = {
                "true rise": interval(list(found["rise"]), ".2f"),
                "gains / true": interval(list(found["gains"] / found["rise"]), ".2f"),
                "Eq. 8 / true": interval(list(found["literal"] / found["rise"]), ".2f"),
            }
    return pd.DataFrame.from_dict(lines, orient="index")


def words_on_training(rows: Sequence[Row]) -> str:
    """What the rows say about Figure 4 of AAT, in Markdown."""
    table = frame(rows, "training")
    table = table.assign(miss=(table["gains"] / table["rise"] - 1).abs())
    first, second = (table[table["phase"] == phase] for phase in PHASES)
    unit, raw = second[second["rule"] == "unit_l2"], first[first["rule"] == "raw"]
    start, end = (unit.loc[unit["step"] == step, "rise"].mean() for step in (0, unit["step"].max()))
    worst = ", ".join(
        f"`{rule}` {found.max():.0%}" for rule, found in table.groupby("rule", sort=False)["miss"] if rule != "raw"
    )
    longest = raw.groupby("step")["length"].mean().max() / raw.loc[raw["step"] == 0, "length"].mean()
    return (
        f"- Through the PGD epoch the true rise along `unit_l2` paths (α = {unit['step_size'].mean():.3f}) "
        f"goes from {start:.2f} to {end:.2f} nats. The most that the sum of gains misses of the mean rise, over all "
        f"moments of both epochs and all seeds: {worst}.\n"
        f"- Literal Eq. 8 for `unit_l2` is {unit['literal'].mean():.3f} nats on average. Within an epoch "
        f"it varies by {_drift(table, 'unit_l2'):.1%} at most, and for `sign` by {_drift(table, 'sign'):.1%}.\n"
        f"- `raw` steps keep one α an epoch. In the first, where it fits a fresh head, the gradient grows "
        f"until the paths are {longest:.0f} times as long, and the gains, which are Eq. 8 for this rule, overstate the "
        f"mean rise by a factor of up to {(raw['gains'] / raw['rise']).max():.1f}. In the PGD epoch they are off by "
        f"up to {second.loc[second['rule'] == 'raw', 'miss'].max():.0%}."
    )


def _drift(table: pd.DataFrame, rule: str) -> float:
    found = table[table["rule"] == rule].groupby(["seed", "phase"])["literal"].agg(["min", "max"])
    return float((found["max"] / found["min"] - 1).max())


def words_on_errors(rows: Sequence[Row]) -> str:
    """From which length on curvature makes the prediction worse, and what the gains miss, in Markdown."""
    means = frame(rows, "sweep").groupby(["phase", "rule", "relative_length"])[["rise", *ERRORS.values()]].mean()
    lines = []
    for phase, words in PHASES.items():
        for rule in ("unit_l2", "raw"):
            found = means.loc[phase, rule]
            missed = " / ".join(f"{share:.0%}" for share in found["error_gains"] / found["rise"])
            better = found.index[found["error_second_order"] < found["error_gains"]]
            where = ", ".join(f"{length:g}" for length in better) or "none"
            lines.append(
                f"- `{rule}`, after {words}: the mean error of the gains is {missed} of the mean rise. Lengths at "
                f"which the curvature makes it smaller: {where}."
            )
    lengths = " / ".join(f"{length:g}" for length in means.index.unique("relative_length"))
    return "\n".join(
        [f"At first steps of {lengths} mean word-embedding norms, on average over the sentences:", "", *lines]
    )


def words_on_effects(rows: Sequence[Row], length: float = 0.1) -> str:
    """What the rules and noise do at one length, before and after PGD training, in Markdown."""
    table = frame(rows, "sweep")
    lines = []
    for phase, words in PHASES.items():
        found = table[(table["phase"] == phase) & (table["relative_length"] == length)]
        accuracy = found.groupby("rule", sort=False)["accuracy"].mean()
        climbed = accuracy.drop("noise")
        lines.append(
            f"- After {words}: from {climbed.min():.0%} (`{climbed.idxmin()}`) to {climbed.max():.0%} "
            f"(`{climbed.idxmax()}`) of the sentences are still right after {rows[0]['steps']} steps, and "
            f"{accuracy['noise']:.0%} under noise."
        )
    unit = table[(table["rule"] == "unit_l2") & (table["relative_length"] == length)].set_index(["phase", "seed"])
    gained = 100 * (unit.loc["pgd", "accuracy"] - unit.loc["standard", "accuracy"])
    lines.append(
        f"- PGD training, which took `unit_l2` steps, changes the accuracy under `unit_l2` by "
        f"{interval(list(gained), '+.0f')} points."
    )
    best = table[table["rule"] != "noise"].groupby(["phase", "relative_length", "rule"])["rise"].mean()
    winners = best.groupby(level=[0, 1]).idxmax().map(lambda key: key[2])
    least = table.loc[table["rule"] == "noise"].groupby(["phase", "relative_length"])["rise"].mean().max()
    counts = ", ".join(f"`{rule}` {count}" for rule, count in winners.value_counts().items())
    lines.append(
        f"- Of the {len(winners)} pairs of model and length, the highest mean rise is had by: {counts}. Noise raises "
        f"the mean loss by {least:.2f} nats at most."
    )
    return "\n".join([f"At first steps of {length:g} mean norms, on average over seeds:", "", *lines])


def interval(values: Sequence[float], form: str) -> str:
    """Mean with its 95 % interval over seeds, each number in the format given."""
    if len(values) < 2:
        return f"{values[0]:{form}} (one seed)"
    value, low, high = seed_interval(values)
    return f"{value:{form}} ({low:{form}} to {high:{form}})"
