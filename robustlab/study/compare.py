"""Rows of finished runs, compared: means over seeds, paired tests, and sentences written from the numbers."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from statistics import fmean
from typing import Any, NamedTuple

import pandas as pd

from robustlab import papers
from robustlab.evaluation.statistics import Estimate, McNemar, mcnemar, seed_interval
from robustlab.study import rows as results
from robustlab.study.main_sst2 import FIXED, MATCHED
from robustlab.study.recorded import listed, nothing, origin
from robustlab.study.rows import decode

Row = Mapping[str, Any]

FOLDER = Path(__file__).resolve().parents[2] / "book" / "results"
ORDER = ("standard", "freelb", "pgd", FIXED, MATCHED, "adaptive-pgd")
NAMES = {MATCHED: "matched PGD", FIXED: "fixed w", "pgd": "PGD", "freelb": "FreeLB", "adaptive-pgd": "adaptive"}
MEASURES = {"clean": "clean", "advglue": "AdvGLUE", "pgd": "under PGD"}
# Zhu et al. (AAT), Table 2: BERT-base, SST-2, percent; α = .04, other settings and seeds not stated.
PAPER = {row["method"]: {measure: row[measure] for measure in ("clean", "advglue")} for row in papers.table(2)}
LEVEL = 0.05
CONSTANT = 0.6  # two labels of about equal share


class Group(NamedTuple):
    """The runs of one method with one setting: means over seeds, with intervals where there are two seeds or more."""

    method: str
    step_size: float | None
    beta: float | None
    rows: Sequence[Row]
    measures: Mapping[str, Estimate]

    @property
    def label(self) -> str:
        """Method and setting, for a table or an axis."""
        return ", ".join([NAMES.get(self.method, self.method), *_setting(self.step_size, self.beta)])


def _setting(step_size: float | None, beta: float | None) -> list[str]:
    return [f"{name} = {value:.3g}" for name, value in (("α", step_size), ("β", beta)) if value is not None]


class Pair(NamedTuple):
    """Two runs of one seed and setting on the same examples; `difference` is first - second, in points."""

    measure: str
    step_size: float | None
    beta: float | None
    seed: int
    n: int
    difference: float
    test: McNemar


def recorded(name: str, folder: Path | None = None) -> list[dict[str, Any]]:
    """The rows of book/results/NAME.jsonl; none where nothing is recorded or the book's sources are not here."""
    return results.read((FOLDER if folder is None else folder) / f"{name}.jsonl")


def groups(rows: Iterable[Row], measures: Sequence[str]) -> list[Group]:
    """Rows by step size, β and method, standard training first."""
    found: dict[tuple[float, float, int, str], list[Row]] = {}
    for row in rows:
        rank = ORDER.index(row["method"]) if row["method"] in ORDER else len(ORDER)
        found.setdefault((row["step_size"] or 0.0, row.get("beta") or 0.0, rank, row["method"]), []).append(row)
    return [
        Group(
            method,
            members[0]["step_size"],
            members[0].get("beta"),
            members,
            {measure: _share([row[f"{measure}_accuracy"] for row in members]) for measure in measures},
        )
        for (_, _, _, method), members in sorted(found.items())
    ]


def _share(values: Sequence[float]) -> Estimate:
    value, low, high = _mean(values)
    return Estimate(value, max(low, 0.0), min(high, 1.0))  # a NaN comes first in both, and stays


def _mean(values: Sequence[float]) -> Estimate:
    return seed_interval(values) if len(values) > 1 else Estimate(values[0], math.nan, math.nan)


def table(found: Sequence[Group], *, paper: bool) -> pd.DataFrame:
    """Means over seeds in percent with intervals, and what was seen in training; the paper's numbers if asked for."""
    lines = []
    for group in found:
        line = {"method": group.label, "seeds": len(group.rows)}
        for measure, estimate in group.measures.items():
            line[f"{MEASURES[measure]} %"] = _percent(estimate)
            if paper:
                quoted = PAPER.get(group.method, {}) if group.beta is None else {}
                line[f"paper, {MEASURES[measure]} %"] = quoted.get(measure, "–")
        learned = [row["weights"] for row in group.rows if row.get("weights")]
        line["w at the end"] = " / ".join(f"{fmean(w):.2f}" for w in zip(*learned, strict=True)) if learned else "–"
        for name, key in (("step cosine", "step_cosine"), ("‖D‖", "offset_norm")):
            values = [row[key] for row in group.rows if row.get(key)]
            line[name] = f"{fmean(values):.3f}" if values else "–"
        lines.append(line)
    return pd.DataFrame(lines).set_index("method").rename_axis(None) if lines else pd.DataFrame()


def _percent(estimate: Estimate) -> str:
    value, low, high = (100 * part for part in estimate)
    return f"{value:.1f} (one seed)" if math.isnan(low) else f"{value:.1f} ({low:.1f} to {high:.1f})"


def pairs(rows: Iterable[Row], first: str, second: str, measures: Sequence[str]) -> list[Pair]:
    """McNemar's test of two methods for each measure, setting and seed that both have."""
    runs = {(row["method"], row["step_size"], row.get("beta"), row["seed"]): row for row in rows}
    found = []
    for measure in measures:
        for (method, *setting, seed), one in sorted(runs.items(), key=str):
            other = runs.get((second, *setting, seed))
            if method == first and other is not None:
                n = one[f"{measure}_n"]
                right, other_right = (decode(row[f"{measure}_mask"], n) for row in (one, other))
                difference = 100 * float(right.mean() - other_right.mean())
                found.append(Pair(measure, *setting, seed, n, difference, mcnemar(right, other_right)))
    return found


def verdict(found: Sequence[Pair], first: str, second: str) -> str:
    """What paired runs show, in Markdown; no claim without runs."""
    if not found:
        return f"No seed has runs of both {first} and {second}: there is nothing to compare yet."
    lines = []
    for kind in dict.fromkeys(pair[:3] for pair in found):
        some = [pair for pair in found if pair[:3] == kind]
        value, low, high = _mean([pair.difference for pair in some])
        spread = "one seed, no interval" if math.isnan(low) else f"95 % interval over seeds {low:+.1f} to {high:+.1f}"
        split = ", ".join(f"{pair.test.only_first}:{pair.test.only_second}" for pair in some)
        chances = ", ".join(f"{pair.test.p_value:.2g}" for pair in some)
        lines.append(
            f"- {', '.join(_setting(*kind[1:]))}, {MEASURES[kind[0]]} ({some[0].n} sentences): "
            f"{value:+.1f} points ({spread}); right in only one of the two: {split}; McNemar p = {chances}"
        )
    significant = [
        pair for pair, p in zip(found, holm([pair.test.p_value for pair in found]), strict=True) if p < LEVEL
    ]
    ahead = sum(pair.difference > 0 for pair in significant)
    count = f"{len(found)} paired test{'s' if len(found) > 1 else ''}"
    end = f"none stays below {LEVEL} after Holm's correction: these runs do not tell {first} from {second}."
    if significant:
        end = f"{len(significant)} below {LEVEL} after Holm's correction, {ahead} of these in favour of {first}."
    end = f"Of {count}, {end}"
    return "\n".join([f"**{first} minus {second}**", "", *lines, "", end])


def collapsed(found: Sequence[Group]) -> str:
    """Which groups hold a run whose clean accuracy is near that of a constant answer; empty where none does."""
    names = [group.label for group in found if min(row["clean_accuracy"] for row in group.rows) < CONSTANT]
    if not names:
        return ""
    return (
        f"**Collapsed:** {'; '.join(names)}. At least one run of each is right on fewer than {CONSTANT:.0%} of the "
        "clean sentences, near what a constant answer scores. On AdvGLUE a constant answer is right about half of the "
        "time too, more often than a trained model may be: a high number there is then no robustness."
    )


def holm(p_values: Sequence[float]) -> list[float]:
    """P-values corrected for their number, after Holm."""
    adjusted, largest = [0.0] * len(p_values), 0.0
    for rank, index in enumerate(sorted(range(len(p_values)), key=p_values.__getitem__)):
        largest = max(largest, min(1.0, (len(p_values) - rank) * p_values[index]))
        adjusted[index] = largest
    return adjusted


def provenance(rows: Sequence[Row]) -> str:
    """Where recorded rows come from, in one sentence, or that there are none."""
    if not rows:
        return nothing("book/results/")

    first = listed(rows, "warm_start_epochs")
    return (
        f"{origin(rows)}: "
        f"{len(rows)} {'run' if len(rows) == 1 else 'runs'} of {listed(rows, 'model')}, seeds {listed(rows, 'seed')}; "
        f"{listed(rows, 'train_size')} training sentences, {first} {'epoch' if first == '1' else 'epochs'} of standard "
        f"training and {listed(rows, 'epochs')} of the method, batch size {listed(rows, 'batch_size')}, learning rate "
        f"{listed(rows, 'learning_rate')}, the checkpoint chosen on {listed(rows, 'held_out_size')} sentences held out "
        "of train."
    )
