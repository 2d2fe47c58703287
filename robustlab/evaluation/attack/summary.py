"""What an attack made of all examples: accuracies, success and cost, each with its interval."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from typing import Any, get_args

import numpy as np

from robustlab.evaluation.attack.rows import Attacked, Outcome
from robustlab.evaluation.statistics import LEVEL, RESAMPLES, Estimate, bootstrap_ratios, proportion


@dataclass(frozen=True, kw_only=True)
class Summary:
    """What came of an attack on a set of examples.

    An estimate is None where its denominator is empty. Its bounds are NaN where a single example stands behind a mean,
    which says nothing about the spread.

    Attributes:
        examples: How many there are.
        outcomes: How many of them came out how.
        clean_accuracy: Share of all examples that are classified correctly as written.
        robust_accuracy: Share of all examples that are, and for which the attack found no error.
        attack_success: Of the attacked examples, those not skipped, the share that the attack succeeded on.
        perturbed_words: Share of an example's words that were changed, mean over the successes.
        queries: Texts that the model was asked about, mean over the attacked examples.
        exhausted: Of the attacked examples, the share whose search the budget of queries ended.
        similarity: Cosine of the sentence embeddings, mean over the successes that have one.
        perplexity: Of the texts as written, mean over the successes whose two texts have one.
        attacked_perplexity: Of the attacked texts, over the same.
        level: Coverage of the intervals.
        resamples: How often the examples were drawn again.
        seed: Determined the draws.
    """

    examples: int
    outcomes: dict[Outcome, int]
    clean_accuracy: Estimate
    robust_accuracy: Estimate
    attack_success: Estimate | None
    perturbed_words: Estimate | None
    queries: Estimate | None
    exhausted: Estimate | None
    similarity: Estimate | None
    perplexity: Estimate | None
    attacked_perplexity: Estimate | None
    level: float
    resamples: int
    seed: int

    def plain(self) -> dict[str, Any]:
        """The summary as JSON has it: NaN, which JSON lacks, is null."""
        values = {field.name: getattr(self, field.name) for field in fields(self)}
        return {name: plain(value) if isinstance(value, Estimate) else value for name, value in values.items()}


def plain(estimate: Estimate) -> dict[str, float | None]:
    """An estimate as JSON has it."""
    return {name: None if math.isnan(number) else number for name, number in estimate._asdict().items()}


# What is counted for an example, and whether the example counts.
_Ratio = tuple[Callable[[Attacked], float], Callable[[Attacked], bool]]


def _attacked(row: Attacked) -> bool:
    return row.outcome != "skipped"


def _succeeded(row: Attacked) -> bool:
    return row.outcome == "succeeded"


def _rated(row: Attacked) -> bool:
    return _succeeded(row) and row.perplexity is not None and row.attacked_perplexity is not None


def robust(row: Attacked) -> bool:
    """Whether an example is classified correctly, as written and under attack."""
    return row.outcome == "failed"


SHARES: dict[str, _Ratio] = {
    "clean_accuracy": (_attacked, lambda row: True),
    "robust_accuracy": (robust, lambda row: True),
    "attack_success": (_succeeded, _attacked),
    "exhausted": (lambda row: row.exhausted, _attacked),
}
MEANS: dict[str, _Ratio] = {
    # a text without words can gain some: that is all of it changed
    "perturbed_words": (lambda row: row.changed / max(row.words, 1), _succeeded),
    "queries": (lambda row: row.queries, _attacked),
    "similarity": (lambda row: row.similarity or 0.0, lambda row: _succeeded(row) and row.similarity is not None),
    "perplexity": (lambda row: row.perplexity or 0.0, _rated),
    "attacked_perplexity": (lambda row: row.attacked_perplexity or 0.0, _rated),
}


def summarise(rows: Sequence[Attacked], *, level: float = LEVEL, resamples: int = RESAMPLES, seed: int = 0) -> Summary:
    """Sum up an attack.

    The intervals are those of the bootstrap over examples. Two cases are beyond it, because every resample says the
    same: a share of 0 % or 100 % gets Wilson's interval, and a mean over one example none.

    Args:
        rows: One an example.
        level: Coverage of the intervals.
        resamples: How often the examples are drawn again.
        seed: Determines the draws.

    Raises:
        ValueError: If there are no rows, two of the same example, or one that holds a number that is not finite; or as
            for `statistics.bootstrap_ratios`.
    """
    _check(rows)
    ratios, counting = SHARES | MEANS, {}
    for name, (value, counts) in ratios.items():
        column = [(value(row), True) if counts(row) else (0, False) for row in rows]
        if any(counted for _, counted in column):
            counting[name] = np.array(column, dtype=float)
    stacked = np.stack(list(counting.values()), axis=-1)
    found = bootstrap_ratios(stacked[:, 0], stacked[:, 1], level=level, resamples=resamples, seed=seed)
    estimates: dict[str, Any] = dict.fromkeys(ratios)
    for (name, column), estimate in zip(counting.items(), found, strict=True):
        estimates[name] = _honest(name, estimate, column, level)
    outcomes = Counter(row.outcome for row in rows)
    counts = {outcome: outcomes[outcome] for outcome in get_args(Outcome)}
    return Summary(examples=len(rows), outcomes=counts, **estimates, level=level, resamples=resamples, seed=seed)


def _honest(name: str, estimate: Estimate, column: np.ndarray, level: float) -> Estimate:
    hits, n = (int(total) for total in column.sum(0))
    if name in SHARES and hits in (0, n):
        return proportion(hits, n, level=level)
    return estimate._replace(low=math.nan, high=math.nan) if name in MEANS and n == 1 else estimate


def _check(rows: Sequence[Attacked]) -> None:
    if not rows:
        raise ValueError("expected the rows of at least one attacked example, got none")
    ((example, times),) = Counter(row.example_id for row in rows).most_common(1)
    if times > 1:
        raise ValueError(f"expected one row an example, got {times} of example {example}")
    for row in rows:
        for name in ("similarity", "perplexity", "attacked_perplexity"):
            number = getattr(row, name)
            if number is not None and not math.isfinite(number):
                raise ValueError(f"expected a finite {name} or none, got {number} for example {row.example_id}")
