"""Rows of the calibration as curves, a table and sentences."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from robustlab.evaluation.statistics import Estimate, paired_difference
from robustlab.levels import LEVELS
from robustlab.study.reasoning.adapting import kept
from robustlab.study.recorded import listed, origin
from robustlab.study.rows import decode

Row = Mapping[str, Any]


def cost(row: Row) -> Estimate:
    """Share of right answers lost at the negatives, with an interval over documents."""
    clean, moved = (decode(row[name], row["n"]).astype(float) for name in ("clean", "right"))
    return paired_difference(clean, moved)


def clean_accuracy(rows: Sequence[Row]) -> float:
    """Share of the documents that are answered right without a negative."""
    return float(decode(rows[0]["clean"], rows[0]["n"]).mean())


def curves(rows: Sequence[Row]) -> dict[str, dict[str, list[tuple[float, Estimate]]]]:
    """Aim -> move -> (κ reached, accuracy lost) at each level, for `figures.negatives.draw_costs`."""
    found: dict[str, dict[str, list[tuple[float, Estimate]]]] = {}
    for row in sorted(rows, key=lambda row: row["kappa"]):
        of = found.setdefault(f"aimed by {row['aim']}", {}).setdefault(row["move"], [])
        of.append((row["kappa_reached"], cost(row)))
    return found


def table(rows: Sequence[Row], *, aim: str) -> pd.DataFrame:
    """Points lost, sentences that move and documents where κ is reached, a row a move, a column a level."""
    lines: dict[str, dict[str, str]] = {}
    for row in rows:
        if row["aim"] == aim:
            points, low, high = (100 * part for part in cost(row))
            reached = "" if row["reached"] == 1 else f"; reached in {row['reached']:.0%}"
            text = f"{points:.0f} ({low:.0f} to {high:.0f}) points, {row['moved']:.0%} move{reached}"
            lines.setdefault(row["move"], {})[f"{row['level']}, κ = {row['kappa']}"] = text
    return pd.DataFrame(lines).T.fillna("–").rename_axis("move")


def filtered(rows: Sequence[Row], *, aim: str) -> pd.DataFrame:
    """What a filter makes of the negatives: share that changes too little, is kept, and is destroyed."""
    lines: dict[str, dict[str, str]] = {}
    for row in rows:
        if row["aim"] == aim:
            shares = " / ".join(f"{100 * share:.0f}" for share in kept(row["effect"]))
            lines.setdefault(row["move"], {})[f"{row['level']}, κ = {row['kappa']}"] = shares
    return pd.DataFrame(lines).T.fillna("–").rename_axis("too little / kept / destroyed, %")


def findings(rows: Sequence[Row]) -> str:
    """What the rows say, in Markdown: one scale or several, levels or not, aim or chance."""
    by = {(row["aim"], row["move"], row["level"]): cost(row) for row in rows}
    aims, moves = (list(dict.fromkeys(row[name] for row in rows)) for name in ("aim", "move"))
    lines = []
    for level in LEVELS:
        some = {move: by[aims[0], move, level] for move in moves if (aims[0], move, level) in by}
        if len(some) > 1:
            least, most = (pick(some, key=lambda move: some[move].value) for pick in (min, max))
            lines.append(
                f"- **{level}**, κ = {LEVELS[level]}: from {_points(some[least])} ({least}) to {_points(some[most])} "
                f"({most})."
            )
    for move in moves:
        ends = [by.get((aims[0], move, level)) for level in ("easy", "extreme")]
        if all(ends):
            near, far = (_points(end) for end in ends if end)
            lines.append(f"- From easy to extreme **{move}** goes from {near} to {far}.")
    if len(aims) > 1:
        lines.append(_aimed(rows, aims))
    return "\n".join(lines)


def _aimed(rows: Sequence[Row], aims: Sequence[str]) -> str:
    """The two aims at the same move and level, document by document."""
    by = {(row["aim"], row["move"], row["level"]): decode(row["right"], row["n"]).astype(float) for row in rows}
    pairs = [
        paired_difference(by[aims[1], *rest], right)
        for (aim, *rest), right in by.items()
        if aim == aims[0] and (aims[1], *rest) in by
    ]
    mean = np.mean([pair.value for pair in pairs])
    return (
        f"- **Aim**: negatives aimed by {aims[0]} cost {100 * mean:.0f} points more than those aimed by {aims[1]}, on "
        f"average over {len(pairs)} moves and levels. On the same documents {sum(pair.low > 0 for pair in pairs)} of "
        f"them cost more with the whole interval, {sum(pair.high < 0 for pair in pairs)} less."
    )


def _points(found: Estimate) -> str:
    return f"{100 * found.value:.0f} points"


def provenance(rows: Sequence[Row]) -> str:
    """Where the rows come from, in one sentence."""
    return (
        f"{origin(rows)}: "
        f"{len(rows)} operators on {listed(rows, 'n')} documents of {listed(rows, 'sentences')} sentences, of which "
        f"the model answers {100 * clean_accuracy(rows):.1f} % without a negative; intervals over documents."
    )
