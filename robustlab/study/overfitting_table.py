"""Recorded trainings on few reviews (`overfitting_reviews`) for the chapter: curves, tables and words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from statistics import fmean
from typing import Any

import numpy as np
import pandas as pd

from robustlab.evaluation.statistics import mcnemar
from robustlab.figures.overfitting import Levels
from robustlab.figures.recorded_paths import Curve
from robustlab.study import compare
from robustlab.study.overfitting_reviews import LEVELS, WARM
from robustlab.study.paths_table import interval
from robustlab.study.recorded import listed, origin
from robustlab.study.rows import decode

Row = Mapping[str, Any]
Sides = tuple[dict[int, Row], dict[int, Row]]
FIELDS = {
    "training rows": "train_accuracy",
    "clean": "test_clean_accuracy",
    "under PGD": "test_pgd_accuracy",
    "worst case": "test_robust_accuracy",
}
WORST = FIELDS["worst case"]
CHOSEN_ON = "dev_robust_accuracy"
EDGE = 3  # epochs averaged at either end of a training


def provenance(rows: Sequence[Row]) -> str:
    """Where the rows come from, in a few sentences, or that there are none."""
    if not rows:
        return compare.provenance(())
    runs = {(row["seed"], row["name"]) for row in rows if row["name"] != WARM}
    return (
        f"{origin(rows)}: "
        f"{len(runs)} runs of {listed(rows, 'model')} on {listed(rows, 'train_size')} reviews of at most "
        f"{listed(rows, 'words')} words, seeds {listed(rows, 'seed')}; {listed(rows, 'warm_epochs')} epochs of the "
        f"clean loss, then {listed(rows, 'epochs')} of the method, batch size {listed(rows, 'batch_size')}, learning "
        f"rate {listed(rows, 'learning_rate')} with warm-up and decay. Paths and attack: k = {listed(rows, 'steps')} "
        f"steps of {listed(rows, 'relative_step')} embedding norms. Epochs are chosen on {listed(rows, 'dev')} dev "
        f"reviews and reported on {listed(rows, 'test')} test reviews, of which every variant is read."
    )


def names(rows: Sequence[Row]) -> list[str]:
    """The runs, in the order in which they were made; the warm start is none."""
    return [name for name in dict.fromkeys(row["name"] for row in rows) if name != WARM]


def frame(rows: Sequence[Row], name: str, field: str) -> pd.DataFrame:
    """A field by epoch (rows) and seed (columns); epoch 0, where the field has one, is the warm start's."""
    kept = [row for row in rows if row["name"] in (name, WARM) and field in row]
    return pd.DataFrame(kept).pivot(index="epoch", columns="seed", values=field).dropna()


def curve(table: pd.DataFrame) -> Curve:
    """Mean and range over the seeds."""
    return Curve(
        list(table.index), *(list(found) for found in (table.mean(axis=1), table.min(axis=1), table.max(axis=1)))
    )


def curves(rows: Sequence[Row], name: str) -> dict[str, Curve]:
    """The accuracies of one method by epoch."""
    return {label: curve(frame(rows, name, field)) for label, field in FIELDS.items()}


def changes(rows: Sequence[Row], name: str, field: str) -> list[float]:
    """Points by which the mean of the last epochs exceeds the mean of the first ones after the warm start, by seed."""
    table = frame(rows, name, field).drop(index=0, errors="ignore")
    return list(100 * (table.tail(EDGE).mean() - table.head(EDGE).mean()))


def chosen(rows: Sequence[Row], name: str) -> dict[int, Row]:
    """For each seed the row of the first epoch that is best on dev."""
    found: dict[int, Row] = {}
    for row in sorted((row for row in rows if row["name"] == name), key=lambda row: row["epoch"]):
        if row["seed"] not in found or row[CHOSEN_ON] > found[row["seed"]][CHOSEN_ON]:
            found[row["seed"]] = row
    return found


def last(rows: Sequence[Row], name: str) -> dict[int, Row]:
    """For each seed the row of the last epoch."""
    return {row["seed"]: row for row in sorted(rows, key=lambda row: row["epoch"]) if row["name"] == name}


def table_of_epochs(rows: Sequence[Row]) -> pd.DataFrame:
    """For each run the worst-case accuracy at the chosen and at the last epoch, and how it and the others changed."""
    lines = {}
    for name in names(rows):
        ends, best = last(rows, name).values(), chosen(rows, name).values()
        lines[name] = {
            "epoch chosen": " / ".join(str(row["epoch"]) for row in best),
            "worst case there %": interval([100 * row[WORST] for row in best], ".0f"),
            "worst case, last %": interval([100 * row[WORST] for row in ends], ".0f"),
            "change, worst case": interval(changes(rows, name, WORST), "+.0f"),
            "change, under PGD": interval(changes(rows, name, FIELDS["under PGD"]), "+.0f"),
            "clean, last %": interval([100 * row[FIELDS["clean"]] for row in ends], ".0f"),
            "training loss, last": f"{fmean(row['train_loss'] for row in ends):.2f}",
        }
    return pd.DataFrame.from_dict(lines, orient="index")


def words_on_changes(rows: Sequence[Row]) -> str:
    """Which runs lose worst-case accuracy between the first and the last epochs, in Markdown."""
    found = {name: changes(rows, name, WORST) for name in names(rows)}
    everywhere = [name for name, values in found.items() if max(values) < 0]
    sure = [name for name, values in found.items() if len(values) > 1 and compare.seed_interval(values).high < 0]
    pgd = {name: fmean(changes(rows, name, FIELDS["under PGD"])) for name in found}
    rising = [name for name, value in pgd.items() if value > 0]
    return (
        f"From the mean of the first {EDGE} epochs to that of the last {EDGE}, on test reviews:\n\n"
        f"- the worst-case accuracy falls in every seed for {_names(everywhere)}; the 95 % interval over seeds lies "
        f"below 0 for {_names(sure)};\n"
        f"- it changes by {fmean(found['standard']):+.0f} points for standard training and by "
        f"{fmean(found['pgd']):+.0f} for PGD;\n"
        f"- the accuracy under PGD at the embeddings rises on average for {_names(rising)}; by {pgd['pgd']:+.0f} "
        "points for PGD, which trains against this very attack."
    )


def _names(found: Sequence[str]) -> str:
    return ", ".join(found) if found else "none"


def paired(pairs: Mapping[str, Sides], measure: str = "test_robust") -> pd.DataFrame:
    """First minus second of each pair on the same reviews: points, who is right alone, McNemar's p, and Holm's.

    Args:
        pairs: Label -> rows by seed of either side.
        measure: Whose masks are compared.
    """
    made: list[tuple[str, list[float], list[Any]]] = []
    for label, (first, second) in pairs.items():
        masks = [
            [decode(side[seed][f"{measure}_mask"], side[seed][f"{measure}_n"]) for side in (first, second)]
            for seed in sorted(first.keys() & second.keys())
        ]
        made.append((label, [100 * float(a.mean() - b.mean()) for a, b in masks], [mcnemar(a, b) for a, b in masks]))
    corrected = iter(compare.holm([test.p_value for _, _, found in made for test in found]))
    return pd.DataFrame.from_dict(
        {
            label: {
                "points": interval(points, "+.1f"),
                "right in one only": ", ".join(f"{test.only_first}:{test.only_second}" for test in found),
                "McNemar p": ", ".join(f"{test.p_value:.2g}" for test in found),
                "after Holm": ", ".join(f"{next(corrected):.2g}" for _ in found),
            }
            for label, points, found in made
        },
        orient="index",
    )


def against(rows: Sequence[Row], second: str, others: Sequence[str]) -> dict[str, Sides]:
    """Pairs for `paired`: other methods against one, at the last epoch."""
    return {f"{name} − {second}": (last(rows, name), last(rows, second)) for name in others}


def stopping(rows: Sequence[Row], which: Sequence[str]) -> dict[str, Sides]:
    """Pairs for `paired`: the chosen epoch of a method against its last."""
    return {f"{name}: chosen − last": (chosen(rows, name), last(rows, name)) for name in which}


def levels(rows: Sequence[Row], field: str) -> Levels:
    """One field at the last epoch for the fixed levels, the found one and standard training."""
    fixed = {level: [row[field] for row in last(rows, f"flooding-x, b = {level:g}").values()] for level in LEVELS}
    found = [(row["b"], row[field]) for row in last(rows, "flooding-x").values()]
    return Levels(fixed, found, [row[field] for row in last(rows, "standard").values()])


def words_on_levels(rows: Sequence[Row]) -> str:
    """Whether the criterion chooses well among the levels, in Markdown."""
    ends = last(rows, "flooding-x")
    at = [row["b"] for row in ends.values()]
    most = max(len(row["pilot"]) for row in ends.values())
    turned = sum(row["pilot"][-1][1] <= 0 for row in ends.values())
    robust = {name: fmean(row[WORST] for row in last(rows, name).values()) for name in _flooded(rows)}
    order = sorted(robust, key=robust.__getitem__, reverse=True)
    picked = max(
        (name for name in robust if name.startswith("flooding-x, ")),
        key=lambda name: fmean(row[CHOSEN_ON] for row in last(rows, name).values()),
    )
    return (
        f"- The levels found are {', '.join(f'{level:.2f}' for level in at)} (one a seed). The accordance "
        f"turned in {turned} of {len(ends)} pilots of {most} passes at most; where "
        "it did not, b is the loss of the last pass.\n"
        f"- Mean worst-case accuracy on test at the last epoch, best first: "
        + ", ".join(f"{name} {robust[name]:.1%}" for name in order)
        + f".\n- The fixed level with the best worst case on dev is {picked}: {robust[picked]:.1%} on test, and "
        f"{robust['flooding-x']:.1%} for the criterion."
    )


def _flooded(rows: Sequence[Row]) -> list[str]:
    return ["standard", *(name for name in names(rows) if name.startswith("flooding-x"))]


def slopes(rows: Sequence[Row]) -> tuple[list[Curve], list[Curve]]:
    """For each step of the path its slope by epoch, and its weight by difficulty at the end."""
    name = "adaptive-by-difficulty"
    steps = len(next(row["slopes"] for row in rows if "slopes" in row))
    tables = [
        frame([dict(row) | {"one": row["slopes"][i]} for row in rows if "slopes" in row], name, "one")
        for i in range(steps)
    ]
    difficulty = np.linspace(0, 1, 11)
    weights = []
    for row in last(rows, name).values():
        u, v = (np.array(row[part])[:, None] for part in ("scores", "slopes"))
        raised = np.exp(u + v * (2 * difficulty - 1))
        weights.append(raised / raised.sum(0))
    by_step = np.stack(weights, axis=-1)
    return [curve(table) for table in tables], [curve(pd.DataFrame(one, index=difficulty)) for one in by_step]


def words_on_slopes(rows: Sequence[Row]) -> str:
    """How far easy and hard examples part at the end, and whether the seeds agree, in Markdown."""
    ends = last(rows, "adaptive-by-difficulty").values()
    by_step = list(zip(*(row["slopes"] for row in ends), strict=True))
    signs = ["+" if min(one) > 0 else "−" if max(one) < 0 else "mixed" for one in by_step]
    apart = max(abs(one.mean[-1] - one.mean[0]) for one in slopes(rows)[1])
    lines = ", ".join(f"step {i}: {interval(one, '+.2f')}" for i, one in enumerate(by_step, start=1))
    return (
        f"Slopes at the end, with intervals over seeds: {lines}. Signs by step over the seeds: {', '.join(signs)}. "
        f"Between the easiest and the hardest example a weight differs by at most {apart:.2f} on average over seeds; "
        f"the mean cosine between the steps is {fmean(row['step_cosine'] for row in ends):.2f} in the last epoch."
    )


def table_of_risk(rows: Sequence[Row]) -> pd.DataFrame:
    """In the last epoch: the share of batches on which a method that holds a level acts, and the loss that is left."""
    lines = {}
    for name in ("standard", *(f"flooding-x, b = {level:g}" for level in LEVELS[:2]), "dsrm"):
        ends = list(last(rows, name).values())
        acts = [row.get("below_the_level", row.get("shifted")) for row in ends]
        lines[name] = {
            "acts on": "–" if None in acts else f"{fmean(acts):.0%} of the batches",
            "training loss": interval([row["train_loss"] for row in ends], ".2f"),
            "test loss": interval([row["test_loss"] for row in ends], ".2f"),
            "worst case %": interval([100 * row[WORST] for row in ends], ".0f"),
        }
    return pd.DataFrame.from_dict(lines, orient="index")
