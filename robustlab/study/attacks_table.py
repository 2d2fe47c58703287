"""Recorded attacks on words (`attacks_sst2`) as tables, and in words that follow the rows.

A robust accuracy is the share of all sentences that are classified correctly as written and under attack. AdvGLUE is
read beside the attacks: its sentences were attacked once, for other models, so that it has no accuracy as written.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from statistics import fmean
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from robustlab import papers
from robustlab.evaluation.statistics import Estimate, McNemar, bootstrap_interval, mcnemar, seed_interval
from robustlab.study.attacks_sst2 import STATIC
from robustlab.study.compare import holm
from robustlab.study.rows import decode

Row = Mapping[str, Any]
FIRST, SECOND = "pgd", "standard"
ADVGLUE = "AdvGLUE"


class Run(NamedTuple):
    """One model under one attack.

    Attributes:
        attack: The recipe's name, or `AdvGLUE`.
        method: How the model was trained.
        seed: Of its training.
        clean: Whether each sentence is right as written; None for AdvGLUE.
        robust: Whether it is right as written and under attack.
        queries: Texts that the search asked about, one number a sentence; None for AdvGLUE.
    Shapes: clean, robust and queries [n].
    """

    attack: str
    method: str
    seed: int
    clean: np.ndarray | None
    robust: np.ndarray
    queries: np.ndarray | None

    def within(self, budgets: ArrayLike) -> np.ndarray:
        """Robust accuracy had the search been stopped after so many queries, one share a budget.

        A success is lost where it took more queries than the budget. The search asks about the candidates of a word
        together and records their number, so that a success may have been found a few queries before its record.

        Raises: ValueError: If the run has no queries.
        """
        if self.queries is None or self.clean is None:
            raise ValueError(f"a budget needs the queries of a search, and {self.attack} has none")
        budgets = np.asarray(budgets, dtype=float)
        late = self.queries[None] > budgets[:, None]
        return (self.clean & (self.robust | late)).mean(1)


class Result(NamedTuple):
    """The models of one method under one attack: means over seeds with their intervals, shares of all sentences."""

    attack: str
    method: str
    seeds: int
    n: int
    clean: Estimate | None
    robust: Estimate
    queries: float | None


class Against(NamedTuple):
    """Robust accuracy of one method less that of another under one attack.

    Attributes:
        attack: Its name.
        n: Sentences.
        seeds: Those that both methods have.
        differences: In points, one a seed.
        tests: McNemar's, of the two models of a seed.
        adjusted: P-values of these tests after Holm's correction for all attacks and seeds.
        over_seeds: Mean difference in points with Student's interval over seeds.
        over_sentences: The same mean with the bootstrap's interval over sentences, each kept with its results of all
            seeds: the error that the sentences leave, for these very models.
        paper: The same difference in Table 2 of the paper, where it has it.
    """

    attack: str
    n: int
    seeds: Sequence[int]
    differences: Sequence[float]
    tests: Sequence[McNemar]
    adjusted: Sequence[float]
    over_seeds: Estimate
    over_sentences: Estimate
    paper: float | None

    @property
    def shown(self) -> int:
        """1 or -1 where both intervals lie above or below 0; 0 where the rows cannot show a difference."""
        lows, highs = zip(self.over_seeds[1:], self.over_sentences[1:], strict=True)
        return 1 if min(lows) > 0 and not _unknown(lows) else -1 if max(highs) < 0 and not _unknown(highs) else 0


def _unknown(bounds: Iterable[float]) -> bool:
    return any(math.isnan(bound) for bound in bounds)


def runs(rows: Iterable[Row]) -> list[Run]:
    """Every model under every attack, AdvGLUE last.

    Raises: ValueError: If two models were attacked on different sentences.
    """
    found, static, chosen = {}, {}, {}
    for row in rows:
        where, n = (row["method"], row["seed"]), row["examples"]
        if chosen.setdefault(row["recipe"], row["example_ids"]) != row["example_ids"]:
            raise ValueError(
                f"{row['recipe']}: expected the same sentences for every model, got others for {where[0]}, seed "
                f"{where[1]}; remove the row to run it again"
            )
        clean, robust = decode(row["clean_mask"], n), decode(row["robust_mask"], n)
        found[row["recipe"], *where] = Run(row["recipe"], *where, clean, robust, np.array(row["queries"]))
        right = decode(row[f"{STATIC}_mask"], row[f"{STATIC}_n"])
        static[where] = Run(ADVGLUE, *where, None, right, None)
    attacks = list(chosen)
    ordered = sorted(found.values(), key=lambda run: (attacks.index(run.attack), run.method != SECOND, run.seed))
    return ordered + sorted(static.values(), key=lambda run: (run.method != SECOND, run.seed))


def results(rows: Iterable[Row]) -> list[Result]:
    """One result an attack and method, standard training first."""
    groups: dict[tuple[str, str], list[Run]] = {}
    for run in runs(rows):
        groups.setdefault((run.attack, run.method), []).append(run)
    return [_result(*key, members) for key, members in groups.items()]


def _result(attack: str, method: str, members: Sequence[Run]) -> Result:
    clean = [float(run.clean.mean()) for run in members if run.clean is not None]
    attacked = [float(run.queries[run.clean].mean()) for run in members if run.queries is not None and run.clean.any()]
    return Result(
        attack,
        method,
        len(members),
        len(members[0].robust),
        _share(clean) if clean else None,
        _share([float(run.robust.mean()) for run in members]),
        fmean(attacked) if attacked else None,
    )


def _share(values: Sequence[float]) -> Estimate:
    value, low, high = _mean(values)
    return Estimate(value, max(low, 0.0), min(high, 1.0))  # a NaN comes first in both, and stays


def _mean(values: Sequence[float]) -> Estimate:
    return seed_interval(values) if len(values) > 1 else Estimate(values[0], math.nan, math.nan)


def against(rows: Iterable[Row], first: str = FIRST, second: str = SECOND) -> list[Against]:
    """Two methods under every attack that both have met, seed by seed; McNemar's tests are corrected together."""
    by_attack: dict[str, dict[tuple[str, int], Run]] = {}
    for run in runs(rows):
        by_attack.setdefault(run.attack, {})[run.method, run.seed] = run
    pairs = {}
    for attack, found in by_attack.items():
        both = sorted(seed for method, seed in found if method == first and (second, seed) in found)
        if both:
            pairs[attack] = (both, [(found[first, seed].robust, found[second, seed].robust) for seed in both])
    tests = {attack: [mcnemar(*pair) for pair in masks] for attack, (_, masks) in pairs.items()}
    adjusted = iter(holm([test.p_value for some in tests.values() for test in some]))
    return [
        _against(attack, seeds, masks, tests[attack], [next(adjusted) for _ in seeds], (first, second))
        for attack, (seeds, masks) in pairs.items()
    ]


def _against(
    attack: str,
    seeds: Sequence[int],
    masks: Sequence[tuple[np.ndarray, np.ndarray]],
    tests: Sequence[McNemar],
    adjusted: Sequence[float],
    methods: tuple[str, str],
) -> Against:
    each = 100 * np.array([one.astype(float) - other for one, other in masks])  # [seeds n]
    points = [float(value) for value in each.mean(1)]
    n, quoted = each.shape[1], _paper(attack, *methods)
    pooled = bootstrap_interval(each.mean(0))
    return Against(attack, n, seeds, points, tests, adjusted, _mean(points), pooled, quoted)


def _paper(attack: str, first: str, second: str) -> float | None:
    column = attack.partition("+")[0].lower()
    quoted = {row["method"]: row.get(column) for row in papers.table(2)}
    one, other = quoted.get(first), quoted.get(second)
    return one - other if isinstance(one, float) and isinstance(other, float) else None


def table(rows: Iterable[Row]) -> pd.DataFrame:
    """A line an attack and method: accuracies in percent with intervals over seeds."""
    lines = [
        {
            "attack": one.attack,
            "trained": one.method,
            "seeds": one.seeds,
            "sentences": one.n,
            "clean %": "–" if one.clean is None else _spread([100 * part for part in one.clean], ".1f"),
            "robust %": _spread([100 * part for part in one.robust], ".1f"),
            "queries": "–" if one.queries is None else f"{one.queries:.0f}",
        }
        for one in results(rows)
    ]
    return pd.DataFrame(lines).set_index(["attack", "trained"]) if lines else pd.DataFrame()


def differences(rows: Iterable[Row], first: str = FIRST, second: str = SECOND) -> pd.DataFrame:
    """A line an attack: by how many points the first method is ahead, by two intervals and by McNemar's tests."""
    lines = [
        {
            "attack": one.attack,
            "over seeds": _spread(one.over_seeds, "+.1f"),
            "over sentences": _spread(one.over_sentences, "+.1f"),
            "right in one only": ", ".join(f"{test.only_first}:{test.only_second}" for test in one.tests),
            "p, each seed": ", ".join(f"{p:.2g}" for p in one.adjusted),
            "paper": "–" if one.paper is None else f"{one.paper:+.1f}",
        }
        for one in against(rows, first, second)
    ]
    return pd.DataFrame(lines).set_index("attack").rename_axis(None) if lines else pd.DataFrame()


def _spread(values: Sequence[float], spelled: str) -> str:
    value, low, high = (f"{part:{spelled}}" for part in values)
    return f"{value} (one seed)" if low.endswith("nan") else f"{value} ({low} to {high})"
