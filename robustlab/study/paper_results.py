"""The printed robust accuracies of the adaptive-training paper (AAT, Tables 2-5), and what can be read off them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import pandas as pd

from robustlab import papers
from robustlab.evaluation.statistics import LEVEL
from robustlab.papers.adaptive import ATTACKS, DATASETS

OURS = " +Ours"
SPOKEN = {
    "clean": "clean", "textfooler": "TextFooler", "textbugger": "TextBugger", "bae": "BAE", "advglue": "AdvGLUE",
    "sst2": "SST-2", "qnli": "QNLI", "imdb": "IMDB", "agnews": "AG News",
}  # fmt: skip
ROUNDED = 0.005  # percentages have two decimals
EVERY = 10_001  # percentages with two decimals there are


class Gain(NamedTuple):
    """What a "+Ours" row adds to the row above it, in points.

    Attributes:
        dataset: Its name as the paper spells it.
        base: The method that is extended.
        measure: `clean`, or an attack's name.
        points: The difference.
        half_width: Of its 95 % interval, had each row been measured once on `n` examples of its own.
        n: That number, which the paper does not state.
    """

    dataset: str
    base: str
    measure: str
    points: float
    half_width: float
    n: int


def table(number: int) -> pd.DataFrame:
    """Table 2, 3, 4 or 5 as printed: percentages, with the difference that "+Ours" makes in brackets.

    Raises: ValueError: If it is another table.
    """
    if number not in DATASETS:
        raise ValueError(f"the main results are Tables {', '.join(map(str, DATASETS))}, got {number}")
    lines = []
    for row in papers.table(number):
        line = {"": row["printed"]}
        for measure in ("clean", *ATTACKS):
            if row.get(measure) is not None:
                change = row[f"{measure}_change"]
                line[SPOKEN[measure]] = f"{row[measure]:.2f}" + ("" if change is None else f" ({change:+.2f})")
        lines.append(line)
    return pd.DataFrame(lines).set_index("")


def gains(examples: int, advglue: int) -> list[Gain]:
    """Every gain of Tables 2-5, with the error that a sample of so many examples leaves.

    Without the answers to single examples a paired test is out of reach, and the two rows count as measured on
    examples of their own: the interval is that of the difference of two shares.

    Args:
        examples: Attacked in each row: an assumption.
        advglue: Sentences of AdvGLUE: an assumption, too.
    Raises: ValueError: If a number of examples is below 1.
    """
    if min(examples, advglue) < 1:
        raise ValueError(f"expected at least 1 example, got {examples} and {advglue}")
    found = []
    for number, dataset in DATASETS.items():
        rows = {row["printed"]: row for row in papers.table(number)}
        for printed, row in rows.items():
            if printed.endswith(OURS):
                before = rows[printed.removesuffix(OURS)]
                for measure in ("clean", *ATTACKS):
                    if row.get(measure) is not None:
                        n = advglue if measure == "advglue" else examples
                        first, second = float(row[measure]), float(before[measure])
                        width = half_width(first, second, n)
                        found.append(Gain(SPOKEN[dataset], before["method"], SPOKEN[measure], first - second, width, n))
    return found


def half_width(first: float, second: float, n: int) -> float:
    """Half of the 95 % interval of the difference of two percentages, each measured on n examples of its own."""
    from scipy.stats import norm

    variance = sum(share * (1 - share) / n for share in (first / 100, second / 100))
    return 100 * float(norm.ppf((1 + LEVEL) / 2)) * math.sqrt(variance)


def is_share(percent: float, n: int) -> bool:
    """Whether a percentage with two decimals is, rounded, a whole number out of n."""
    nearest = round(percent / 100 * n)
    return abs(100 * nearest / n - percent) <= ROUNDED + 1e-9


def shares(sizes: Sequence[int]) -> pd.DataFrame:
    """How many numbers of each column are whole numbers out of n, for several n; the last line is what chance gives.

    Columns are AdvGLUE, and all that a table has of TextFooler, TextBugger and BAE. By chance the share is that of the
    percentages with two decimals that are shares of n.
    """
    lines, names = [], [SPOKEN[dataset] for dataset in DATASETS.values()]
    values = {name: _numbers(number, ATTACKS[:3]) for name, number in zip(names, DATASETS, strict=True)}
    values |= {
        f"{name}, AdvGLUE": _numbers(number, ATTACKS[3:]) for name, number in zip(names[:2], (2, 3), strict=True)
    }
    for name, found in values.items():
        counts = {f"n = {n}": f"{sum(is_share(one, n) for one in found)} of {len(found)}" for n in sizes}
        lines.append({"": name} | counts)
    chance = {f"n = {n}": f"{min(1.0, (n + 1) / EVERY):.0%}" for n in sizes}
    return pd.DataFrame([*lines, {"": "by chance"} | chance]).set_index("")


def _numbers(number: int, columns: Sequence[str]) -> list[float]:
    return [float(row[name]) for row in papers.table(number) for name in columns if row.get(name) is not None]
