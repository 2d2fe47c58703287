"""Recorded pre-trainings of `views`, read: what was learned beside what is measured, and a table of weights."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from robustlab.contrastive.texts.sentences import KINDS
from robustlab.study.pretraining import geometry_table, probes, views
from robustlab.study.pretraining.geometry import BEFORE

Row = Mapping[str, Any]
VIEWS = (
    BEFORE,
    views.WORDS,
    views.DROPOUT,
    views.FORM,
    views.HALF,
    views.OTHER,
    views.ALL,
    views.ADVERSARIAL,
    views.FAR,
)
CHANGES = (views.FORM, views.HALF, views.OTHER, probes.OFFSET)
ALL_KINDS = "all three"
NEGATIVES = {
    BEFORE: BEFORE,
    views.NONE: "no negatives",
    **{views.ONLY.format(kind): views.ONLY.format(kind) for kind in KINDS},
    **{views.WITHOUT.format(kind): views.WITHOUT.format(kind) for kind in KINDS},
    views.ALL: ALL_KINDS,
}
"""Form -> what it is called where only the negatives differ."""
LEARNED = {
    (views.FORM, views.FORM),
    (views.HALF, views.HALF),
    (views.OTHER, views.OTHER),
    (views.ALL, views.FORM),
    (views.ALL, views.HALF),
    (views.ALL, views.OTHER),
    (views.ADVERSARIAL, probes.OFFSET),
    (views.FAR, probes.OFFSET),
}
"""Views and the changes that they are made of."""
TOLD = {
    **{(ALL_KINDS, kind): True for kind in KINDS},
    **{(views.ONLY.format(kind), kind): True for kind in KINDS},
    **{(views.WITHOUT.format(one), kind): True for one in KINDS for kind in KINDS if kind != one},
}
"""Negatives that were learned from, and that are measured."""


def mean(rows: Sequence[Row], part: str, name: str, form: str) -> float:
    """Over the recorded seeds.

    Raises: KeyError: If the form has no row.
    """
    found = list(geometry_table.values(rows, part, name)[form].values())
    return sum(found) / len(found)


def matrix(
    rows: Sequence[Row], part: str, columns: Sequence[str], forms: Sequence[str] | Mapping[str, str], scale: float = 1
) -> dict[str, dict[str, float]]:
    """What was learned -> what is measured -> mean over seeds.

    Args:
        rows: Recorded ones.
        part: "changes", "negatives" or "told".
        columns: Kinds of it.
        forms: What was learned, in order; a mapping says what a form is called.
        scale: Values are multiplied by it.
    """
    titles = forms if isinstance(forms, Mapping) else dict(zip(forms, forms, strict=True))
    return {
        title: {column: scale * mean(rows, part, column, form) for column in columns} for form, title in titles.items()
    }


def carried(rows: Sequence[Row], part: str, learned: str, own: str, kind: str, *, without: str) -> float:
    """What learning from another kind has gained on a kind, in shares of what learning from that kind gains; means.

        (d_without - d_learned) / (d_without - d_own)

    Args:
        rows: Recorded ones.
        part: Where the kind is measured.
        learned: A form that learned from another kind.
        own: The form that learned from this kind.
        kind: It.
        without: A form that learned from neither.
    """
    before, other, best = (mean(rows, part, kind, form) for form in (without, learned, own))
    return (before - other) / (before - best)


def weights(rows: Sequence[Row]) -> pd.DataFrame:
    """A line a weight of the hard negatives: how many are told, by kind, and how far views and negatives are."""
    forms = {"0": views.NONE, "1": views.ALL} | {f"{w:g}": views.WEIGHT.format(w) for w in views.WEIGHTS}
    columns = {f"{kind}, told %": ("told", kind) for kind in KINDS}
    columns |= {"distance of a view": ("changes", views.ALL), "uniformity ↓": ("geometry", "uniformity")}
    lines: dict[str, dict[str, str]] = {}
    for weight, form in forms.items():
        line = lines[f"β = {weight}"] = {}
        for title, (part, name) in columns.items():
            scale, digits = (100, 0) if part == "told" else (1, 2)
            found = geometry_table.values(rows, part, name)[form].values()
            line[title] = geometry_table.spread([scale * value for value in found], digits)
    return pd.DataFrame(lines).T
