"""The tables of the adaptive adversarial training paper (AAT), number by number, as it prints them.

A row names the method as the paper does (`printed`) and, where there is one, as `robustlab.methods.BY_NAME` does
(`method`). Accuracies are in percent and have no seeds or intervals, for the paper gives none. `…_change` is what the
paper prints in brackets beside it: the difference from the row that "+Ours" extends. The numbers are the paper's own,
its contradictions included; tests/papers/test_tables.py says which they are.

In Table 6 `balance` is what the caption says the mark of the column "Flexibility" means: none, hyperparameter (the
adversarial loss still contains the clean one) or explicit. In Table 7 the attack is TextFooler, and all rows train on
its examples. Table 10 counts seconds an epoch, with k = 5.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping
from functools import cache
from importlib import resources
from types import MappingProxyType

Cell = str | float | None
Row = Mapping[str, Cell]

TABLES = tuple(range(1, 11))
TEXT = ("dataset", "model", "method", "printed", "loss", "balance")
# Which data a table is about, where its rows do not say.
DATASETS = {2: "sst2", 3: "qnli", 4: "imdb", 5: "agnews"}
ATTACKS = ("textfooler", "textbugger", "bae", "advglue")


@cache
def table(number: int) -> tuple[Row, ...]:
    """The rows of Table `number`; None where the paper's cell is empty.

    Raises: ValueError: If the paper has no such table.
    """
    if number not in TABLES:
        raise ValueError(f"the paper has Tables {TABLES[0]} to {TABLES[-1]}, got {number}")
    source = resources.files("robustlab.papers") / "aat" / f"table{number}.csv"
    with source.open(encoding="utf-8", newline="") as file:
        return tuple(MappingProxyType({name: _cell(name, text) for name, text in row.items()}) for row in _rows(file))


def _rows(file) -> csv.DictReader:
    return csv.DictReader(file, strict=True)


def _cell(name: str, text: str) -> Cell:
    if name in TEXT:
        return text or None
    return float(text) if text else None


def reported(method: str) -> dict[str, dict[str, float]]:
    """What Tables 2-5 report for a method with BERT-base: by data set, its clean accuracy and those under attack."""
    found: dict[str, dict[str, float]] = {}
    for number, dataset in DATASETS.items():
        for row in table(number):
            if row["method"] == method:
                measured = {name: row.get(name) for name in ("clean", *ATTACKS)}
                found[dataset] = {name: value for name, value in measured.items() if isinstance(value, float)}
    return found
